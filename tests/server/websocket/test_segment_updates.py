"""Follows the segments of a meeting over WebSocket."""

from typing import Any
from uuid import UUID

import pytest

from domain.ids import MeetingId
from domain.stream_positions import Position
from tests.harness.live_operations import SEGMENT_UPDATES, UNKNOWN_ID, texts_by_number
from tests.harness.servers import Api, running_server, segment, server_that_never_notifies
from tests.harness.websocket_client import WebSocketClient, websocket


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"meetingId": "nonsense"}, "meetingId"),
        ({"meetingId": ""}, "meetingId"),
        ({"meetingId": "\0"}, "meetingId"),
        ({"meetingId": "\ud800"}, "meetingId"),
        ({"after": ""}, "after"),
        ({"after": "nonsense"}, "after"),
        ({"after": "\ud800"}, "after"),
        ({"after": "é"}, "after"),
        ({"after": "x" * 2000}, "after"),
        ({"batchSize": 0}, "batchSize"),
        ({"batchSize": 1001}, "batchSize"),
        ({"batchSize": -1}, "batchSize"),
        ({"batchSize": 2**31 - 1}, "batchSize"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_wrong_argument_of_segment_updates_is_named(
    socket: WebSocketClient, api: Api, variables: dict[str, Any], field: str
) -> None:
    socket.start("1", "SegmentUpdates", **{"meetingId": api.meeting(segments=1)["id"]} | variables)
    error = socket.expect_error("1")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert [invalid["path"] for invalid in error["extensions"]["fields"]] == [field]
    assert field in error["message"]
    socket.expect_pong()


def test_an_unknown_meeting_is_an_error(socket: WebSocketClient) -> None:
    socket.start("1", "SegmentUpdates", meetingId=UNKNOWN_ID)
    error = socket.expect_error("1")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == f"there is no meeting {UNKNOWN_ID}"
    socket.expect_pong()


def test_a_cursor_must_be_one_that_this_meeting_has_given(socket: WebSocketClient, api: Api) -> None:
    meeting, other = api.meeting(segments=1), api.meeting(segments=1)
    other_cursor = api.run("Meeting", id=other["id"])["updatesCursor"]
    ahead = Position.after_write(2).cursor(MeetingId(UUID(meeting["id"])))
    of_a_list = api.run("Meetings", first=1)["pageInfo"]["endCursor"]
    for cursor, says in (
        (other_cursor, "another meeting's"),
        (ahead, "ahead of the meeting"),
        (of_a_list, "must be a cursor"),
        (api.run("Meeting", id=meeting["id"])["updatesCursor"][:-2], "must be a cursor"),
    ):
        socket.start("1", "SegmentUpdates", meetingId=meeting["id"], after=cursor)
        error = socket.expect_error("1")
        assert error["extensions"]["fields"][0]["path"] == "after"
        assert says in error["message"]


def test_the_transcript_is_replayed_in_batches_and_then_followed_live(socket: WebSocketClient, api: Api) -> None:
    meeting = api.meeting(segments=25)
    socket.start("1", "SegmentUpdates", meetingId=meeting["id"], batchSize=10)
    batches = [socket.next("1") for _ in range(3)]
    assert [list(texts_by_number(batch)) for batch in batches] == [[*range(1, 11)], [*range(11, 21)], [*range(21, 26)]]
    assert [batch["caughtUp"] for batch in batches] == [False, False, True]
    assert batches[-1]["cursor"] == api.run("Meeting", id=meeting["id"])["updatesCursor"]

    answer = api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(3, text="Revised"), segment(26)])
    live = socket.next("1")
    assert (texts_by_number(live), live["deletedSegmentIds"]) == ({3: "Revised", 26: "Text 26"}, [])
    assert (live["cursor"], live["caughtUp"]) == (answer["cursor"], True)

    api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[3, 4])
    live = socket.next("1")
    assert (texts_by_number(live), live["deletedSegmentIds"], live["caughtUp"]) == ({}, [3, 4], True)

    # Every place is one to go on from: what comes after it, each segment at its newest.
    after = {
        None: ([*range(1, 3), *range(5, 27)], [3, 4]),
        batches[0]["cursor"]: ([*range(11, 27)], [3, 4]),
        batches[1]["cursor"]: ([*range(21, 27)], [3, 4]),
        batches[2]["cursor"]: ([26], [3, 4]),
        live["cursor"]: ([], []),
    }
    for cursor, (left, deleted) in after.items():
        socket.start("2", "SegmentUpdates", meetingId=meeting["id"], after=cursor)
        batch = socket.next("2")
        assert (sorted(texts_by_number(batch)), sorted(batch["deletedSegmentIds"])) == (left, deleted)
        assert batch["caughtUp"]
        assert batch["cursor"] == live["cursor"]
        socket.send("complete", id="2")


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_live_batches_have_their_size_too(socket: WebSocketClient, api: Api, size: int) -> None:
    meeting = api.meeting()
    socket.start("1", "SegmentUpdates", meetingId=meeting["id"], batchSize=size)
    assert socket.next("1")["caughtUp"]
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(number) for number in range(1, 8)])
    seen: list[int] = []
    while len(seen) < 7:
        batch = socket.next("1")
        assert 0 < len(batch["segments"]) <= size
        seen += texts_by_number(batch)
        assert batch["caughtUp"] == (len(seen) == 7)
    assert seen == [*range(1, 8)]


def test_what_changes_nothing_wakes_nobody(socket: WebSocketClient, api: Api) -> None:
    meeting = api.meeting(segments=2)
    socket.start("1", "SegmentUpdates", meetingId=meeting["id"])
    socket.next("1")
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1), segment(2)])
    api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[7])
    api.run("UpdateMeeting", id=meeting["id"], input={"title": meeting["title"]})
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1, text="Changed")])
    assert texts_by_number(socket.next("1")) == {1: "Changed"}


def test_each_event_reads_the_meeting_anew(socket: WebSocketClient, api: Api) -> None:
    meeting = api.meeting("First", segments=1)
    socket.subscribe("1", SEGMENT_UPDATES % "meeting { title segmentCount }", id=meeting["id"])
    assert socket.next("1") == {"meeting": {"title": "First", "segmentCount": 1}}
    api.run("UpdateMeeting", id=meeting["id"], input={"title": "Second"})
    assert socket.next("1") == {"meeting": {"title": "Second", "segmentCount": 1}}
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(2)])
    assert socket.next("1") == {"meeting": {"title": "Second", "segmentCount": 2}}


def test_the_stream_completes_when_the_meeting_is_deleted(socket: WebSocketClient, api: Api) -> None:
    meeting = api.meeting(segments=1)
    socket.start("1", "SegmentUpdates", meetingId=meeting["id"])
    socket.next("1")
    api.run("DeleteMeeting", id=meeting["id"])
    socket.expect_complete("1")
    socket.start("1", "SegmentUpdates", meetingId=meeting["id"])
    assert "there is no meeting" in socket.expect_error("1")["message"]


@pytest.mark.slow
def test_a_cursor_that_another_server_gave_is_good_before_the_news_are_here(database_url: str) -> None:
    with running_server(database_url) as server, websocket(server.url) as reader, websocket(server.url) as resuming:
        meeting = server.api.meeting(segments=1)
        reader.start("1", "SegmentUpdates", meetingId=meeting["id"])
        assert texts_by_number(reader.next("1")) == {1: "Text 1"}
        with server_that_never_notifies(database_url) as dying:
            dying.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(2)])
        cursor = server.api.run("Meeting", id=meeting["id"])["updatesCursor"]
        resuming.start("1", "SegmentUpdates", meetingId=meeting["id"], after=cursor)
        batch = resuming.next("1")
        assert (texts_by_number(batch), batch["cursor"]) == ({}, cursor)
