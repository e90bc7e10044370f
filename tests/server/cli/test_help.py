"""The help of the command line: what it says, and what it does not import."""

import subprocess
import sys
from itertools import accumulate

import pytest
from typer.core import TyperCommand

from server.cli import app
from server.cli.lazy import LazyCommand
from server.cli.settings_reference import settings_reference
from server.settings import Settings
from tests.harness.commands import environment, run

pytestmark = pytest.mark.slow

HEAVY = {
    *("alembic", "asyncpg", "graphql", "httpx", "jwt", "pydantic", "pydantic_settings", "sqlalchemy"),
    *("starlette", "strawberry", "uvicorn", "yaml"),
}
COMMANDS = sorted(app.commands)


def imported(*arguments: str) -> set[str]:
    """Returns the modules, with the packages they are in, that the command line imports for these arguments."""
    program = "import sys; from server.cli import app; app(standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", program, *arguments]
    result = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=True)
    return {part for module in result.stderr.split() for part in accumulate(module.split("."), "{}.{}".format)}


def test_help_imports_nothing_heavy() -> None:
    assert imported("--help") & HEAVY == set()


@pytest.mark.parametrize(
    ("command", "needless"),
    [
        ("serve", {"alembic", "httpx", "jwt"}),
        ("export", {"graphql", "sqlalchemy", "strawberry", "uvicorn", "server.settings"}),
        ("replay", {"graphql", "sqlalchemy", "strawberry", "uvicorn", "server.settings"}),
        ("agents", {"graphql", "sqlalchemy", "strawberry", "uvicorn", "server.settings"}),
        ("migrate", {"graphql", "httpx", "strawberry", "uvicorn", "resolvers", "schema.schema", "server.app"}),
        ("keys", {"httpx", "uvicorn", "schema.schema", "server.app"}),
    ],
)
def test_a_command_imports_what_it_needs(command: str, needless: set[str]) -> None:
    assert imported(command, "--help") & needless == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_with_the_first_sentence_of_its_help(name: str) -> None:
    listed = app.commands[name]
    assert isinstance(listed, LazyCommand)
    first, *_ = listed.load().help.split("\n\n")
    assert listed.help == first


def test_help_names_every_command() -> None:
    text = run("--help").stdout
    assert [name for name in COMMANDS if name not in text] == []
    assert "type Query" in run("schema").stdout


def test_serve_has_an_option_for_each_setting() -> None:
    serve = app.commands["serve"]
    assert isinstance(serve, LazyCommand)
    command = serve.load()
    assert isinstance(command, TyperCommand)
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert options == {flag for setting in settings_reference() for flag in setting.flags}
    assert {setting.name for setting in settings_reference()} == set(Settings.model_fields)
