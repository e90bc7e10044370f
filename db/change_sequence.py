"""The parts that all writes of a meeting's segments share: they lock the meeting, stamp, and raise its change sequence."""

import asyncpg
from sqlalchemy import Executable, text

from db.driver import Record
from db.meetings import FIELDS as MEETING_FIELDS
from db.repository import Repository
from db.row_mapping import map_rows
from db.segment_resolution import NAMES
from domain.errors import NotFound
from domain.ids import MeetingId
from domain.meetings import Meeting

# The meeting is locked to the end of the transaction, and the clock is read only then. Another write may have been committed
# since this statement's snapshot of the segments was taken: then the snapshot is not current.
LOCKED = f"""
WITH locked AS (
    SELECT {", ".join(MEETING_FIELDS)}, last_segment_id FROM meetings
    WHERE workspace_id = :workspace AND id = :meeting_id FOR NO KEY UPDATE
),
seen AS MATERIALIZED (SELECT change_seq FROM meetings WHERE workspace_id = :workspace AND id = :meeting_id),
stamp AS MATERIALIZED (
    SELECT locked.change_seq + 1 AS change_seq, locked.last_segment_id, {NAMES} AS speaker_names, clock_timestamp() AS now,
        locked.change_seq = seen.change_seq AS is_current
    FROM locked, seen
)"""
STAMPED = {"version": "stored.version + 1", "change_seq": "stamp.change_seq", "updated_at": "stamp.now"}
"""The columns that each change of a stored segment sets."""

_OTHER_FIELDS = ", ".join(f"locked.{name}" for name in MEETING_FIELDS if name != "change_seq")
RESULT = f"""
SELECT {_OTHER_FIELDS}, coalesce(raised.change_seq, locked.change_seq) AS change_seq, counted.*,
    raised.change_seq IS NOT NULL AS is_changed, stamp.is_current
FROM locked CROSS JOIN stamp CROSS JOIN counted LEFT JOIN raised ON true"""
"""The meeting as it is afterwards, and what was counted."""


def raised(condition: str, *changes: str) -> str:
    """Raises the meeting's change sequence if the condition holds of what was counted."""
    return f"""
raised AS (
    UPDATE meetings SET {", ".join(("change_seq = meetings.change_seq + 1", *changes))}
    FROM counted WHERE meetings.workspace_id = :workspace AND meetings.id = :meeting_id AND {condition}
    RETURNING meetings.change_seq
)"""


def of_meeting(row: str) -> str:
    """Returns the condition that a row is of the meeting's segments."""
    return f"{row}.workspace_id = :workspace AND {row}.meeting_id = :meeting_id"


class SegmentChanges(Repository):
    """Runs the statements that change the segments of a meeting."""

    _LOCK_MEETING = text(
        "SELECT id FROM meetings WHERE workspace_id = :workspace AND id = :meeting_id FOR NO KEY UPDATE"
    )

    async def _written(self, meeting_id: MeetingId, statement: Executable, **values: object) -> tuple[Meeting, Record]:
        """Runs a write, and returns the meeting after it, and the row that counts what it did. Raises NotFound.

        A write does nothing if its snapshot is not current. Then it is run again, after the lock was taken.
        """
        parameters = {"workspace": self._workspace_id, "meeting_id": meeting_id, **values}
        try:
            rows = await self._connection.rows(statement, parameters)
            if rows and not rows[0].is_current:
                rows = await self._connection.rows_after(self._LOCK_MEETING, statement, parameters)
        except asyncpg.NumericValueOutOfRangeError:
            raise
        except BaseException:
            self._changes.meetings.add(meeting_id)  # in autocommit it may have been committed all the same
            raise
        if not rows:
            raise NotFound("meeting", meeting_id)
        if rows[0].is_changed:
            self._changes.meetings.add(meeting_id)
        return map_rows(Meeting, rows)[0], rows[0]
