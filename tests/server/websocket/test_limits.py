"""Checks the limits of connections, operations and messages, and clients that never read."""

import contextlib
import socket as sockets
from contextlib import suppress
from functools import partial
from typing import Any

import psutil
import pytest

from tests.harness.live_operations import MEETING_COUNT, SEGMENT_UPDATES, texts_by_number
from tests.harness.servers import running_server, segment
from tests.harness.unread_connection import UnreadConnection
from tests.harness.waiting import eventually
from tests.harness.websocket_client import WebSocketClient, accepts_websockets, websocket

pytestmark = pytest.mark.slow


def test_a_connection_has_so_many_operations_at_once_and_no_more(database_url: str) -> None:
    with running_server(database_url, max_operations=2) as server, websocket(server.url) as socket:
        meeting = server.api.meeting()
        for id in ("1", "2"):
            socket.subscribe(id, SEGMENT_UPDATES % "caughtUp", id=meeting["id"])
            socket.next(id)
        socket.subscribe("3", MEETING_COUNT)
        assert "at most 2 operations" in socket.expect_error("3")["message"]
        socket.send("complete", id="1")
        assert socket.run("3", MEETING_COUNT) == 1


def test_a_process_has_so_many_connections_at_once_and_no_more(database_url: str) -> None:
    with (
        running_server(database_url, max_connections=2) as server,
        contextlib.ExitStack() as one,
        websocket(server.url) as other,
    ):
        one.enter_context(websocket(server.url))
        with websocket(server.url, initialise=False) as third:
            code, reason = third.expect_close()
        assert code == 1013
        assert "too many connections" in reason
        assert other.run("1", MEETING_COUNT) == 0
        one.close()
        eventually(lambda: accepts_websockets(server.url))


def test_a_message_has_a_size_that_it_must_not_exceed(database_url: str) -> None:
    with running_server(database_url, max_message=2048) as server, websocket(server.url) as socket:
        assert socket.run("1", MEETING_COUNT + " " * 1500) == 0
        socket.subscribe("1", MEETING_COUNT + " " * 2048)
        assert socket.expect_close()[0] == 1009


def test_a_text_frame_that_is_no_text_closes_the_socket(
    socket: WebSocketClient, caplog: pytest.LogCaptureFixture
) -> None:
    socket.connection.send(b'{"type": "\xff"}', text=True)
    assert socket.expect_close()[0] == 1007
    caplog.clear()  # uvicorn logs this one itself


@pytest.mark.parametrize("kernel_helps", [True, False])
def test_a_reader_that_never_reads_is_ended_and_the_others_do_not_notice(
    database_url: str, monkeypatch: pytest.MonkeyPatch, kernel_helps: bool
) -> None:
    if not kernel_helps:  # as on systems without this option
        monkeypatch.delattr(sockets, "TCP_USER_TIMEOUT", raising=False)
    with (
        running_server(database_url, send_timeout=4, max_connections=2) as server,
        websocket(server.url) as reader,
        UnreadConnection(server.url) as unread,
    ):
        meeting = server.api.meeting()
        for start in range(1, 401, 100):
            segments = [segment(number, text="x" * 20_000) for number in range(start, start + 100)]
            server.api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
        unread.open_websocket()
        assert not accepts_websockets(server.url)
        for subscribe in (unread.subscribe, partial(reader.subscribe, "1")):
            subscribe(SEGMENT_UPDATES % "caughtUp segments { segmentId text }", id=meeting["id"])
        seen: dict[int, str] = {}
        while not (updates := reader.next("1"))["caughtUp"]:
            seen |= texts_by_number(updates)
        assert len(seen | texts_by_number(updates)) == 400
        eventually(lambda: accepts_websockets(server.url))
        if kernel_helps and hasattr(sockets, "TCP_USER_TIMEOUT"):
            eventually(lambda: not connections_from(unread.port))
        server.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1, text="Live")])
        assert texts_by_number(reader.next("1")) == {1: "Live"}


def test_a_reader_that_reads_on_too_late_is_told_why_it_was_ended(database_url: str) -> None:
    with (
        running_server(database_url, send_timeout=4, max_connections=1) as server,
        UnreadConnection(server.url) as late,
    ):
        meeting = server.api.meeting()
        for start in range(1, 401, 100):
            segments = [segment(number, text="x" * 20_000) for number in range(start, start + 100)]
            server.api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
        late.open_websocket()
        late.subscribe(SEGMENT_UPDATES % "caughtUp segments { segmentId text }", id=meeting["id"])
        assert not accepts_websockets(server.url)
        eventually(lambda: accepts_websockets(server.url))
        assert late.read_close() == (1013, "you do not read")


def test_a_client_that_does_not_read_what_was_wrong_is_ended(database_url: str) -> None:
    query = "{ %s }" % " ".join(f"{'x' * 900}{number}" for number in range(10))  # noqa: UP031
    with (
        running_server(database_url, send_timeout=4, max_connections=1) as server,
        UnreadConnection(server.url) as unread,
    ):
        unread.open_websocket()
        with suppress(ConnectionResetError):  # on a slow machine it is ended before it has sent everything
            unread.subscribe(query, times=1_000)
        assert not accepts_websockets(server.url)
        eventually(lambda: accepts_websockets(server.url))


def connections_from(port: int) -> list[Any]:
    """The server's ends, in this process, of connections from a port."""
    ends = psutil.Process().net_connections("tcp4")
    return [end for end in ends if end.raddr and end.raddr.port == port and end.status != psutil.CONN_TIME_WAIT]
