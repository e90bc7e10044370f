"""Answers that a client does not read: a key may have so many bytes of them in a process."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.principals import Scope
from tests.harness.api_keys import create_api_key
from tests.harness.databases import TestPostgres
from tests.harness.servers import Api, running_server
from tests.harness.unread_connection import UnreadConnection
from tests.harness.waiting import eventually

pytestmark = pytest.mark.slow

MAX_BYTES = 10_000_000
_SEGMENTS = f"segments(first: 20) {{ nodes {{ {' '.join(f'a{n}: text' for n in range(20))} }} }}"
LARGE = f"query($id: ID!) {{ meeting(id: $id) {{ {_SEGMENTS} }} }}"
"""Its answer has 8 MB."""
RENAME = (
    "mutation($id: ID!, $title: String!) { updateMeeting(id: $id, input: {title: $title}) { __typename"
    f" ... on Meeting {{ {_SEGMENTS} }} }} }}"
)
SMALL = "query($id: ID!) { meeting(id: $id) { title } }"


class Client:
    """Uses one key."""

    def __init__(self, url: str, token: str) -> None:
        self.api = Api(url, token)
        self._url = url
        self._token = token

    def unread_connection(self) -> UnreadConnection:
        return UnreadConnection(self._url, self._token)


# Each sends a query, and returns when its answer has begun to come: then it is counted.


def _over_http(unread: UnreadConnection, query: str, **variables: Any) -> None:
    unread.post(query, accept="application/json", **variables)


def _over_sse(unread: UnreadConnection, query: str, **variables: Any) -> None:
    unread.post(query, **variables)
    unread.read_until(b"event: next")


def _over_websocket(unread: UnreadConnection, query: str, **variables: Any) -> None:
    unread.open_websocket()
    unread.subscribe(query, **variables)
    unread.read_until(b'"next"')


@pytest.fixture(scope="module")
def client(postgres: TestPostgres) -> Iterator[Client]:
    with postgres.database() as url, running_server(url, auth=True, max_key_memory=MAX_BYTES) as running:
        yield Client(running.url, create_api_key(url, Scope.WRITE))


@pytest.fixture(scope="module")
def meeting(client: Client) -> str:
    id: str = client.api.meeting("Long texts")["id"]
    segments = [{"segmentId": n, "text": "x" * 20_000, "startTime": n, "endTime": n} for n in range(20)]
    client.api.run("UpsertSegments", meetingId=id, segments=segments)
    return id


def ask(client: Client, query: str, **variables: Any) -> Any:
    return client.api.http.post("/graphql", json={"query": query, "variables": variables}).json()


def refusal(answer: Any) -> Any:
    """Returns the message of an answer that the limit has refused."""
    (error,) = answer.get("errors") or [None]
    if error is None:
        return None
    assert error["extensions"]["code"] == "RATE_LIMITED", error
    return error["message"]


@pytest.mark.parametrize("send", [_over_http, _over_sse, _over_websocket])
def test_large_answers_are_refused_while_others_are_not_read(
    client: Client, meeting: str, send: Callable[..., None]
) -> None:
    with client.unread_connection() as unread:
        send(unread, LARGE, id=meeting)
        message = refusal(ask(client, LARGE, id=meeting))
        assert "not read" in message
        assert f"at most {MAX_BYTES:,}" in message
        assert ask(client, SMALL, id=meeting) == {"data": {"meeting": {"title": "Long texts"}}}
    assert eventually(lambda: "data" in ask(client, LARGE, id=meeting)), (
        "what nobody can read any more is still counted"
    )


def test_the_answer_to_a_mutation_is_not_refused_but_what_comes_after_it_is(client: Client) -> None:
    id: str = client.api.meeting("Before")["id"]
    segments = [{"segmentId": n, "text": "x" * 20_000, "startTime": n, "endTime": n} for n in range(20)]
    client.api.run("UpsertSegments", meetingId=id, segments=segments)
    with client.unread_connection() as first, client.unread_connection() as second:
        _over_http(first, RENAME, id=id, title="Once")
        _over_http(second, RENAME, id=id, title="Twice")  # its head has come: it was not refused
        assert refusal(ask(client, RENAME, id=id, title="Never"))
    title = eventually(lambda: ask(client, SMALL, id=id).get("data"))["meeting"]["title"]
    assert title == "Twice"
