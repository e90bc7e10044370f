"""Follows a meeting: its transcript, and then every change of it, with nothing lost on the way."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from rapporteur_client.server import Server
from rapporteur_client.subscription import follow

BATCH_SEGMENTS = 100

SEGMENT_UPDATES = """
subscription SegmentUpdates($meetingId: ID!, $after: String, $batchSize: Int) {
  segmentUpdates(meetingId: $meetingId, after: $after, batchSize: $batchSize) {
    cursor
    caughtUp
    deletedSegmentIds
    segments { segmentId externalId speaker text startTime endTime isFinal confidence version }
    meeting { title state }
  }
}
"""


@dataclass(frozen=True)
class Segment:
    """A segment as it is now, with what people have corrected."""

    segment_id: int
    external_id: str | None
    speaker: str
    text: str
    start_time: float
    end_time: float
    is_final: bool
    confidence: float | None
    version: int


@dataclass(frozen=True)
class MeetingUpdate:
    """A batch of changes. One without segments says that the meeting itself has changed."""

    segments: tuple[Segment, ...]
    """The segments that were created or revised: replace those with the same `segment_id`."""
    deleted_segment_ids: tuple[int, ...]
    caught_up: bool
    """True if the server had nothing more to send at that moment."""
    title: str
    state: str
    """The meeting's state, such as `RECORDING`."""
    cursor: str
    """Names this place: give it to `follow` as `after` to go on from here, on any server, at any time."""


async def follow_meeting(
    server: Server, meeting_id: str, after: str | None = None, batch_size: int = BATCH_SEGMENTS
) -> AsyncGenerator[MeetingUpdate, None]:
    """Yields each update after the cursor (None: from the start), until the meeting is deleted. Raises Refused.

    After a loss of the connection it goes on from the last update that the caller has dealt with: the one before the update
    that it asks for.
    """
    cursor = after

    def variables() -> dict[str, Any]:
        return {"meetingId": meeting_id, "after": cursor, "batchSize": batch_size}

    async with aclosing(follow(server, SEGMENT_UPDATES, variables)) as events:
        async for event in events:
            update = _update(event.data["segmentUpdates"])
            yield update
            cursor = update.cursor


def _update(values: dict[str, Any]) -> MeetingUpdate:
    return MeetingUpdate(
        segments=tuple(
            Segment(
                segment_id=each["segmentId"],
                external_id=each["externalId"],
                speaker=each["speaker"],
                text=each["text"],
                start_time=each["startTime"],
                end_time=each["endTime"],
                is_final=each["isFinal"],
                confidence=each["confidence"],
                version=each["version"],
            )
            for each in values["segments"]
        ),
        deleted_segment_ids=tuple(values["deletedSegmentIds"]),
        caught_up=values["caughtUp"],
        title=values["meeting"]["title"],
        state=values["meeting"]["state"],
        cursor=values["cursor"],
    )
