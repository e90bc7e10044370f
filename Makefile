# Only Python 3.11+ with venv, and make, are needed. Everything is run as `python -m`, as a script's first line cannot name a
# Python in a folder of any name.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RAPPORTEUR := $(BIN)/python -m server
INSTALL := $(PYTHON) tools/install.py $(VENV)
# Unless the environment or the command line names a Python.
FASTEST := $(if $(filter file,$(origin PYTHON)),--fastest)
.DEFAULT_GOAL := help
.PHONY: help install run test test-quick lint bench schema lock

# An environment that was left unfinished, or whose Python is gone, is made anew.
ifneq ($(shell test -x $(BIN)/python && test ! -e $(VENV)/.unfinished && echo whole),whole)
    $(shell rm -f $(VENV)/.installed $(VENV)/.developed)
endif

help: ## Show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/'

install: $(VENV)/.installed server/graphiql/vendor server/console/dist ## Install into .venv, leaving .venv/bin/rapporteur

# A terminal's Ctrl-C goes to the server alone, which ends in order: not to make, which would call that an error.
run: install ## Serve the console, GraphiQL and the API at http://127.0.0.1:8000
	@test ! -t 0 || set -m; $(RAPPORTEUR) serve

# Each worker has a PostgreSQL of its own. One that has nothing left to do takes tests from another. Four keep two processors
# busy, as some tests wait. Compiled files are kept, whatever the environment says: each process would compile all of them.
WORKERS ?= 4
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

test: $(VENV)/.developed server/graphiql/vendor server/console/dist ## Run every test, on two processors
	$(PYTEST)

test-quick: $(VENV)/.developed ## Run the tests that are not slow, within a minute
	$(PYTEST) -m "not slow"

lint: $(VENV)/.developed console/node_modules/.developed clients/typescript/node_modules/.developed ## Check style, types, imports and the schema snapshot
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()' --no-cache
	$(RAPPORTEUR) schema --check
	$(WITH_NPM) cd console && npm run --silent check
	$(WITH_NPM) cd clients/typescript && npm run --silent check

bench: $(VENV)/.developed ## Measure the server
	$(BIN)/python -m bench

schema: $(VENV)/.installed ## Rewrite the snapshot of the schema
	$(RAPPORTEUR) schema --output graphql/schema.graphql

UV_COMPILE := $(BIN)/python -m uv pip compile --python-version 3.11 --universal --upgrade --no-emit-find-links --generate-hashes --no-emit-index-url --no-header -q
lock: $(VENV)/.developed ## Renew the hash-locked requirements from pyproject.toml
	$(UV_COMPILE) pyproject.toml --group build -o requirements.txt
	$(UV_COMPILE) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	$(UV_COMPILE) --group pyproject.toml:node -o requirements-node.txt
	$(UV_COMPILE) --group pyproject.toml:typed-clients -o tests/clients/requirements-ariadne-codegen.txt
	$(UV_COMPILE) --group pyproject.toml:openfeature -o tests/clients/requirements-openfeature.txt

$(VENV)/.installed: requirements.txt pyproject.toml
	@command -v $(PYTHON) > /dev/null || { echo "error: there is no $(PYTHON), and Rapporteur needs Python 3.11 or newer: make PYTHON=... names one"; exit 1; }
	@$(INSTALL) requirements.txt --editable $(FASTEST)
	@touch $@

$(VENV)/.developed: $(VENV)/.installed requirements-dev.txt
	@$(INSTALL) requirements-dev.txt $(FASTEST)
	@touch $@

# GraphiQL's files come from npm and are served by ourselves. Where there is no npm, it comes from PyPI, into .venv.
WITH_NPM := PATH="$$PATH:$$PWD/$(BIN)";
NPM_IS_THERE = command -v npm > /dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements-node.txt || true
server/graphiql/vendor: package.json package-lock.json requirements-node.txt | $(VENV)/.installed
	@echo "==> Getting GraphiQL's files with npm"
	@$(NPM_IS_THERE)
	@$(BIN)/python tools/hatch_build.py graphiql

%/node_modules/.developed: %/package-lock.json | $(VENV)/.installed
	@$(NPM_IS_THERE)
	$(WITH_NPM) cd $* && npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error
	@touch $@

CONSOLE_SOURCES := $(filter-out console/node_modules console/src/gql console/src/gql/%,$(wildcard console/* console/src/* console/src/*/*)) $(wildcard graphql/operations/*)
server/console/dist: $(CONSOLE_SOURCES) requirements-node.txt | $(VENV)/.installed
	@echo "==> Building the console with npm"
	@$(NPM_IS_THERE)
	@$(BIN)/python tools/hatch_build.py console
