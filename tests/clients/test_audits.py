"""GraphQL over HTTP as its specification has it: the audits of graphql-http, those of what is merely advised too."""

import time
from pathlib import Path

from domain.principals import Scope
from tests.harness.api_keys import made
from tests.harness.client_processes import WAIT, programs
from tests.harness.servers import RunningServer, running_server

AUDITS = 61


def test_every_audit_passes(server: RunningServer, node_modules: Path) -> None:
    audited(server.url)


def test_every_audit_passes_with_a_key(database_url: str, node_modules: Path) -> None:
    with running_server(database_url, auth=True, introspection=True) as server:  # which some of them ask for
        audited(server.url, made(database_url, Scope.WRITE))


def audited(*arguments: str) -> None:
    command: list[str | Path] = ["node", Path(__file__).parent / "audits.mjs", *arguments]
    with programs({"audits": command}) as running:
        program = running["audits"]
        assert program.end(time.monotonic() + WAIT) == 0, program.complaints
    assert [audit for audit in program.said if audit["status"] != "ok"] == []
    assert len({audit["id"] for audit in program.said}) == AUDITS
