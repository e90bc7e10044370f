"""How servers end, and what they do together: `rapporteur serve` as processes, one or several, with one worker or two."""

import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from server.wire.graphql_files import operation
from tests.harness.commands import Serving, served_anew, serving
from tests.harness.servers import segment
from tests.harness.sse_client import EventStream, event_stream
from tests.harness.unread_connection import UnreadConnection
from tests.harness.waiting import TIMEOUT_SECONDS, eventually, locked_meeting
from tests.harness.websocket_client import WebSocketClient, websocket

pytestmark = pytest.mark.slow

STOP_TIMEOUT_SECONDS = 10.0
"""Seconds after SIGTERM in which a server must be gone."""
SERVICE_RESTART_CODE = 1012
"""The close code for which clients connect again."""


@contextmanager
def following(server: Serving, meeting: Any) -> Iterator[tuple[WebSocketClient, EventStream]]:
    """An idle subscription over WebSocket and another over Server-Sent Events."""
    query = operation("SegmentUpdates")
    with websocket(server.url) as follower, event_stream(server.url, query, meetingId=meeting["id"]) as stream:
        follower.start("1", "SegmentUpdates", meetingId=meeting["id"])
        assert follower.next("1")["caughtUp"]
        assert stream.next()["caughtUp"]
        yield follower, stream


def refuses(server: Serving) -> bool:
    """Tells whether nobody listens any more."""
    address = urlsplit(server.url)
    try:
        socket.create_connection((address.hostname, address.port), TIMEOUT_SECONDS).close()
    except OSError:
        return True
    return False


def assert_stops_well(server: Serving, database_url: str) -> None:
    """It answers what it was asked, ends streams in a way for which clients come back, and is gone soon."""
    meeting = server.api.meeting("Before")
    with ThreadPoolExecutor() as pool, following(server, meeting) as (follower, stream):
        with locked_meeting(database_url, meeting) as is_waited_for:
            answer = pool.submit(server.api.run, "UpdateMeeting", id=meeting["id"], input={"title": "After"})
            eventually(is_waited_for)
            server.process.send_signal(signal.SIGTERM)
            assert follower.expect_close()[0] == SERVICE_RESTART_CODE
            assert stream.event() is None, "a `complete` would say that there is nothing to come back for"
            assert not answer.done()
        assert answer.result(TIMEOUT_SECONDS)["title"] == "After"
        assert server.process.wait(STOP_TIMEOUT_SECONDS) == 0


def test_a_stopping_server_answers_what_it_was_asked_and_sends_its_followers_elsewhere(database_url: str) -> None:
    with serving(database_url=database_url, demo="false") as server:
        assert_stops_well(server, database_url)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stopping_server_takes_no_new_connections_while_it_finishes(database_url: str, workers: str) -> None:
    with serving(database_url=database_url, demo="false", workers=workers) as server, ThreadPoolExecutor() as pool:
        meeting = server.api.meeting("Before")
        with locked_meeting(database_url, meeting) as is_waited_for:
            answer = pool.submit(server.api.run, "UpdateMeeting", id=meeting["id"], input={"title": "After"})
            eventually(is_waited_for)
            server.process.send_signal(signal.SIGTERM)
            eventually(lambda: refuses(server))
            assert not answer.done()
        assert answer.result(TIMEOUT_SECONDS)["title"] == "After"


def test_what_does_not_end_does_not_keep_a_server(database_url: str) -> None:
    """A request that waits for ever, and a reader that does not read."""
    with (
        serving(database_url=database_url, demo="false", send_timeout="600") as server,
        ThreadPoolExecutor() as pool,
        UnreadConnection(server.url) as unread,
    ):
        meeting = server.api.meeting()
        for start in range(1, 301, 100):
            segments = [segment(number, text="x" * 20_000) for number in range(start, start + 100)]
            server.api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
        unread.open_websocket()
        query = "subscription ($id: ID!) { segmentUpdates(meetingId: $id) { segments { text } } }"
        unread.subscribe(query, id=meeting["id"])
        with following(server, server.api.meeting()), locked_meeting(database_url, meeting) as is_waited_for:
            pool.submit(server.api.run, "UpdateMeeting", id=meeting["id"], input={"title": "Never"})
            eventually(is_waited_for)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(STOP_TIMEOUT_SECONDS) == 0


def test_a_write_through_one_server_reaches_the_subscribers_of_another(database_url: str) -> None:
    with (
        serving(database_url=database_url, demo="false") as one,
        serving(database_url=database_url, demo="false") as other,
        websocket(one.url) as here,
        websocket(other.url) as there,
    ):
        meeting, agent = one.api.meeting(), one.api.agent()
        for follower in (here, there):
            follower.start("segments", "SegmentUpdates", meetingId=meeting["id"])
            assert follower.next("segments")["caughtUp"]
            follower.start("config", "ResolvedConfigUpdates", agentId=agent["id"])
            assert follower.next("config")["modelName"] == "gpt"
        for number, server in enumerate((one, other), 1):
            server.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(number)])
            for follower in (here, there):
                assert [new["segmentId"] for new in follower.next("segments")["segments"]] == [number]
            server.api.run("UpdateAgent", id=agent["id"], input={"config": {"modelName": f"gpt-{number}"}})
            for follower in (here, there):
                assert follower.next("config")["modelName"] == f"gpt-{number}"
        one.api.run("DeleteMeeting", id=meeting["id"])
        other.api.run("DeleteAgent", id=agent["id"])
        for follower in (here, there):
            ended = [follower.receive() for _ in range(2)]
            assert {(message["id"], message["type"]) for message in ended} == {
                ("segments", "complete"),
                ("config", "complete"),
            }


def worker_of(server: Serving, client: WebSocketClient) -> psutil.Process:
    """The process that has the other end of a connection."""
    port = client.connection.local_address[1]
    (worker,) = (
        child
        for child in psutil.Process(server.process.pid).children(recursive=True)
        for end in child.net_connections("tcp4")
        if end.raddr and end.raddr.port == port
    )
    return worker


@contextmanager
def connected_to_both_workers(server: Serving) -> Iterator[tuple[WebSocketClient, WebSocketClient]]:
    """A connection to each: while the first one's worker is stopped, only the other takes new ones."""
    with websocket(server.url) as first, ExitStack() as stack:
        worker = worker_of(server, first)
        worker.suspend()
        try:
            second = stack.enter_context(websocket(server.url))
        finally:
            worker.resume()
        assert worker_of(server, second) != worker
        yield first, second


def test_two_workers_tell_each_other_what_is_written_and_stop_together(database_url: str) -> None:
    with serving(served_anew, database_url=database_url, demo="false", workers="2") as server:
        with connected_to_both_workers(server) as followers:
            meeting = server.api.meeting()
            for follower in followers:
                follower.start("live", "SegmentUpdates", meetingId=meeting["id"])
                assert follower.next("live")["caughtUp"]
            for number, writer in enumerate(followers, 1):
                writer.start("write", "UpsertSegments", meetingId=meeting["id"], segments=[segment(number)])
                for follower in followers:
                    messages = [follower.receive() for _ in range(3 if follower is writer else 1)]
                    (live,) = (message for message in messages if message["id"] == "live")
                    (new,) = live["payload"]["data"]["segmentUpdates"]["segments"]
                    assert new["segmentId"] == number
        assert_stops_well(server, database_url)
