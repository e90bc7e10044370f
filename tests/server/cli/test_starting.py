"""Starts that fail: one line that says what to do, an exit code, and nothing that was begun."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from db import data_dir as locations
from db.data_dir import default_data_dir
from server.cli.exit_codes import ExitCode
from tests.harness.commands import run, serving
from tests.harness.databases import TestPostgres, postgres_directory
from tests.harness.markdown import ROOT

pytestmark = pytest.mark.slow

COMMANDS_ON_A_DATABASE = [
    ("keys", "create", "ada", "--scope", "read"),
    ("keys", "list"),
    ("keys", "revoke", "01900000-0000-7000-8000-0000000000ff"),
    ("workspaces", "create", "Acme"),
    ("workspaces", "list"),
    ("migrate",),
    ("demo",),
    ("database-url",),
]


def failed(*arguments: str, **settings: str) -> tuple[int, str]:
    """Returns the exit code of a command that prints nothing but an error, and that error's line."""
    result = run(*arguments, **settings)
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[-1].startswith("error: "), result.stderr
    assert [line for line in lines[:-1] if not line.startswith("database: ")] == []
    return result.returncode, lines[-1]


@pytest.mark.parametrize("arguments", COMMANDS_ON_A_DATABASE, ids=" ".join)
def test_only_serve_makes_a_database(arguments: tuple[str, ...], tmp_path: Path) -> None:
    code, line = failed(*arguments, data_dir=str(tmp_path / "data"))
    assert code == ExitCode.DATABASE_UNUSABLE
    assert str(tmp_path / "data") in line
    assert "rapporteur serve" in line
    assert list(tmp_path.iterdir()) == []


def test_in_a_folder_with_a_database_of_old_the_hint_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".rapporteur" / "postgres").mkdir(parents=True)
    (tmp_path / ".rapporteur" / "postgres" / "PG_VERSION").touch()
    _, line = failed("keys", "list", data_dir=str(tmp_path / "other"))
    assert f"{tmp_path}/.rapporteur has one" in line


@pytest.mark.parametrize("arguments", COMMANDS_ON_A_DATABASE[:5], ids=" ".join)
def test_commands_leave_a_database_without_tables_as_it_is(arguments: tuple[str, ...], postgres: TestPostgres) -> None:
    with postgres.database("template0") as url:
        code, line = failed(*arguments, database_url=url)
        assert code == ExitCode.DATABASE_UNUSABLE
        assert "rapporteur migrate" in line


def test_commands_say_which_database_they_used(database_url: str) -> None:
    result = run("keys", "list", database_url=database_url)
    assert result.returncode == 0
    assert result.stderr.startswith("database: postgresql://postgres@/")


@pytest.fixture
def directory() -> Iterator[Path]:
    with postgres_directory() as path:
        yield path.resolve()


def test_commands_find_the_database_of_the_installation_from_any_folder(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locations, "_PACKAGES", tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(directory))
    with serving(data_dir=str(directory / "rapporteur")):
        monkeypatch.chdir(tmp_path)
        made = run("keys", "create", "ada", "--scope", "read")
        assert made.returncode == 0
        assert f"embedded PostgreSQL in {directory / 'rapporteur'}" in made.stderr
        monkeypatch.chdir(directory)
        assert "ada" in run("keys", "list").stdout


def test_the_data_of_a_checkout_are_in_it() -> None:
    assert default_data_dir() == ROOT / ".rapporteur"


def test_a_port_that_is_taken_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, line = failed("serve", "--port", str(port), data_dir=str(tmp_path / "data"))
    assert code == ExitCode.CANNOT_LISTEN
    assert f"port {port}" in line
    assert "RAPPORTEUR_PORT" in line
    assert list(tmp_path.iterdir()) == []


def test_exit_codes_tell_what_may_succeed_later_from_what_will_not(postgres: TestPostgres, tmp_path: Path) -> None:
    code, line = failed("serve", "--port", "0", database_url="postgresql://ada:secret@127.0.0.1:1/x")
    assert (code, "secret" in line) == (ExitCode.DATABASE_UNAVAILABLE, False)
    code, line = failed("serve", "--port", "0", database_url=postgres.url_of("nowhere"))
    assert (code, "createdb" in line) == (ExitCode.DATABASE_UNUSABLE, True)
    (tmp_path / "data").touch()
    code, line = failed("serve", "--port", "0", data_dir=str(tmp_path / "data"))
    assert (code, "RAPPORTEUR_DATA_DIR" in line) == (ExitCode.DATABASE_UNUSABLE, True)
    code, line = failed("serve", "--port", "0", data_dir="~no-such-user/data")
    assert (code, "~no-such-user" in line) == (ExitCode.DATABASE_UNUSABLE, True)
    assert run("serve", "--port", "99999").returncode == ExitCode.USAGE


def test_the_exit_codes_are_documented() -> None:
    text = (ROOT / "docs" / "starting.md").read_text(encoding="utf-8")
    for code in ExitCode:
        assert f"| {code.value} |" in text
