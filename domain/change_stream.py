"""The stream of a meeting's changes: places in it, their cursors, and the batches that readers get."""

from dataclasses import dataclass
from typing import NamedTuple

from domain import cursors
from domain.errors import InvalidInput
from domain.ids import MeetingId, uuid
from domain.segments import Segment
from domain.validation import INT32_MAX, checked, integer

MAX_UPDATE_SEGMENTS = 1_000
BATCH_SIZE = integer(1, MAX_UPDATE_SEGMENTS)


class Position(NamedTuple):
    """A place in the stream: after the change of segment `segment_id` by the write number `change_seq`.

    A write stamps all its segments with its number; within it they are in the order of their ids. Positions compare.
    """

    change_seq: int
    segment_id: int

    @classmethod
    def after_write(cls, change_seq: int) -> "Position":
        """After all that a write changed; 0: at the start."""
        return cls(change_seq, INT32_MAX)

    def cursor(self, meeting_id: MeetingId) -> str:
        return cursors.encode("updates", str(meeting_id), self.change_seq, self.segment_id)


START = Position.after_write(0)
_CURSOR = cursors.cursor("updates", uuid, integer(0, 2**63 - 1), integer(0))


def position_of(cursor: str, meeting_id: MeetingId) -> Position:
    """The place that a cursor of this meeting's stream names. Raises InvalidInput for any other."""
    of_meeting, change_seq, segment_id = checked(_CURSOR, cursor, "after")
    if of_meeting != meeting_id:
        raise InvalidInput.of("after", "must be a cursor of this meeting: it is another meeting's")
    return Position(change_seq, segment_id)


class Change(NamedTuple):
    """A segment as the write at `position` left it; of a deleted one only the number means anything."""

    position: Position
    deleted: bool
    segment: Segment


@dataclass(frozen=True, slots=True)
class SegmentUpdates:
    """A batch of changes up to `position`. `caught_up`: at that moment there was nothing after it."""

    meeting_id: MeetingId
    position: Position
    segments: list[Segment]
    deleted_segment_ids: list[int]
    caught_up: bool

    @property
    def cursor(self) -> str:
        return self.position.cursor(self.meeting_id)

    @classmethod
    def of(
        cls, meeting_id: MeetingId, changes: list[Change], position: Position, *, caught_up: bool
    ) -> "SegmentUpdates":
        """The batch of these changes, given in order, each of another segment."""
        return cls(
            meeting_id,
            position,
            [change.segment for change in changes if not change.deleted],
            [change.segment.segment_id for change in changes if change.deleted],
            caught_up,
        )
