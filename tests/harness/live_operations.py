"""Holds operations that tests of live updates share, and reads what they deliver."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from tests.harness.recorded_statements import watched
from tests.harness.servers import RunningServer, segment
from tests.harness.websocket_client import websocket

UNKNOWN_ID = "01900000-0000-7000-8000-00000000dead"
MEETING_COUNT = "{ meetingCount }"
SEGMENT_UPDATES = "subscription ($id: ID!, $after: String) { segmentUpdates(meetingId: $id, after: $after) { %s } }"


def texts_by_number(updates: Any) -> dict[int, str]:
    return {segment["segmentId"]: segment["text"] for segment in updates["segments"]}


@contextmanager
def polled_meetings(server: RunningServer, other_server: RunningServer) -> Iterator[Callable[[Any], bool]]:
    """Yields a function that changes a meeting and tells whether `server` polls it then.

    The changes go through `other_server`, on the same database: all that `server` asks the database is for its subscribers.
    """
    asked: list[str] = []

    numbers = count(1)
    known = other_server.api.meeting()
    watching = watched(server.database.engine, lambda _, parameters: asked.append(str(parameters)))
    with watching, websocket(server.url) as socket:
        socket.start("known", "SegmentUpdates", meetingId=known["id"])
        socket.next("known")

        def polls(meeting: Any) -> bool:
            asked.clear()
            new = segment(next(numbers))
            for changed in (meeting, known):
                other_server.api.run("UpsertSegments", meetingId=changed["id"], segments=[new])
            assert socket.next("known")["segments"]  # which `server` heard of no sooner than of the other one
            return any(meeting["id"] in parameters for parameters in asked)

        yield polls
