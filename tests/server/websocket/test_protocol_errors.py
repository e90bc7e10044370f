"""Checks what a client is told that breaks graphql-transport-ws."""

import json
from typing import Any

import pytest

from tests.harness.live_operations import MEETING_COUNT, SEGMENT_UPDATES
from tests.harness.servers import Api, RunningServer
from tests.harness.websocket_client import WebSocketClient, websocket

AT_ANY_TIME = [
    b"\x00\x01",
    json.dumps({"type": "ping"}).encode(),  # right, but in a binary frame
    "",
    "hello",
    "{",
    '{"type": "ping"',
    "[" * 100_000,
    "5",
    "null",
    '"ping"',
    "[]",
    '[{"type": "ping"}]',
    "{}",
    '{"id": "1"}',
    '{"type": null}',
    '{"type": 5}',
    '{"type": ["ping"]}',
    '{"type": {"type": "ping"}}',
    '{"type": "nothing"}',
    '{"type": "next", "id": "1", "payload": {}}',
    '{"type": "\\ud800"}',
    '{"type": "complete"}',
    '{"type": "complete", "id": 1}',
]
"""Frames that are wrong before the introduction and after it."""

PAYLOAD = {"query": MEETING_COUNT}
SUBSCRIPTIONS: list[dict[str, Any]] = [
    {"payload": PAYLOAD},
    {"id": None, "payload": PAYLOAD},
    {"id": "", "payload": PAYLOAD},
    {"id": 1, "payload": PAYLOAD},
    {"id": ["1"], "payload": PAYLOAD},
    {"id": {"of": "me"}, "payload": PAYLOAD},
    {"id": "1"},
    {"id": "1", "payload": None},
    {"id": "1", "payload": MEETING_COUNT},
    {"id": "1", "payload": [PAYLOAD]},
    {"id": "1", "payload": 5},
    {"id": "1", "payload": {}},
    {"id": "1", "payload": {"query": None}},
    {"id": "1", "payload": {"query": [MEETING_COUNT]}},
    {"id": "1", "payload": {"query": 5}},
    {"id": "1", "payload": {**PAYLOAD, "variables": []}},
    {"id": "1", "payload": {**PAYLOAD, "variables": "{}"}},
    {"id": "1", "payload": {**PAYLOAD, "variables": 5}},
    {"id": "1", "payload": {**PAYLOAD, "operationName": {}}},
    {"id": "1", "payload": {**PAYLOAD, "operationName": 5}},
]
"""Messages `subscribe` that are wrong by their form."""


def assert_bad_request(socket: WebSocketClient) -> None:
    code, reason = socket.expect_close()
    assert code == 4400
    assert 0 < len(reason.encode()) <= 123


@pytest.mark.parametrize("initialise", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("frame", AT_ANY_TIME, ids=lambda frame: ascii(frame)[:40])
def test_a_malformed_message_closes_the_socket_with_a_reason(
    server: RunningServer, frame: str | bytes, initialise: bool
) -> None:
    with websocket(server.url, initialise=initialise) as socket:
        socket.send_text(frame)
        assert_bad_request(socket)


@pytest.mark.parametrize("message", SUBSCRIPTIONS, ids=json.dumps)
def test_a_malformed_operation_closes_the_socket_with_a_reason(
    socket: WebSocketClient, message: dict[str, Any]
) -> None:
    socket.send("subscribe", **message)
    assert_bad_request(socket)


@pytest.mark.parametrize("payload", [[], [1], "token", 5, True], ids=json.dumps)
def test_the_payload_of_the_introduction_must_be_an_object(server: RunningServer, payload: Any) -> None:
    with websocket(server.url, initialise=False) as socket:
        socket.send("connection_init", payload=payload)
        assert_bad_request(socket)


@pytest.mark.parametrize("payload", [None, {}, {"token": "x"}], ids=json.dumps)
def test_the_payload_of_the_introduction_may_be_any_object(server: RunningServer, payload: Any) -> None:
    with websocket(server.url, initialise=False) as socket:
        socket.send("connection_init", payload=payload)
        assert socket.receive() == {"type": "connection_ack"}
        assert isinstance(socket.run("1", MEETING_COUNT), int)


def test_an_id_is_used_by_one_operation_at_once(socket: WebSocketClient, api: Api) -> None:
    id = api.meeting()["id"]
    socket.subscribe("1", SEGMENT_UPDATES % "caughtUp", id=id)
    assert socket.next("1") == {"caughtUp": True}
    socket.subscribe("1", MEETING_COUNT)
    code, reason = socket.expect_close()
    assert code == 4409
    assert reason == "Subscriber for 1 already exists"


@pytest.mark.parametrize("start", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("letter", ["x", "é", "€", "𝄞"])
def test_a_long_reason_is_cut_between_characters(socket: WebSocketClient, api: Api, start: str, letter: str) -> None:
    id = start + letter * 200
    meeting_id = api.meeting()["id"]
    socket.subscribe(id, SEGMENT_UPDATES % "caughtUp", id=meeting_id)
    assert socket.next(id) == {"caughtUp": True}
    socket.subscribe(id, MEETING_COUNT)
    code, reason = socket.expect_close()
    assert code == 4409
    assert 119 < len(reason.encode()) <= 123
    assert f"Subscriber for {id}".startswith(reason)


def test_an_id_that_utf8_cannot_hold_breaks_nothing(socket: WebSocketClient, api: Api) -> None:
    meeting_id = api.meeting()["id"]
    socket.subscribe("\ud800", SEGMENT_UPDATES % "caughtUp", id=meeting_id)
    assert socket.next("\ud800") == {"caughtUp": True}
    socket.subscribe("\ud800", MEETING_COUNT)
    assert socket.expect_close()[0] == 4409
