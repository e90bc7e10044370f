# Only Python 3.11+ with venv, and make, are needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help install run test lint bench schema lock

help: ## Show this help
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/'

install: $(VENV)/.installed server/graphiql/vendor ## Install into .venv, leaving .venv/bin/rapporteur

run: install ## Serve GraphiQL and the API at http://127.0.0.1:8000/graphql
	$(BIN)/rapporteur serve

test: $(VENV)/.developed server/graphiql/vendor ## Run every test
	$(BIN)/python -m pytest

lint: $(VENV)/.developed ## Check style, types, imports and the schema snapshot
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/rapporteur schema --check

bench: $(VENV)/.developed ## Measure the server
	$(BIN)/python -m bench

schema: $(VENV)/.installed ## Rewrite the snapshot of the schema
	$(BIN)/rapporteur schema --output graphql/schema.graphql

lock: $(VENV)/.developed ## Renew the hash-locked requirements from pyproject.toml
	$(BIN)/uv pip compile --python-version 3.11 --universal --upgrade --no-emit-find-links --generate-hashes --no-emit-index-url --no-header -q pyproject.toml --group build -o requirements.txt
	$(BIN)/uv pip compile --python-version 3.11 --universal --upgrade --no-emit-find-links --generate-hashes --no-emit-index-url --no-header -q pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	$(BIN)/uv pip compile --python-version 3.11 --universal --upgrade --no-emit-find-links --generate-hashes --no-emit-index-url --no-header -q --group pyproject.toml:node -o requirements-node.txt
	$(BIN)/uv pip compile --python-version 3.11 --universal --upgrade --no-emit-find-links --generate-hashes --no-emit-index-url --no-header -q --group pyproject.toml:typed-clients -o tests/clients/requirements-ariadne-codegen.txt

$(VENV)/.installed: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.developed: $(VENV)/.installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

# GraphiQL's files come from npm and are served by ourselves. Where there is no npm, it comes from PyPI, into .venv.
server/graphiql/vendor: package.json package-lock.json requirements-node.txt | $(VENV)/.installed
	@npm=npm; command -v npm > /dev/null || { npm=$(BIN)/npm; $(BIN)/python -m pip install --quiet \
		--disable-pip-version-check --only-binary :all: --require-hashes -r requirements-node.txt; }; \
	if $$npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; then \
		mkdir -p $@ && cp node_modules/react/umd/react.production.min.js node_modules/graphiql/graphiql.min.js \
			node_modules/react-dom/umd/react-dom.production.min.js node_modules/graphiql/graphiql.min.css $@ && touch $@; \
	else echo "There will be no GraphiQL: its files come with npm, which failed. All else works."; fi
