"""Apollo Client's automatic persisted queries: the document goes over the wire once, and then its hash does."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.harness.client_processes import TIMEOUT_SECONDS, running_programs
from tests.harness.servers import RunningServer, running_server

pytestmark = pytest.mark.slow


def said(server: RunningServer, method: str, document: str = "{ meetingCount }") -> list[Any]:
    """Returns what the client prints when it sends the same query twice."""
    command: list[str | Path] = ["node", Path(__file__).parent / "apollo-persisted.mjs", server.url, method, document]
    with running_programs({"apollo": command}) as running:
        program = running["apollo"]
        assert program.end(time.monotonic() + TIMEOUT_SECONDS) == 0, program.errors
    return program.messages


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_apollo_sends_a_document_once(fresh_server: RunningServer, node_modules: Path, method: str) -> None:
    data = {"meetingCount": 0}
    assert said(fresh_server, method) == [
        {"data": data, "sent": [f"{method} hash", "POST document"]},
        {"data": data, "sent": [f"{method} hash"]},
    ]
    assert [each["sent"] for each in said(fresh_server, method)] == [[f"{method} hash"], [f"{method} hash"]]


def test_apollo_sends_documents_where_hashes_are_switched_off(database_url: str, node_modules: Path) -> None:
    with running_server(database_url, apq=False) as server:
        first, second = said(server, "POST")
    assert first == {"data": {"meetingCount": 0}, "sent": ["POST hash", "POST document"]}
    assert second["sent"] == ["POST document"]


def test_apollo_asks_for_trusted_documents_by_their_hash(database_url: str, tmp_path: Path, node_modules: Path) -> None:
    (tmp_path / "Count.graphql").write_text("query Count {\n  meetingCount\n}\n")
    with running_server(database_url, trusted_documents=tmp_path) as server:
        assert [each["sent"] for each in said(server, "GET", "query Count { meetingCount }")] == [["GET hash"]] * 2
        first, _ = said(server, "POST", "{ meetingCount }")
    assert first["sent"] == ["POST hash", "POST document"]
    assert "only trusted documents" in first["error"]
