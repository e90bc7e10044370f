"""Documents by their hash: an allow-list of trusted ones, and Apollo's automatic persisted queries."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.errors import RapporteurError
from server.operations.persisted_documents import (
    MAX_STORED_BYTES,
    MAX_STORED_DOCUMENT_BYTES,
    PersistedDocuments,
    load_trusted_documents,
)
from server.wire.graphql_files import OPERATIONS, operation
from server.wire.request_errors import RequestErrors
from server.wire.requests import GraphQLRequest
from tests.harness import commands, http
from tests.harness.servers import RunningServer, running_server
from tests.harness.sse_client import event_stream
from tests.harness.websocket_client import websocket

RESPONSE = "application/graphql-response+json"
COUNT = "{ meetingCount }"
ZERO = {"data": {"meetingCount": 0}}


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def apollo(text: str, version: Any = 1) -> dict[str, Any]:
    """The extensions that name a document as Apollo does."""
    return {"persistedQuery": {"version": version, "sha256Hash": hash_of(text)}}


def document_id(text: str) -> str:
    return f"sha256:{hash_of(text)}"


def ask(server: RunningServer, **body: Any) -> httpx.Response:
    return http.post(f"{server.url}/graphql", json=body, headers={"accept": RESPONSE})


def refused(response: httpx.Response, status: int = 400) -> tuple[str, str]:
    """Code and message of the only error."""
    assert response.status_code == status
    assert response.json().keys() == {"errors"}
    (error,) = response.json()["errors"]
    return error["extensions"]["code"], error["message"]


# Automatic persisted queries


def test_a_document_that_was_sent_with_its_hash_is_known_by_it(fresh_server: RunningServer) -> None:
    not_found = ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    assert refused(ask(fresh_server, extensions=apollo(COUNT))) == not_found
    as_json = http.post(f"{fresh_server.url}/graphql", json={"extensions": apollo(COUNT)})
    assert refused(as_json, 200) == not_found
    assert ask(fresh_server, query=COUNT).json() == ZERO
    assert refused(ask(fresh_server, extensions=apollo(COUNT))) == not_found  # it has not come with its hash yet
    assert ask(fresh_server, query=COUNT, extensions=apollo(COUNT)).json() == ZERO
    assert ask(fresh_server, extensions=apollo(COUNT)).json() == ZERO
    assert ask(fresh_server, documentId=document_id(COUNT)).json() == ZERO
    url = f"{fresh_server.url}/graphql?documentId={document_id(COUNT)}"
    assert http.get(url, headers={"Rapporteur-Preflight": "1"}).json() == ZERO


def test_hashes_are_good_over_a_websocket_and_in_streams(fresh_server: RunningServer) -> None:
    with websocket(fresh_server.url) as socket:
        socket.send("subscribe", id="1", payload={"extensions": apollo(COUNT)})
        assert socket.expect_error("1")["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        socket.send("subscribe", id="1", payload={"query": COUNT, "extensions": apollo(COUNT)})
        assert socket.next("1") == 0
        socket.expect_complete("1")
        for payload in ({"extensions": apollo(COUNT)}, {"documentId": document_id(COUNT)}):
            socket.send("subscribe", id="1", payload=payload)
            assert socket.next("1") == 0
            socket.expect_complete("1")


@pytest.mark.parametrize(
    "body",
    [
        {"query": COUNT, "extensions": apollo("{ other }")},
        {"query": COUNT, "documentId": document_id("{ other }")},
        {"query": COUNT, "extensions": apollo(COUNT, version=2)},
        {"query": COUNT, "extensions": {"persistedQuery": "x"}},
        {"query": COUNT, "extensions": {"persistedQuery": {"version": 1}}},
        {"query": COUNT, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(COUNT).upper()}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": ["x"]}}},
        {"extensions": {"persistedQuery": None}},
        {"extensions": {}},
        {"documentId": ""},
        {"documentId": 5},
        {"documentId": hash_of(COUNT)},
        {"documentId": "md5:d41d8cd98f00b204e9800998ecf8427e"},
        {"documentId": "sha256:x"},
    ],
)
def test_a_hash_that_is_none_or_of_something_else_is_refused(server: RunningServer, body: Any) -> None:
    assert refused(ask(server, **body))[0] == "BAD_USER_INPUT"


def test_a_document_id_that_nobody_has_registered(server: RunningServer) -> None:
    assert refused(ask(server, documentId=document_id("{ unknown }")))[0] == "PERSISTED_DOCUMENT_NOT_FOUND"


def test_they_can_be_switched_off(database_url: str) -> None:
    with running_server(database_url, apq=False) as server:
        assert refused(ask(server, extensions=apollo(COUNT)))[0] == "PERSISTED_QUERY_NOT_SUPPORTED"
        assert ask(server, query=COUNT, extensions=apollo(COUNT)).json() == ZERO
        assert refused(ask(server, extensions=apollo(COUNT)))[0] == "PERSISTED_QUERY_NOT_SUPPORTED"


def test_what_is_kept_is_bounded_and_what_is_asked_for_stays() -> None:
    documents = PersistedDocuments(None, apq=True)

    def send(text: str) -> None:
        documents.resolve(GraphQLRequest(text, None, None, apollo(text)))

    def is_kept(text: str) -> bool:
        try:
            return documents.resolve(GraphQLRequest(None, None, None, apollo(text))).query == text
        except RequestErrors:
            return False

    size = MAX_STORED_DOCUMENT_BYTES
    texts = [f"# {number}".ljust(size) for number in range(MAX_STORED_BYTES // size + 2)]
    for text in texts:
        send(text)
        assert is_kept(texts[0])
    kept = [is_kept(text) for text in texts]
    assert kept.count(False) == len(texts) - MAX_STORED_BYTES // size
    assert kept[0]
    assert not kept[1]
    for _ in range(3):
        send(texts[-1])  # what is there already takes no room
    assert is_kept(texts[0])
    send("x" * (size + 1))
    assert not is_kept("x" * (size + 1))


# Trusted documents


@pytest.fixture(scope="module")
def trusting(postgres: Any) -> Iterator[RunningServer]:
    """A server that executes nothing but the documents of graphql/operations/."""
    with postgres.database() as url, running_server(url, trusted_documents="operations") as server:
        yield server


def test_trusted_documents_are_executed_by_hash_and_by_text(trusting: RunningServer) -> None:
    text = operation("MeetingCount")
    for body in (
        {"query": text},
        {"documentId": document_id(text)},
        {"documentId": document_id(text.strip())},
        {"extensions": apollo(text)},
        {"query": text, "extensions": apollo(text)},
    ):
        assert ask(trusting, **body).json() == {"data": {"all": 0, "recording": 0, "completed": 0}}
    meeting = trusting.api.meeting()
    with websocket(trusting.url) as socket:
        payload = {"documentId": document_id(operation("SegmentUpdates")), "variables": {"meetingId": meeting["id"]}}
        socket.send("subscribe", id="1", payload=payload)
        assert socket.next("1")["caughtUp"]
    with event_stream(trusting.url, operation("SegmentUpdates"), meetingId=meeting["id"]) as stream:
        assert stream.next()["caughtUp"]
    trusting.api.run("DeleteMeeting", id=meeting["id"])


@pytest.mark.parametrize(
    "query",
    [
        COUNT,
        "{ __typename }",
        "{ __schema { queryType { name } } }",
        operation("MeetingCount") + " ",
        operation("MeetingCount").replace("{", "{ __typename "),
        "{",
    ],
)
def test_other_documents_are_refused_on_every_way(trusting: RunningServer, query: str) -> None:
    for body in ({"query": query}, {"query": query, "extensions": apollo(query)}):
        code, message = refused(ask(trusting, **body), 403)
        assert (code, "trusted" in message) == ("FORBIDDEN", True)
    assert refused(ask(trusting, extensions=apollo(query)))[0] == "PERSISTED_QUERY_NOT_FOUND"
    assert refused(ask(trusting, documentId=document_id(query)))[0] == "PERSISTED_DOCUMENT_NOT_FOUND"
    with event_stream(trusting.url, query) as stream:
        assert stream.payload()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    with websocket(trusting.url) as socket:
        socket.subscribe("1", query)
        assert socket.expect_error("1")["extensions"]["code"] == "FORBIDDEN"
        socket.expect_pong()


def test_there_is_no_graphiql_beside_an_allow_list(trusting: RunningServer) -> None:
    page = http.get(f"{trusting.url}/graphql", headers={"accept": "text/html"})
    assert (page.status_code, "GraphiQL" in page.json()["errors"][0]["message"]) == (404, True)
    assert http.get(f"{trusting.url}/graphiql/operations.json").status_code == 404


def test_all_of_our_own_documents_are_trusted() -> None:
    trusted = load_trusted_documents(OPERATIONS)
    for file in OPERATIONS.glob("*.graphql"):
        assert trusted[hash_of(file.read_text())] == file.read_text()


def test_a_folder_of_ones_own_is_read_with_those_in_it_and_must_be_valid(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "Two.graphql").write_text("query A { meetingCount } query B { meetingCount }")
    assert len(load_trusted_documents(tmp_path)) == 1
    for text, says in (("{ nothing }", "nothing"), ("{", "Syntax Error"), ("", "Syntax Error")):
        (tmp_path / "Bad.graphql").write_text(text)
        with pytest.raises(RapporteurError, match=f"Bad.graphql.*{says}"):
            load_trusted_documents(tmp_path)
        told = commands.run("serve", trusted_documents=str(tmp_path), database_url="postgresql://127.0.0.1:1/none")
        assert told.returncode == 1
        assert "Bad.graphql" in told.stderr
    (tmp_path / "Bad.graphql").unlink()
    (tmp_path / "inner" / "Two.graphql").unlink()
    with pytest.raises(RapporteurError, match="no trusted documents"):
        load_trusted_documents(tmp_path)
    told = commands.run("serve", "--trusted-documents", tmp_path / "absent")
    assert told.returncode == 2
    assert "RAPPORTEUR_TRUSTED_DOCUMENTS" in told.stderr
