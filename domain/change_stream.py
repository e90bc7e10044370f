"""The streams of changes: of a meeting's segments, in the batches that readers get, and of meetings themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.ids import MeetingId
from domain.meetings import Meeting
from domain.rules import Integer
from domain.segments import Segment
from domain.stream_positions import Position

MAX_UPDATE_SEGMENTS = 1_000
"""The most segments that a batch can have."""
BATCH_SIZE = Integer(1, MAX_UPDATE_SEGMENTS)
"""The rule of a batch's size, in segments."""


class Change(NamedTuple):
    """A segment as the write at `position` left it. Of a deleted segment, only the id has a meaning."""

    position: Position
    deleted: bool
    segment: Segment


class MeetingChanges(NamedTuple):
    """The changes of a meeting after a position, the number of its last write, and its version, all as of one moment."""

    last_write: int
    version: int
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class SegmentUpdates:
    """A batch of changes up to `position`. `caught_up` says that there were no further changes at that moment.

    A batch without changes says that the meeting itself has changed, unless it is a reader's first.
    """

    meeting_id: MeetingId
    position: Position
    segments: list[Segment]
    deleted_segment_ids: list[int]
    caught_up: bool

    @property
    def written_at(self) -> datetime | None:
        """The time of the oldest of the segments' last writes; None if there are none."""
        return self.segments[0].updated_at if self.segments else None

    @property
    def cursor(self) -> str:
        return self.position.cursor(self.meeting_id)

    @classmethod
    def of(
        cls, meeting_id: MeetingId, changes: list[Change], position: Position, *, caught_up: bool
    ) -> "SegmentUpdates":
        """Returns the batch of these changes, which are in order, and no two of which are of the same segment."""
        return cls(
            meeting_id,
            position,
            [change.segment for change in changes if not change.deleted],
            [change.segment.segment_id for change in changes if change.deleted],
            caught_up,
        )


@dataclass(frozen=True, slots=True)
class MeetingUpdate:
    """A meeting as its newest change left it. `meeting` is None if that change was the deletion."""

    meeting_id: MeetingId
    version: int
    meeting: Meeting | None

    @property
    def deleted_meeting_id(self) -> MeetingId | None:
        return self.meeting_id if self.meeting is None else None
