"""Checks that an open subscription keeps no more of its request than it needs."""

import gc
from typing import Any

from server.operations.subscription_memory import MAX_VARIABLES_BYTES
from tests.harness import http
from tests.harness.servers import Api, RunningServer, segment
from tests.harness.sse_client import EventStream
from tests.harness.waiting import eventually
from tests.harness.websocket_client import WebSocketClient, websocket

UPDATES = "subscription ($id: ID!) { segmentUpdates(meetingId: $id) { cursor } }"
OF_SPEAKER = """subscription ($id: ID!, $speaker: String) {
    segmentUpdates(meetingId: $id) { cursor meeting { segments(speaker: $speaker) { totalCount } } }
}"""


def objects_with(key: str) -> list[Any]:
    gc.collect()
    return [each for each in gc.get_objects() if type(each) is dict and key in each]


def test_undeclared_variables_are_dropped(server: RunningServer, api: Api) -> None:
    meeting = api.meeting()["id"]
    with websocket(server.url) as socket:
        socket.subscribe("1", UPDATES, id=meeting, undeclaredOverWebSocket=[1])
        assert socket.next("1")
        eventually(lambda: not objects_with("undeclared" + "OverWebSocket"))
    body = f'{{"query": "{UPDATES}", "variables": {{"id": "{meeting}", "undeclaredAsEvents": [1]}}}}'
    headers = {"Accept": "text/event-stream", "Content-Type": "application/json"}
    with (
        http.Client() as client,
        client.stream("POST", f"{server.url}/graphql", content=body, headers=headers) as response,
    ):
        assert EventStream(response).next()
        eventually(lambda: not objects_with("undeclared" + "AsEvents"))


def test_declared_variables_have_a_limit_and_are_still_used(server: RunningServer, api: Api) -> None:
    meeting = api.meeting(segments=3)["id"]

    def subscribe(socket: WebSocketClient, id: str, speaker: str) -> None:
        socket.subscribe(id, OF_SPEAKER, id=meeting, speaker=speaker)

    with websocket(server.url) as socket:
        for text in ("s" * MAX_VARIABLES_BYTES, "\u0161" * (MAX_VARIABLES_BYTES // 4)):
            subscribe(socket, "1", text)
            error = socket.expect_error("1")
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
            assert f"{MAX_VARIABLES_BYTES:,}" in error["message"]
        subscribe(socket, "2", "Speaker 1")
        assert socket.next("2")["meeting"]["segments"]["totalCount"] == 1
        api.run("UpsertSegments", meetingId=meeting, segments=[segment(4, speaker="Speaker 1")])
        assert socket.next("2")["meeting"]["segments"]["totalCount"] == 2
