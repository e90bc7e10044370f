"""Positions in the stream of a meeting's changes, and their cursors."""

from typing import Annotated, NamedTuple

from domain.cursors import CursorFormat
from domain.errors import InvalidInput
from domain.ids import MeetingId
from domain.meetings import Meeting
from domain.rules import INT32_MAX, Integer
from domain.validation import checked

FIRST_AFTER_RESTORE = 10**18
"""No change has a number as high as this, unless a backup was restored: the nanoseconds from 1970 to 2001."""


class Position(NamedTuple):
    """The position after the change of segment `segment_id` by the write with the number `change_seq`. Positions compare.

    A write stamps all its segments with its number. Within a write, changes are in the order of the segments' ids.
    """

    change_seq: int
    segment_id: int

    @classmethod
    def after_write(cls, change_seq: int) -> "Position":
        """Returns the position after all changes of a write; 0 is the start of the stream."""
        return cls(change_seq, INT32_MAX)

    def is_before_restore(self, head: "Position") -> bool:
        """Checks whether a backup was restored between this position and the meeting's last one, or may have been.

        After a restore, changes are numbered from the time of the restore on (see `db.lost_changes`).
        """
        return self.change_seq < head.change_seq and head.change_seq >= FIRST_AFTER_RESTORE

    def cursor(self, meeting_id: MeetingId) -> str:
        return _UPDATES.encode(str(meeting_id), self.change_seq, self.segment_id)


class _UpdatesCursorKey(NamedTuple):
    meeting_id: MeetingId
    change_seq: Annotated[int, Integer(0, 2**63 - 1)]
    segment_id: Annotated[int, Integer(0)]


_UPDATES = CursorFormat("updates", _UpdatesCursorKey)

START = Position.after_write(0)


def position_of(cursor: str, meeting_id: MeetingId) -> Position:
    """Returns the position that a cursor of this meeting's stream names. Raises InvalidInput for any other cursor."""
    key = checked(_UPDATES, cursor, "after")
    if key.meeting_id != meeting_id:
        raise InvalidInput.of("after", "must be a cursor of this meeting: it is another meeting's")
    return Position(key.change_seq, key.segment_id)


def updates_cursor(meeting: Meeting) -> str:
    """Returns the cursor of the position after the meeting's last write."""
    return Position.after_write(meeting.change_seq).cursor(meeting.id)
