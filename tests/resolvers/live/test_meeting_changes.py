"""Checks that readers of a meeting are told when the meeting itself changes: its state, title, agent, and names."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.databases import TestPostgres
from tests.harness.meeting_calls import update
from tests.harness.servers import RunningServer, running_server, segment
from tests.harness.websocket_client import WebSocketClient, websocket

FOLLOW = """
subscription ($id: ID!, $after: String) {
  segmentUpdates(meetingId: $id, after: $after) {
    cursor caughtUp deletedSegmentIds
    segments { segmentId speaker }
    meeting { title state version agent { id } speakerNames { label name } }
  }
}
"""


@pytest.fixture(scope="module")
def servers(postgres: TestPostgres) -> Iterator[tuple[RunningServer, RunningServer]]:
    """Two servers on one database."""
    with postgres.database() as url, running_server(url) as one, running_server(url) as other:
        yield one, other


@pytest.fixture
def server(servers: tuple[RunningServer, RunningServer]) -> RunningServer:
    return servers[0]


@pytest.fixture
def other(servers: tuple[RunningServer, RunningServer]) -> RunningServer:
    return servers[1]


def follow(socket: WebSocketClient, meeting: Any, after: str | None = None) -> Any:
    """Subscribes, and returns the first event."""
    socket.send("subscribe", id="1", payload={"query": FOLLOW, "variables": {"id": meeting["id"], "after": after}})
    return socket.next("1")


@pytest.mark.slow
def test_an_event_without_segments_comes_on_every_server(server: RunningServer, other: RunningServer) -> None:
    api = server.api
    meeting = api.meeting(segments=1)
    with websocket(server.url) as here, websocket(other.url) as there:
        first = follow(here, meeting)
        assert [each["segmentId"] for each in first["segments"]] == [1]
        assert follow(there, meeting) == first
        update(api, meeting, state="RECORDING")
        for socket in (here, there):
            event = socket.next("1")
            assert (event["segments"], event["deletedSegmentIds"], event["caughtUp"]) == ([], [], True)
            assert (event["meeting"]["state"], event["meeting"]["version"]) == ("RECORDING", 2)
            assert event["cursor"] == first["cursor"]


def test_what_changes_nothing_is_no_event(server: RunningServer) -> None:
    api = server.api
    meeting = api.meeting()
    with websocket(server.url) as socket:
        follow(socket, meeting)
        update(api, meeting, title=meeting["title"])
        update(api, meeting, title="Renamed")
        assert socket.next("1")["meeting"]["version"] == 2


def test_names_come_with_the_segments_that_they_change(server: RunningServer) -> None:
    api = server.api
    meeting = api.meeting()
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1, speaker="A"), segment(2, speaker="B")])
    with websocket(server.url) as socket:
        follow(socket, meeting)
        for label, changed in {"A": [{"segmentId": 1, "speaker": "Dana"}], "C": []}.items():
            api.run("NameSpeakers", meetingId=meeting["id"], names=[{"label": label, "name": "Dana"}])
            event = socket.next("1")
            assert event["segments"] == changed
            assert {"label": label, "name": "Dana"} in event["meeting"]["speakerNames"]


def test_the_deletion_of_its_agent_is_a_change(server: RunningServer) -> None:
    api = server.api
    agent = api.agent()
    meeting = api.meeting(agentId=agent["id"])
    with websocket(server.url) as socket:
        assert follow(socket, meeting)["meeting"]["agent"] == {"id": agent["id"]}
        api.run("DeleteAgent", id=agent["id"])
        assert socket.next("1")["meeting"]["agent"] is None


def test_who_comes_back_is_told_the_newest_state(server: RunningServer, other: RunningServer) -> None:
    api = server.api
    meeting = api.meeting(segments=1)
    with websocket(server.url) as socket:
        cursor = follow(socket, meeting)["cursor"]
    for title in ("Second", "Third"):
        update(api, meeting, title=title)
    with websocket(other.url) as socket:
        event = follow(socket, meeting, after=cursor)
        assert (event["segments"], event["meeting"]["title"], event["meeting"]["version"]) == ([], "Third", 3)
        update(api, meeting, title="Fourth")
        assert socket.next("1")["meeting"]["title"] == "Fourth"
