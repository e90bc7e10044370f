"""GraphQL over HTTP as its specification has it: the audits of graphql-http, those of what is merely advised too."""

import time
from pathlib import Path

import pytest

from domain.principals import Scope
from tests.harness.api_keys import create_api_key
from tests.harness.client_processes import TIMEOUT_SECONDS, running_programs
from tests.harness.servers import RunningServer, running_server

pytestmark = pytest.mark.slow

AUDIT_COUNT = 61


def test_every_audit_passes(server: RunningServer, node_modules: Path) -> None:
    audited(server.url)


def test_every_audit_passes_with_a_key(database_url: str, node_modules: Path) -> None:
    with running_server(database_url, auth=True, introspection=True) as server:  # which some of them ask for
        audited(server.url, create_api_key(database_url, Scope.WRITE))


def audited(*arguments: str) -> None:
    command: list[str | Path] = ["node", Path(__file__).parent / "audits.mjs", *arguments]
    with running_programs({"audits": command}) as running:
        program = running["audits"]
        assert program.end(time.monotonic() + TIMEOUT_SECONDS) == 0, program.errors
    assert [audit for audit in program.messages if audit["status"] != "ok"] == []
    assert len({audit["id"] for audit in program.messages}) == AUDIT_COUNT
