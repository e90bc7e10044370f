"""Checks that what the pages refer to exists: links, files, names of the code, settings, commands and GraphQL."""

import importlib
import re
import shlex
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse, validate
from graphql.validation import NoUnusedFragmentsRule, specified_rules

from schema.schema import schema
from server.cli import app
from server.cli.lazy import LazyCommand
from server.settings import Settings
from tests.harness.markdown import ROOT, CodeBlock, MarkdownPage, file_names, markdown_page, page_names

PACKAGES = ("domain", "db", "executor", "resolvers", "schema", "server", "tests", "bench")
FOLDERS = (*PACKAGES, "docs", "graphql", "clients", "console")
CLIENT_SETTINGS = {"RAPPORTEUR_API_KEY", "RAPPORTEUR_URL"}
"""Variables that commands read which talk to a server."""
SHELL = ("sh", "bash", "console")


@pytest.fixture(params=page_names())
def each_page(request: pytest.FixtureRequest) -> MarkdownPage:
    return markdown_page(request.param)


def test_links_lead_to_files_and_headings(each_page: MarkdownPage) -> None:
    broken = []
    for link in each_page.links:
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue  # another site
        path, _, anchor = link.partition("#")
        target = each_page.path.parent.joinpath(path).resolve() if path else each_page.path
        is_page = target.suffix == ".md" and target.is_file()
        if not target.exists() or (
            anchor and not (is_page and anchor in markdown_page(target.relative_to(ROOT).as_posix()).anchors)
        ):
            broken.append(link)
    assert broken == []


def test_links_that_show_a_path_lead_there(each_page: MarkdownPage) -> None:
    """A link such as [`db/pool.py`](../db/pool.py) shows and means the same file."""
    shown = re.findall(r"\[`([\w./-]+/[\w./-]+)`\]\(([^)#]+)\)", each_page.path.read_text(encoding="utf-8"))
    assert [
        text
        for text, link in shown
        if each_page.path.parent.joinpath(link).resolve() != (ROOT / text.strip("/")).resolve()
    ] == []


def test_named_files_exist(each_page: MarkdownPage) -> None:
    paths = [code for code in each_page.inline_code if re.fullmatch(rf"({'|'.join(FOLDERS)})/[\w./-]*", code)]
    names = [code for code in each_page.inline_code if re.fullmatch(r"\w+\.(py|mjs|graphql|html|js)", code)]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    known = {file_name.rpartition("/")[2] for file_name in file_names()}
    assert [name for name in names if name not in known] == []


def test_named_modules_and_attributes_exist(each_page: MarkdownPage) -> None:
    endings = "py|ts|tsx|mjs|graphql|md|toml|json"
    pattern = rf"({'|'.join(PACKAGES)})(\.(?!({endings})$)\w+)+"
    names = [code for code in each_page.inline_code if re.fullmatch(pattern, code)]
    assert [name for name in names if not _is_importable(name)] == []


def test_named_settings_exist(each_page: MarkdownPage) -> None:
    known = {f"RAPPORTEUR_{name.upper()}" for name in Settings.model_fields} | CLIENT_SETTINGS
    named = set(re.findall(r"\bRAPPORTEUR_[A-Z_]*[A-Z]\b", each_page.path.read_text(encoding="utf-8")))
    assert named - known == set()


def test_named_metrics_exist(each_page: MarkdownPage) -> None:
    source = (ROOT / "server/metrics/families.py").read_text(encoding="utf-8")
    named = {code for code in each_page.inline_code if re.fullmatch(r"rapporteur_(?!(?:api|client)$)[a-z_]+", code)}
    assert {name for name in named if f'"{name.removesuffix("_total")}"' not in source} == set()


def test_commands_exist_with_their_options(each_page: MarkdownPage) -> None:
    commands = [line for block in each_page.blocks_in(*SHELL) for line in _command_lines(block)]
    commands += [code for code in each_page.inline_code if code.startswith("rapporteur ")]
    assert {line: problem for line in commands if (problem := _problem_of_command(line))} == {}


def test_graphql_is_valid(each_page: MarkdownPage) -> None:
    rules = [rule for rule in specified_rules if rule is not NoUnusedFragmentsRule]
    for block in each_page.blocks_in("graphql"):
        document = parse(block.text)
        if any(isinstance(node, OperationDefinitionNode) for node in document.definitions):
            assert validate(schema._schema, document, rules) == [], f"line {block.line}"


def _is_importable(name: str) -> bool:
    """Says whether a dotted name is a module, or an attribute of one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        try:
            for part in parts[length:]:
                found = getattr(found, part)
        except AttributeError:
            return False
        return True
    return False


def _command_lines(block: CodeBlock) -> list[str]:
    """Returns the calls of `rapporteur` in a block of shell commands, without what stands before them."""
    lines = [line.partition(" #")[0] for line in block.text.replace("\\\n", " ").splitlines()]
    return [f"rapporteur {found[1]}" for line in lines if (found := re.match(r".*\brapporteur\s+([a-z].*)", line))]


def _problem_of_command(line: str) -> str | None:
    """Returns what is wrong with a call of `rapporteur`: an unknown command or option."""
    code = re.split(r"[|)&]", line.removeprefix("rapporteur "))[0]
    command: Any = app
    for word in shlex.split(code):
        if hasattr(command, "commands") and not word.startswith("-"):
            if word not in command.commands:
                return f"no command {word}"
            command = command.commands[word]
            if isinstance(command, LazyCommand):
                command = command.load()
        elif word.startswith("-") and len(word) > 1:
            options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
            if word.partition("=")[0] not in options | {"--help"}:
                return f"no option {word}"
    return None


def test_images_are_small_and_shown() -> None:
    images = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").iterdir()}
    assert [name for name, size in images.items() if size > 150_000] == []
    shown = {link.rpartition("/")[2] for name in page_names() for link in markdown_page(name).links}
    assert images.keys() - shown == set()
