"""Checks that subscribers share the work of an event, and that each gets the fields and the state it asked for."""

from itertools import count
from typing import Any

from executor import execution_counts
from tests.harness.live_operations import SEGMENT_UPDATES
from tests.harness.recorded_statements import recorded
from tests.harness.servers import Api, running_server, segment
from tests.harness.waiting import eventually
from tests.harness.websocket_client import WebSocketClient, websocket


def test_each_subscriber_gets_the_fields_that_it_asked_for(socket: WebSocketClient, api: Api) -> None:
    meeting = api.meeting("Shared", segments=1)
    arguments = f'(meetingId: "{meeting["id"]}", after: "{api.run("Meeting", id=meeting["id"])["updatesCursor"]}")'
    shapes: dict[str, tuple[str, Any]] = {
        "text": ("segmentUpdates@ { segments { text } }", {"segmentUpdates": {"segments": [{"text": "New"}]}}),
        "again": ("segmentUpdates@ { segments { text } }", {"segmentUpdates": {"segments": [{"text": "New"}]}}),
        "aliases": (
            "updates: segmentUpdates@ { new: segments { says: text text: segmentId } }",
            {"updates": {"new": [{"says": "New", "text": 2}]}},
        ),
        "other alias": ("news: segmentUpdates@ { caughtUp }", {"news": {"caughtUp": True}}),
        "meeting": (
            "segmentUpdates@ { meeting { title } segments { meeting { segmentCount } } }",
            {"segmentUpdates": {"meeting": {"title": "Shared"}, "segments": [{"meeting": {"segmentCount": 2}}]}},
        ),
        "fragments": (
            "... on Subscription { segmentUpdates@ { ... { deletedSegmentIds } ... on SegmentUpdates { caughtUp } } }",
            {"segmentUpdates": {"deletedSegmentIds": [], "caughtUp": True}},
        ),
    }
    for id, (query, _) in shapes.items():
        socket.subscribe(id, "subscription { " + query.replace("@", arguments) + " }")
        assert socket.receive()["id"] == id
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(2, text="New")])
    messages = [socket.receive() for _ in shapes]
    assert {message["id"]: message["payload"] for message in messages} == {
        id: {"data": data} for id, (_, data) in shapes.items()
    }


def test_one_document_with_other_variables_is_another_shape(socket: WebSocketClient, api: Api) -> None:
    meeting = api.meeting(segments=3)
    query = """
        subscription First($id: ID!, $after: String, $n: Int! = 2, $with: Boolean!, $speaker: String, $unused: Int) {
          segmentUpdates(meetingId: $id, after: $after, batchSize: $unused) { ...Body }
        }
        subscription Second($id: ID!, $after: String, $n: Int! = 1, $with: Boolean!, $speaker: String) {
          segmentUpdates(meetingId: $id, after: $after) { ...Body }
        }
        fragment Body on SegmentUpdates {
          segments { segmentId text @include(if: $with) }
          meeting { ...Page }
        }
        fragment Page on Meeting {
          segments(first: $n, speaker: $speaker) { nodes { segmentId } }
          segmentCount @skip(if: $with)
        }
    """
    after = api.run("Meeting", id=meeting["id"])["updatesCursor"]

    def expected(ids: list[int], *, text: bool) -> Any:
        new = {"segmentId": 4, "text": "Text 4"} if text else {"segmentId": 4}
        page = {"segments": {"nodes": [{"segmentId": id} for id in ids]}}
        return {"segments": [new], "meeting": page if text else page | {"segmentCount": 4}}

    shapes: dict[str, tuple[str, dict[str, Any], Any]] = {
        "with": ("First", {"with": True}, expected([1, 2], text=True)),
        "without": ("First", {"with": False}, expected([1, 2], text=False)),
        "the default": ("First", {"with": True, "n": 2}, expected([1, 2], text=True)),
        "more": ("First", {"with": True, "n": 4}, expected([1, 2, 3, 4], text=True)),
        "of one speaker": ("First", {"with": True, "speaker": "Speaker 1"}, expected([1, 4], text=True)),
        "of another": ("First", {"with": True, "speaker": "Speaker 2"}, expected([2], text=True)),
        "of anybody": ("First", {"with": True, "speaker": None}, expected([1, 2], text=True)),
        "in other batches": ("First", {"with": True, "unused": 1}, expected([1, 2], text=True)),
        "the other operation": ("Second", {"with": True}, expected([1], text=True)),
    }
    for id, (name, variables, _) in shapes.items():
        socket.subscribe(id, query, name, **{"id": meeting["id"], "after": after} | variables)
        assert socket.next(id)["segments"] == []
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(4)])
    messages = [socket.receive() for _ in shapes]
    assert {message["id"]: message["payload"]["data"]["segmentUpdates"] for message in messages} == {
        id: data for id, (_, _, data) in shapes.items()
    }


def test_many_readers_of_one_shape_cost_as_many_statements_as_one(database_url: str) -> None:
    """The writes go through another server: all that this one asks then is for its subscribers."""
    with (
        running_server(database_url) as here,
        running_server(database_url) as there,
        websocket(here.url) as socket,
        recorded(here.database.engine) as statements,
    ):
        meeting = there.api.meeting()
        ids = [f"{number}" for number in range(10)]
        for id in ids:
            socket.subscribe(id, SEGMENT_UPDATES % "segments { text } meeting { title }", id=meeting["id"])
            socket.next(id)
        numbers = count(1)

        def asked() -> list[str]:
            statements.clear()
            there.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(next(numbers))])
            assert {socket.receive()["id"] for _ in ids} == {*ids}
            return list(statements)

        # One for the changes, one for the meeting's title; again if it met the look that comes every few seconds.
        eventually(lambda: len(asked()) == 2)


def test_who_subscribes_later_gets_the_meeting_as_it_is_then(socket: WebSocketClient, api: Api) -> None:
    meeting = api.meeting("Before")
    query = SEGMENT_UPDATES % "meeting { title }"
    socket.subscribe("earlier", query, id=meeting["id"])
    assert socket.next("earlier") == {"meeting": {"title": "Before"}}
    api.run("UpdateMeeting", id=meeting["id"], input={"title": "After"})
    assert socket.next("earlier") == {"meeting": {"title": "After"}}
    socket.subscribe("later", query, id=meeting["id"])
    assert socket.next("later") == {"meeting": {"title": "After"}}


def test_what_a_later_subscriber_gets_is_not_executed_again_if_nothing_was_read_for_it(
    socket: WebSocketClient, api: Api
) -> None:
    agent = api.agent(systemPrompt="Greet {{name}}.")
    query = "subscription ($id: ID!) { resolvedConfigUpdates(agentId: $id) { variables } }"
    socket.subscribe("earlier", query, id=agent["id"])
    assert socket.next("earlier") == {"variables": ["name"]}
    completed = execution_counts.completed
    socket.subscribe("later", query, id=agent["id"])
    assert socket.next("later") == {"variables": ["name"]}
    assert execution_counts.completed == completed
