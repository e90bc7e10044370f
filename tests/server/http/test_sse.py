"""`/graphql` as Server-Sent Events: graphql-sse's distinct connections, as its PROTOCOL.md has them."""

import asyncio
import contextlib
import logging
import socket as sockets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from domain.ids import DEFAULT_WORKSPACE_ID
from domain.principals import local
from server.http.sse import EventStream
from server.settings import Settings
from server.wire.graphql_files import operation
from server.wire.result_encoding import Body
from tests.harness.live_operations import polled_meetings
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.sse_client import event_stream, streamed_response
from tests.harness.unread_connection import UnreadConnection
from tests.harness.waiting import TIMEOUT_SECONDS, eventually

URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)
"""The Accept header of every request of urql."""
UNKNOWN = "01900000-0000-7000-8000-00000000dead"
COUNT = "{ meetingCount }"
UPDATES = operation("SegmentUpdates")


@pytest.fixture(autouse=True)
def nothing_goes_wrong_in_the_server(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a client does, no error is logged: a client's fault is none of the server's."""
    yield
    errors = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors, caplog.text


def accepts(url: str) -> bool:
    """Tells whether the server takes another stream."""
    with streamed_response(url, COUNT) as response:
        return response.status_code == 200


def test_a_subscription_is_a_stream_of_events(server: RunningServer, api: Api) -> None:
    meeting = api.meeting(segments=1)
    with event_stream(server.url, UPDATES, meetingId=meeting["id"]) as follower:
        assert [segment["text"] for segment in follower.next()["segments"]] == ["Text 1"]
        api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(2, text="Zwei\nZeilen 🙂")])
        assert [segment["text"] for segment in follower.next()["segments"]] == ["Zwei\nZeilen 🙂"]
        api.run("DeleteMeeting", id=meeting["id"])
        follower.expect_complete()


def test_lines_end_as_unix_lines_do(server: RunningServer, api: Api) -> None:
    meeting = api.meeting(segments=1)
    with event_stream(
        server.url, "subscription ($id: ID!) { segmentUpdates(meetingId: $id) { caughtUp } }", id=meeting["id"]
    ) as (follower):
        follower.next()
        api.run("DeleteMeeting", id=meeting["id"])
        follower.expect_complete()
        assert follower.text == (
            ':\n\nevent: next\ndata: {"data":{"segmentUpdates":{"caughtUp":true}}}\n\nevent: complete\ndata:\n\n'
        )
        assert follower.response.headers["cache-control"] == "no-store"


def test_a_stream_is_seen_to_be_open_before_there_is_an_event(server: RunningServer, api: Api) -> None:
    with event_stream(server.url, UPDATES, meetingId=api.meeting()["id"]) as follower:
        assert next(follower.blocks) == ":"


def test_an_idle_stream_is_kept_alive_by_comments(database_url: str) -> None:
    with running_server(database_url, ping_interval=0.1) as server:
        meeting = server.api.meeting()
        with event_stream(server.url, UPDATES, meetingId=meeting["id"]) as follower:
            assert follower.next()["caughtUp"]
            assert [next(follower.blocks) for _ in range(3)] == [":", ":", ":"]
            server.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1)])
            assert follower.next()["segments"]


@pytest.mark.parametrize("accept", [URQL, "application/json, text/event-stream", "text/event-stream, */*"])
def test_who_takes_json_as_well_gets_events_for_subscriptions_only(
    server: RunningServer, api: Api, accept: str
) -> None:
    mutation = 'mutation { createMeeting(input: {title: "New"}) { ... on Meeting { title } } }'
    for query, data in (
        ("{ __typename }", {"__typename": "Query"}),
        (mutation, {"createMeeting": {"title": "New"}}),
    ):
        with streamed_response(server.url, query, accept=accept) as response:
            response.read()
            assert "json" in response.headers["content-type"]
            assert response.json() == {"data": data}
    for bad in ("{", "{ nothing }", "subscription { nothing }", "subscription {"):
        with streamed_response(server.url, bad, accept=accept) as response:
            response.read()
            assert "json" in response.headers["content-type"]
            assert response.json()["errors"]
    with event_stream(server.url, UPDATES, accept=accept, meetingId=api.meeting()["id"]) as follower:
        assert follower.next()["caughtUp"]


def test_who_takes_events_only_gets_events_for_queries_too(server: RunningServer) -> None:
    with event_stream(server.url, "{ __typename }") as answer:
        assert answer.next() == "Query"
        answer.expect_complete()
    mutation = 'mutation { createMeeting(input: {title: "New"}) { ... on Meeting { title } } }'
    with event_stream(server.url, mutation) as answer:
        assert answer.next() == {"title": "New"}
        answer.expect_complete()


@pytest.mark.parametrize(
    ("query", "variables", "says"),
    [
        ("{", {}, "Syntax Error"),
        ("{ nothing }", {}, "nothing"),
        ("query A { meetingCount } query B { meetingCount }", {}, "operationName"),
        ("{ agents(first: 1000) { totalCount } }", {}, "first"),
        ("subscription {", {}, "Syntax Error"),
        ("subscription { nothing }", {}, "nothing"),
        (UPDATES, {}, "$meetingId"),
        (UPDATES, {"meetingId": "nonsense"}, "meetingId"),
        (UPDATES, {"meetingId": UNKNOWN}, "there is no meeting"),
        (UPDATES, {"meetingId": UNKNOWN, "after": "x"}, "after"),
        (UPDATES, {"meetingId": UNKNOWN, "batchSize": 0}, "batchSize"),
        (operation("ResolvedConfigUpdates"), {"agentId": UNKNOWN}, "there is no agent"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_errors_are_an_event_and_then_the_stream_is_complete(
    server: RunningServer, query: str, variables: dict[str, Any], says: str
) -> None:
    with event_stream(server.url, query, **variables) as answer:
        payload = answer.payload()
        assert "data" not in payload or payload["data"] is None
        assert says in payload["errors"][0]["message"]
        assert payload["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        answer.expect_complete()


def test_a_subscription_in_a_plain_request_is_told_what_it_needs(server: RunningServer, api: Api) -> None:
    for accept in ("application/json", "*/*", "application/graphql-response+json"):
        with streamed_response(server.url, UPDATES, accept=accept, meetingId=api.meeting()["id"]) as response:
            response.read()
            assert response.status_code == 400
            (error,) = response.json()["errors"]
            assert "WebSocket" in error["message"]
            assert "text/event-stream" in error["message"]


@pytest.mark.parametrize(
    ("content", "says"), [(b"{", "not JSON"), (b"[]", "JSON object"), (b"{}", "query"), (b'{"query": 5}', "query")]
)
def test_a_malformed_body_is_refused_before_there_is_a_stream(api: Api, content: bytes, says: str) -> None:
    headers = {"Accept": "text/event-stream", "Content-Type": "application/json"}
    response = api.http.post("/graphql", content=content, headers=headers)
    assert response.status_code == 400
    assert says in response.json()["errors"][0]["message"]


def test_what_a_client_has_left_is_not_polled(database_url: str) -> None:
    with (
        running_server(database_url) as server,
        running_server(database_url) as other_server,
        polled_meetings(server, other_server) as polls,
    ):
        meeting = other_server.api.meeting()
        with event_stream(server.url, UPDATES, meetingId=meeting["id"]) as follower:
            assert not follower.next()["segments"]
            assert polls(meeting)
            assert follower.next()["segments"]
        eventually(lambda: not polls(meeting))


def test_a_process_has_so_many_streams_at_once_and_no_more(database_url: str) -> None:
    with running_server(database_url, max_connections=2) as server, contextlib.ExitStack() as one:
        meeting = server.api.meeting()
        one.enter_context(event_stream(server.url, UPDATES, meetingId=meeting["id"]))
        with event_stream(server.url, UPDATES, meetingId=meeting["id"]) as other:
            assert other.next()["caughtUp"]
            with streamed_response(server.url, UPDATES, meetingId=meeting["id"]) as refused:
                refused.read()
                assert refused.status_code == 503
                assert "too many connections" in refused.json()["errors"][0]["message"]
            assert server.api.post(COUNT) == {"data": {"meetingCount": 1}}  # which needs no place
            one.close()
            eventually(lambda: accepts(server.url))


def test_being_full_is_not_the_clients_fault(database_url: str) -> None:
    with running_server(database_url, max_connections=1) as server:
        meeting = server.api.meeting()
        with (
            event_stream(server.url, UPDATES, meetingId=meeting["id"]),
            streamed_response(server.url, UPDATES, meetingId=meeting["id"]) as refused,
        ):
            refused.read()
            (error,) = refused.json()["errors"]
            assert error["extensions"]["code"] in ("SERVICE_UNAVAILABLE", "RATE_LIMITED")


@pytest.mark.slow
@pytest.mark.parametrize("kernel_helps", [True, False])
def test_a_reader_that_never_reads_is_ended_and_the_others_do_not_notice(
    database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kernel_helps: bool
) -> None:
    if not kernel_helps:  # as on systems without this option
        monkeypatch.delattr(sockets, "TCP_USER_TIMEOUT", raising=False)
    with running_server(database_url, send_timeout=4, max_connections=2) as server:
        meeting = server.api.meeting()
        for start in range(1, 401, 100):
            segments = [segment(number, text="x" * 20_000) for number in range(start, start + 100)]
            server.api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
        with (
            UnreadConnection(server.url) as unread,
            event_stream(server.url, UPDATES, meetingId=meeting["id"]) as reader,
        ):
            unread.post(UPDATES, meetingId=meeting["id"])
            assert not accepts(server.url)
            count = 0
            while not (updates := reader.next())["caughtUp"]:
                count += len(updates["segments"])
            assert count + len(updates["segments"]) == 400
            eventually(lambda: accepts(server.url))
            server.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1, text="Live")])
            assert [segment["text"] for segment in reader.next()["segments"]] == ["Live"]
    if not kernel_helps:
        caplog.clear()  # uvicorn logs a response without an end, and knows no other way to give one up


@pytest.mark.slow
async def test_a_reader_that_does_not_even_take_the_comments_is_ended() -> None:
    """Checks a reader whose last event went into buffers, when no event follows for a long time."""

    async def answers() -> AsyncIterator[Body]:
        yield [b"{}"]
        await asyncio.Event().wait()

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) > 3:  # the head, the first comment, the event
            await asyncio.Event().wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    short: dict[str, Any] = {"send_timeout": 0.05, "ping_interval": 0.05}
    async with asyncio.timeout(TIMEOUT_SECONDS / 4):
        principal, closing = local(DEFAULT_WORKSPACE_ID), asyncio.Event()
        await EventStream(answers(), principal, closing, Settings(**short))({}, receive, send)  # type: ignore[arg-type]
    assert sent[3]["body"].startswith(b":")
