"""Writes of segments in SQL. Each is one statement: it takes the meeting's row lock, compares, writes, stamps and counts."""

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
from sqlalchemy import Executable, text

from db.driver import Record
from db.meetings import FIELDS as MEETING_FIELDS
from db.repository import Repository
from db.row_mapping import map_rows
from domain.errors import FieldProblem, InvalidInput, NotFound
from domain.ids import MeetingId
from domain.meetings import Meeting
from domain.rules import INT32_MAX
from domain.segments import DeletedSegments, Segment, SegmentContent, UpsertedSegments

_CONTENT = ("text", "speaker", "start_time", "end_time", "is_final", "confidence")
_CONTENT_COLUMNS = ", ".join(_CONTENT)
_NEW_CONTENT = ", ".join(f"new.{name}" for name in _CONTENT)

# The meeting is locked to the end of the transaction, and the clock is read only then. Another write may have been committed
# since this statement's snapshot of the segments was taken: then the snapshot is not current.
_LOCKED = f"""
WITH locked AS (
    SELECT {", ".join(MEETING_FIELDS)}, last_segment_id FROM meetings
    WHERE workspace_id = :workspace AND id = :meeting_id FOR NO KEY UPDATE
),
seen AS MATERIALIZED (SELECT change_seq FROM meetings WHERE workspace_id = :workspace AND id = :meeting_id),
stamp AS MATERIALIZED (
    SELECT locked.change_seq + 1 AS change_seq, locked.last_segment_id, clock_timestamp() AS now,
        locked.change_seq = seen.change_seq AS is_current
    FROM locked, seen
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
    raised.change_seq IS NOT NULL AS is_changed, stamp.is_current
FROM locked CROSS JOIN stamp CROSS JOIN counted LEFT JOIN raised ON true"""
"""The meeting as it is afterwards, and what was counted."""


def _same_meeting(row: str) -> str:
    return f"{row}.workspace_id = :workspace AND {row}.meeting_id = :meeting_id"


class SegmentWrites(Repository):
    """Writes the segments of the meetings of one workspace."""

    # The same call again writes nothing and raises no counter. `matched` finds the stored segment of each given one, and
    # `disagrees` where its number and its external id are not of one segment, or another given segment is the same: then
    # nothing is written. What is stored is revised by UPDATE, as an INSERT that meets a stored row takes its text apart for the
    # index twice.
    _UPSERT = text(
        f"""{_LOCKED},
given AS (
    SELECT * FROM unnest(
        CAST(:segment_ids AS int[]), CAST(:external_ids AS text[]),
        CAST(:texts AS text[]), CAST(:speakers AS text[]), CAST(:start_times AS float8[]), CAST(:end_times AS float8[]),
        CAST(:finals AS bool[]), CAST(:confidences AS float8[])
    ) WITH ORDINALITY AS given (segment_id, external_id, {_CONTENT_COLUMNS}, nth)
),
found AS (
    SELECT given.*, coalesce(given.segment_id, known.segment_id) AS number, known.segment_id AS known_number
    FROM stamp CROSS JOIN given
    LEFT JOIN segments AS known ON {_same_meeting("known")} AND known.external_id = given.external_id
    WHERE stamp.is_current
),
matched AS MATERIALIZED (
    SELECT found.*,
        stored.segment_id IS NOT NULL AS is_stored, coalesce(stored.deleted, false) AS was_deleted,
        stored.is_final AND NOT stored.deleted AND NOT found.is_final AS is_ignored,
        ({", ".join(f"stored.{name}" for name in _CONTENT)})
            IS DISTINCT FROM ({", ".join(f"found.{name}" for name in _CONTENT)}) AS differs,
        found.known_number <> found.number OR (
            found.external_id IS NOT NULL AND stored.segment_id IS NOT NULL
            AND stored.external_id IS DISTINCT FROM found.external_id
        ) IS TRUE AS disagrees,
        found.number IS NOT NULL AND count(*) OVER (PARTITION BY found.number) > 1 AS is_repeated
    FROM found LEFT JOIN segments AS stored ON {_same_meeting("stored")} AND stored.segment_id = found.number
),
refused AS MATERIALIZED (SELECT array_agg(nth) AS nths FROM matched WHERE disagrees OR is_repeated),
new AS MATERIALIZED (
    SELECT
        coalesce(
            new.number,
            greatest(stamp.last_segment_id, :highest) + row_number() OVER (PARTITION BY new.number IS NULL ORDER BY new.nth)
        ) AS segment_id,
        new.external_id, {_NEW_CONTENT}, stamp.now, stamp.change_seq, workspaces.language, new.is_stored,
        new.was_deleted OR NOT new.is_stored AS is_created, new.is_ignored IS TRUE AS is_ignored,
        new.was_deleted OR (new.differs AND NOT new.is_ignored) AS is_revised
    FROM matched AS new, stamp, workspaces
    WHERE workspaces.id = :workspace AND (SELECT nths IS NULL FROM refused)
),
revised AS (
    UPDATE segments AS stored SET
        {", ".join(f"{name} = new.{name}" for name in (*_CONTENT, "language", "change_seq"))}, updated_at = new.now,
        version = stored.version + 1, deleted = false,
        created_at = CASE WHEN stored.deleted THEN new.now ELSE stored.created_at END
    FROM new
    WHERE {_same_meeting("stored")} AND stored.segment_id = new.segment_id AND new.is_stored AND new.is_revised
),
inserted AS (
    INSERT INTO segments (
        workspace_id, meeting_id, segment_id, external_id, {_CONTENT_COLUMNS}, created_at, updated_at, change_seq, language
    )
    SELECT :workspace, :meeting_id, segment_id, external_id, {_CONTENT_COLUMNS}, now, now, change_seq, language
    FROM new WHERE NOT is_stored
),
counted AS (
    SELECT
        count(*) FILTER (WHERE is_created) AS created,
        count(*) FILTER (WHERE is_revised AND NOT is_created) AS updated,
        count(*) FILTER (WHERE is_ignored) AS ignored,
        max(segment_id) FILTER (WHERE is_created OR is_revised) AS highest,
        (SELECT nths FROM refused) AS refused
    FROM new
),
{_raised("counted.highest IS NOT NULL", "last_segment_id = greatest(meetings.last_segment_id, counted.highest)")}
{_RESULT}"""
    )

    # Where no segment has an id there is nothing to compare with: above the highest number ever used nothing is stored. That
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
SELECT {", ".join(MEETING_FIELDS)}, true AS is_current, true AS is_changed FROM raised"""
    )

    async def upsert(self, meeting_id: MeetingId, contents: Sequence[SegmentContent | Segment]) -> UpsertedSegments:
        """Creates or revises segments; new ones without a number get the next free ones, in the order given.

        Raises NotFound for an unknown meeting, and InvalidInput if no number is left, or if two ids do not agree.
        """
        values = {
            "texts": [content.text for content in contents],
            "speakers": [content.speaker for content in contents],
            "start_times": [content.start_time for content in contents],
            "end_times": [content.end_time for content in contents],
            "finals": [content.is_final for content in contents],
            "confidences": [content.confidence for content in contents],
        }
        numbers = [content.segment_id for content in contents]
        external_ids = [content.external_id for content in contents]
        try:
            if numbers.count(None) == external_ids.count(None) == len(contents) > 0:
                meeting, _ = await self._written(meeting_id, self._APPEND, **values)
                return UpsertedSegments(meeting, created=len(contents), updated=0, unchanged=0, ignored=0)
            meeting, counted = await self._written(
                meeting_id,
                self._UPSERT,
                **values,
                highest=max((number for number in numbers if number is not None), default=0),
                segment_ids=numbers,
                external_ids=external_ids,
            )
        except asyncpg.NumericValueOutOfRangeError as error:
            raise InvalidInput.of(
                "segments", f"there is no free number above {INT32_MAX:,}: give each segment its own"
            ) from error
        if counted.refused:
            raise InvalidInput([_refused(nth) for nth in sorted(counted.refused)])
        unchanged = len(contents) - counted.created - counted.updated - counted.ignored
        return UpsertedSegments(meeting, counted.created, counted.updated, unchanged, counted.ignored)

    async def _written(self, meeting_id: MeetingId, statement: Executable, **values: Any) -> tuple[Meeting, Record]:
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
    WHERE stamp.is_current AND {_same_meeting("segments")}
        AND segments.segment_id = ANY (CAST(:segment_ids AS int[])) AND NOT segments.deleted
    RETURNING segments.segment_id
),
counted AS (SELECT count(*) AS deleted FROM removed),
{_raised("counted.deleted > 0")}
{_RESULT}"""
    )

    async def delete(self, meeting_id: MeetingId, segment_ids: Sequence[int]) -> DeletedSegments:
        """Deletes segments, and leaves tombstones for the readers that follow the changes. Raises NotFound for the meeting."""
        meeting, counted = await self._written(meeting_id, self._DELETE, segment_ids=list(segment_ids))
        return DeletedSegments(meeting, counted.deleted)


def _refused(nth: int) -> FieldProblem:
    """Returns the problem of the nth segment of a write, counted from 1."""
    return FieldProblem(f"segments.{nth - 1}.external_id", "must name the same segment as segmentId, and only once")
