"""GraphQL over HTTP as its specification has it: the audits of graphql-http, those of what is merely advised too."""

import time
from pathlib import Path

from tests.clients.programs import WAIT, programs
from tests.harness.servers import RunningServer

AUDITS = 61


def test_every_audit_passes(server: RunningServer, node_modules: Path) -> None:
    command: list[str | Path] = ["node", Path(__file__).parent / "audits.mjs", server.url]
    with programs({"audits": command}) as running:
        program = running["audits"]
        assert program.end(time.monotonic() + WAIT) == 0, program.complaints
    assert [audit for audit in program.said if audit["status"] != "ok"] == []
    assert len({audit["id"] for audit in program.said}) == AUDITS
