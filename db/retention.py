"""Retention in SQL: which meetings ended, or were deleted, so long ago that they are to be erased."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from db.repository import Repository
from domain.ids import MeetingId

ADVISORY_LOCK_KEY = 5_729_463_019
"""The key of the lock that lets one server at a time erase what is due."""
# The condition is that of an index. A meeting that never recorded, as an imported one, ended with its last change.
_ENDED = """
FROM meetings WHERE workspace_id = :workspace AND state IN ('STOPPED', 'COMPLETED', 'ERROR') AND held_at IS NULL
    AND coalesce(ended_at, updated_at) < statement_timestamp() - make_interval(days => :days)"""
_DELETED_AT = "coalesce(CAST(changes #>> '{ended_at,0}' AS timestamptz), created_at)"


class DueMeeting(NamedTuple):
    """A meeting that is to be erased: when it ended, or else was deleted, and whether only its history is left."""

    id: MeetingId
    ended_at: datetime
    is_deleted: bool


class RetentionRepository(Repository):
    """The meetings of one workspace that are to be erased."""

    _DUE = text(
        f"""
SELECT due.id, due.ended_at, due.is_deleted FROM (
    SELECT id, coalesce(ended_at, updated_at) AS ended_at, false AS is_deleted {_ENDED}
    UNION ALL
    SELECT entity_id, {_DELETED_AT}, true
    FROM events WHERE workspace_id = :workspace AND kind = 'DELETED' AND aggregate = 'MEETING'
        AND {_DELETED_AT} < statement_timestamp() - make_interval(days => :days)
        AND NOT EXISTS (
            SELECT FROM erasures WHERE erasures.workspace_id = :workspace AND erasures.meeting_id = events.entity_id
        )
) AS due
WHERE CAST(:after_id AS uuid) IS NULL
    OR (due.ended_at, due.id) > (CAST(:after_time AS timestamptz), CAST(:after_id AS uuid))
ORDER BY due.ended_at, due.id LIMIT :limit"""
    )

    async def due(self, days: int, limit: int, after: DueMeeting | None = None) -> list[DueMeeting]:
        """Returns the meetings that ended, or were deleted, more than `days` ago, the earliest first.

        Meetings on hold, and meetings that never ended, are left out.
        """
        values = {"after_id": after and after.id, "after_time": after and after.ended_at}
        rows = await self._rows(self._DUE, days=days, limit=limit, **values)
        return [DueMeeting(row.id, row.ended_at, row.is_deleted) for row in rows]

    _LOCK_DUE = text(f"SELECT id {_ENDED} AND id = :id FOR NO KEY UPDATE")

    async def lock_due(self, id: MeetingId, days: int) -> bool:
        """Locks the meeting until the unit of work ends, and returns whether it is still due. It may have gone on."""
        return bool(await self._rows(self._LOCK_DUE, id=id, days=days))

    _TAKE_TURN = text("SELECT pg_try_advisory_xact_lock(:key) AS is_taken")

    async def take_turn(self) -> bool:
        """Returns whether this unit of work, until it ends, is the only one of all servers that erases what is due."""
        (row,) = await self._rows(self._TAKE_TURN, key=ADVISORY_LOCK_KEY)
        return bool(row.is_taken)
