"""The example of docs/clients/relay.md: compiled by Relay's compiler and run by its runtime, on a server with the demo."""

import shutil
import time
from pathlib import Path

import pytest

from tests.harness.client_processes import TIMEOUT_SECONDS, ran, running_programs
from tests.harness.databases import TestPostgres
from tests.harness.markdown import ROOT, markdown_page
from tests.harness.servers import running_server

pytestmark = pytest.mark.slow

CLIENTS = ROOT / "docs" / "clients"


@pytest.fixture
def relay_project(tmp_path: Path, node_modules: Path) -> Path:
    """A project as the page has it made."""
    (tmp_path / "src").mkdir()
    for name in ("environment.js", "meetings.js", "main.js"):
        shutil.copy(CLIENTS / "relay" / name, tmp_path / "src")
    for name in ("relay.config.json", "build.mjs"):
        shutil.copy(CLIENTS / "relay" / name, tmp_path)
    (tmp_path / "graphql").symlink_to(ROOT / "graphql")
    (tmp_path / "node_modules").symlink_to(node_modules)
    ran(tmp_path, "node_modules/.bin/relay-compiler")
    ran(tmp_path, "node", "build.mjs")
    return tmp_path


def test_errors_come_into_no_list_and_take_nothings_place(relay_project: Path, postgres: TestPostgres) -> None:
    *_, printed = markdown_page("docs/clients/relay.md").blocks_in("")
    with postgres.database() as url, running_server(url, demo=True) as server:
        command: list[str | Path] = ["node", relay_project / "main.mjs", f"{server.url}/graphql"]
        with running_programs({"relay": command}, read_line=str.strip) as running:
            program = running["relay"]
            assert program.end(time.monotonic() + TIMEOUT_SECONDS) == 0, program.errors
    # Relay warns on standard error where a record takes the place of another.
    assert (program.messages, program.errors) == (printed.text.splitlines(), [])


def test_the_page_shows_what_the_example_does() -> None:
    files = [(CLIENTS / "relay" / name).read_text() for name in ("environment.js", "meetings.js")]
    example = " ".join(" ".join(files).split())
    for block in markdown_page("docs/clients/relay.md").blocks_in("js"):
        assert " ".join(block.text.split()) in example
