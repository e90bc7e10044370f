"""Writes of segments in SQL. Each is one statement: it takes the meeting's row lock, compares, writes, stamps and counts."""

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

import asyncpg
from sqlalchemy import text

from db.driver import Record
from db.meetings import FIELDS as MEETING_FIELDS
from db.repository import Repository
from db.row_mapping import map_rows
from domain.errors import InvalidInput, NotFound
from domain.ids import MeetingId
from domain.meetings import Meeting
from domain.rules import INT32_MAX
from domain.segments import DeletedSegments, Segment, SegmentContent, UpsertedSegments

_CONTENT = ("text", "speaker", "start_time", "end_time", "is_final", "confidence")
_CONTENT_COLUMNS = ", ".join(_CONTENT)
_NEW_CONTENT = ", ".join(f"new.{name}" for name in _CONTENT)

# The meeting is locked to the end of the transaction, and the clock is read only then.
_LOCKED = f"""
WITH locked AS (
    SELECT {", ".join(MEETING_FIELDS)}, last_segment_id FROM meetings
    WHERE workspace_id = :workspace AND id = :meeting_id FOR NO KEY UPDATE
),
stamp AS MATERIALIZED (
    SELECT change_seq + 1 AS change_seq, last_segment_id, clock_timestamp() AS now FROM locked
)"""


def _raised(condition: str, *changes: str) -> str:
    """Raises the meeting's change sequence if the condition holds of what was counted."""
    return f"""
raised AS (
    UPDATE meetings SET {", ".join(("change_seq = meetings.change_seq + 1", *changes))}
    FROM counted WHERE meetings.workspace_id = :workspace AND meetings.id = :meeting_id AND {condition}
    RETURNING meetings.change_seq
)"""


_OTHER_FIELDS = ", ".join(f"locked.{name}" for name in MEETING_FIELDS if name != "change_seq")
_RESULT = f"""
SELECT {_OTHER_FIELDS}, coalesce(raised.change_seq, locked.change_seq) AS change_seq, counted.*,
    raised.change_seq IS NOT NULL AS is_changed
FROM locked CROSS JOIN counted LEFT JOIN raised ON true"""
"""The meeting as it is afterwards, and what was counted."""


def _differs(new: str) -> str:
    """Checks that a stored segment is to become the `new` row: one with the same content is left alone."""
    stored_content, new_content = (", ".join(f"{row}.{name}" for name in _CONTENT) for row in ("stored", new))
    return f"(stored.deleted OR ({stored_content}) IS DISTINCT FROM ({new_content}))"


def _revision(new: str) -> str:
    return f"""
        {", ".join(f"{name} = {new}.{name}" for name in (*_CONTENT, "language", "change_seq", "updated_at"))},
        version = stored.version + 1, deleted = false,
        created_at = CASE WHEN stored.deleted THEN {new}.created_at ELSE stored.created_at END"""


_SAME_KEY = (
    "stored.workspace_id = :workspace AND stored.meeting_id = :meeting_id AND stored.segment_id = new.segment_id"
)


class SegmentWrites(Repository):
    """Writes the segments of the meetings of one workspace."""

    # The same call again writes nothing and raises no counter. What this statement's snapshot shows to differ is revised by
    # UPDATE, as an INSERT that meets a stored row takes its text apart for the index twice. All else is for the INSERT, which
    # also meets what others have written while this statement waited for the lock.
    _UPSERT = text(
        f"""{_LOCKED},
new AS MATERIALIZED (
    SELECT
        coalesce(new.segment_id, greatest(stamp.last_segment_id, :highest) + new.nth) AS segment_id, {_NEW_CONTENT},
        stamp.now AS created_at, stamp.now AS updated_at, stamp.change_seq, workspaces.language
    FROM stamp, workspaces, unnest(
        CAST(:segment_ids AS int[]), CAST(:nths AS int[]), CAST(:texts AS text[]), CAST(:speakers AS text[]),
        CAST(:start_times AS float8[]), CAST(:end_times AS float8[]), CAST(:finals AS bool[]), CAST(:confidences AS float8[])
    ) AS new (segment_id, nth, {_CONTENT_COLUMNS})
    WHERE workspaces.id = :workspace
),
revised AS (
    UPDATE segments AS stored SET {_revision("new")}
    FROM new WHERE {_SAME_KEY} AND {_differs("new")}
    RETURNING stored.segment_id, stored.created_at = stored.updated_at AS created
),
inserted AS (
    INSERT INTO segments AS stored (
        workspace_id, meeting_id, segment_id, {_CONTENT_COLUMNS}, created_at, updated_at, change_seq, language
    )
    SELECT :workspace, :meeting_id, new.* FROM new
    WHERE NOT EXISTS (SELECT FROM segments AS stored WHERE {_SAME_KEY} AND {_differs("new")})
    ON CONFLICT (workspace_id, meeting_id, segment_id) DO UPDATE SET {_revision("excluded")}
    WHERE {_differs("excluded")}
    RETURNING stored.segment_id, stored.created_at = stored.updated_at AS created
),
written AS (SELECT * FROM revised UNION ALL SELECT * FROM inserted),
counted AS (
    SELECT count(*) FILTER (WHERE created) AS created, count(*) FILTER (WHERE NOT created) AS updated,
        max(segment_id) AS highest
    FROM written
),
{_raised("counted.highest IS NOT NULL", "last_segment_id = greatest(meetings.last_segment_id, counted.highest)")}
{_RESULT}"""
    )

    # Where no segment has a number there is nothing to compare with: above the highest number ever used nothing is stored. That
    # number is read with the lock, however long this statement has waited for it.
    _APPEND = text(
        f"""
WITH raised AS (
    UPDATE meetings SET
        change_seq = change_seq + 1, last_segment_id = last_segment_id + cardinality(CAST(:texts AS text[]))
    WHERE workspace_id = :workspace AND id = :meeting_id
    RETURNING {", ".join(MEETING_FIELDS)},
        last_segment_id - cardinality(CAST(:texts AS text[])) AS highest, clock_timestamp() AS now
),
inserted AS (
    INSERT INTO segments (
        workspace_id, meeting_id, segment_id, {_CONTENT_COLUMNS}, created_at, updated_at, change_seq, language
    )
    SELECT :workspace, :meeting_id, raised.highest + new.nth, {_NEW_CONTENT},
        raised.now, raised.now, raised.change_seq, workspaces.language
    FROM raised, workspaces, unnest(
        CAST(:texts AS text[]), CAST(:speakers AS text[]), CAST(:start_times AS float8[]), CAST(:end_times AS float8[]),
        CAST(:finals AS bool[]), CAST(:confidences AS float8[])
    ) WITH ORDINALITY AS new ({_CONTENT_COLUMNS}, nth)
    WHERE workspaces.id = :workspace
)
SELECT {", ".join(MEETING_FIELDS)} FROM raised"""
    )

    async def upsert(self, meeting_id: MeetingId, contents: Sequence[SegmentContent | Segment]) -> UpsertedSegments:
        """Creates or revises segments; those without a number get the next free ones, in the order given.

        Raises NotFound for an unknown meeting, and InvalidInput if no number is left.
        """
        values = {
            "meeting_id": meeting_id,
            "texts": [content.text for content in contents],
            "speakers": [content.speaker for content in contents],
            "start_times": [content.start_time for content in contents],
            "end_times": [content.end_time for content in contents],
            "finals": [content.is_final for content in contents],
            "confidences": [content.confidence for content in contents],
        }
        numbers = [content.segment_id for content in contents]
        try:
            if numbers.count(None) == len(numbers) > 0:
                meeting, _ = _written(meeting_id, await self._rows(self._APPEND, **values))
                self._changes.meetings.add(meeting_id)
                return UpsertedSegments(meeting, created=len(contents), updated=0, unchanged=0)
            nths = count(1)
            rows = await self._rows(
                self._UPSERT,
                **values,
                highest=max((number for number in numbers if number is not None), default=0),
                segment_ids=numbers,
                nths=[next(nths) if number is None else None for number in numbers],
            )
        except asyncpg.NumericValueOutOfRangeError as error:
            raise InvalidInput.of(
                "segments", f"there is no free number above {INT32_MAX:,}: give each segment its own"
            ) from error
        except NotFound:
            raise
        except BaseException:
            self._changes.meetings.add(meeting_id)  # in autocommit it may have been committed all the same
            raise
        meeting, counted = _written(meeting_id, rows)
        if counted.is_changed:
            self._changes.meetings.add(meeting_id)
        unchanged = len(contents) - counted.created - counted.updated
        return UpsertedSegments(meeting, counted.created, counted.updated, unchanged)

    async def add(self, meeting_id: MeetingId, segment: SegmentContent | Segment) -> UpsertedSegments:
        return await self.upsert(meeting_id, [segment])

    async def add_many(self, meeting_id: MeetingId, contents: Iterable[SegmentContent | Segment]) -> UpsertedSegments:
        return await self.upsert(meeting_id, list(contents))

    _LOCK_MEETING = text(
        "SELECT id FROM meetings WHERE workspace_id = :workspace AND id = :meeting_id FOR NO KEY UPDATE"
    )
    _DELETE = text(
        f"""{_LOCKED},
removed AS (
    UPDATE segments SET
        deleted = true, text = '', speaker = '', confidence = NULL,
        version = segments.version + 1, change_seq = stamp.change_seq, updated_at = stamp.now
    FROM stamp
    WHERE segments.workspace_id = :workspace AND segments.meeting_id = :meeting_id
        AND segments.segment_id = ANY (CAST(:segment_ids AS int[])) AND NOT segments.deleted
    RETURNING segments.segment_id
),
counted AS (SELECT count(*) AS deleted FROM removed),
{_raised("counted.deleted > 0")}
{_RESULT}"""
    )

    async def delete(self, meeting_id: MeetingId, segment_ids: Sequence[int]) -> DeletedSegments:
        """Deletes segments, and leaves tombstones for the readers that follow the changes. Raises NotFound for the meeting."""
        # The lock comes first, so that what the write that held it has left is seen, and deleted.
        await self._rows(self._LOCK_MEETING, meeting_id=meeting_id)
        rows = await self._rows(self._DELETE, meeting_id=meeting_id, segment_ids=list(segment_ids))
        meeting, counted = _written(meeting_id, rows)
        if counted.is_changed:
            self._changes.meetings.add(meeting_id)
        return DeletedSegments(meeting, counted.deleted)


def _written(meeting_id: MeetingId, rows: Sequence[Record]) -> tuple[Meeting, Any]:
    """Returns the meeting of the one row, and the row. Raises NotFound if there is none."""
    if not rows:
        raise NotFound("meeting", meeting_id)
    return map_rows(Meeting, rows)[0], rows[0]
