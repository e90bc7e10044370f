"""Segments in SQL. An upsert is one statement: it takes the meeting's row lock, compares, writes, stamps and counts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import count
from operator import itemgetter
from typing import Any

import asyncpg
from sqlalchemy import BigInteger, Double, Numeric, any_, bindparam, cast, func, select, text, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Integer

from db import meetings
from db.keyset import PageShape, keyset_page, page_parameters
from db.repository import IDS, WORKSPACE, ColumnNames, Repository, columns, select_columns
from db.row_mapping import MappedQuery, RowMapper, row_mapper
from db.tables import meetings as meeting_table
from db.tables import segments
from domain import cursors
from domain.change_stream import Change, Position
from domain.errors import InvalidInput, NotFound
from domain.ids import MeetingId, uuid
from domain.meetings import Meeting
from domain.pagination import Page, PageRequest
from domain.segments import MAX_SPEAKERS, DeletedSegments, Segment, SegmentContent, SpeakerStats, UpsertedSegments
from domain.validation import INT32_MAX, integer

_COLUMNS = columns(segments, Segment.__match_args__)
_LIVE = (segments.c.workspace_id == WORKSPACE, ~segments.c.deleted)
_WANTED = func.unnest(IDS).table_valued("meeting_id").render_derived(name="wanted")
_NUMBERS = bindparam("numbers", type_=ARRAY(Integer))

_FIRST = itemgetter(0)
_SPOKEN = segments.c.speaker == bindparam("speaker")


_read: RowMapper[Segment] = row_mapper(Segment, Segment.__match_args__)


@lru_cache(maxsize=100)
def _page(shape: PageShape, wanted: ColumnNames, *, of_speaker: bool) -> MappedQuery[Segment]:
    """A statement, and what its rows become, but for the first column: the place of the meeting's id among those given."""
    ids = func.unnest(IDS).table_valued("meeting_id", with_ordinality="nth").render_derived(name="ids")
    own = [segments.c.segment_id, *select_columns(wanted, _COLUMNS[2:])]
    one = select(*own).where(*_LIVE, segments.c.meeting_id == ids.c.meeting_id)
    page = keyset_page(one.where(_SPOKEN) if of_speaker else one, [segments.c.segment_id], shape).lateral("page")
    statement = select(ids.c.nth, *page.c).join_from(ids, page, true())
    return MappedQuery(statement, row_mapper(Segment, ("_", *(column.name for column in own))))


_COUNTS = (
    select(segments.c.meeting_id, func.count())
    .where(*_LIVE, segments.c.meeting_id == any_(IDS))
    .group_by(segments.c.meeting_id)
)
_COUNTS_OF_SPEAKER = _COUNTS.where(_SPOKEN)

_BY_MEETINGS = (
    select(*_COLUMNS)
    .where(*_LIVE, segments.c.meeting_id == any_(IDS))
    .order_by(segments.c.meeting_id, segments.c.segment_id)
)
_KEYS = func.unnest(IDS, _NUMBERS).table_valued("meeting_id", "segment_id").render_derived(name="wanted")
_BY_KEYS = (
    select(*_COLUMNS)
    .join_from(
        segments, _KEYS, (segments.c.meeting_id == _KEYS.c.meeting_id) & (segments.c.segment_id == _KEYS.c.segment_id)
    )
    .where(*_LIVE)
)
_speaking_time = cast(func.round(cast(func.sum(segments.c.end_time - segments.c.start_time), Numeric), 3), Double)
_SPEAKERS_OF_ONE = (
    select(
        segments.c.speaker,
        func.count().label("segment_count"),
        _speaking_time.label("speaking_time"),
        func.min(segments.c.start_time).label("first_start_time"),
        func.max(segments.c.end_time).label("last_end_time"),
    )
    .where(*_LIVE, segments.c.meeting_id == _WANTED.c.meeting_id)
    .group_by(segments.c.speaker)
    .order_by(_speaking_time.desc(), segments.c.speaker)
    .limit(MAX_SPEAKERS)
    .lateral("speakers")
)
_SPEAKERS = select(_WANTED.c.meeting_id, *_SPEAKERS_OF_ONE.c).join_from(_WANTED, _SPEAKERS_OF_ONE, true())

# The changes of several meetings after a place in each. A meeting without any has one row, without a segment.
_CHANGED = columns(segments, ("change_seq", "deleted", *Segment.__match_args__))
_PLACES = (
    func.unnest(IDS, bindparam("change_seqs", type_=ARRAY(BigInteger)), _NUMBERS)
    .table_valued("meeting_id", "change_seq", "segment_id")
    .render_derived(name="place")
)
_CHANGES_OF_ONE = (
    select(*_CHANGED)
    .where(
        segments.c.workspace_id == WORKSPACE,
        segments.c.meeting_id == _PLACES.c.meeting_id,
        tuple_(segments.c.change_seq, segments.c.segment_id) > tuple_(_PLACES.c.change_seq, _PLACES.c.segment_id),
    )
    .order_by(segments.c.change_seq, segments.c.segment_id)
    .limit(bindparam("limit", type_=Integer))
    .lateral("change")
)
_CHANGES = (
    select(meeting_table.c.id, meeting_table.c.change_seq, *_CHANGES_OF_ONE.c)
    .select_from(
        _PLACES.join(
            meeting_table, (meeting_table.c.workspace_id == WORKSPACE) & (meeting_table.c.id == _PLACES.c.meeting_id)
        ).outerjoin(_CHANGES_OF_ONE, true())
    )
    .order_by(meeting_table.c.id, _CHANGES_OF_ONE.c.change_seq, _CHANGES_OF_ONE.c.segment_id)
)

# These writes start alike: the meeting is locked to the end of the transaction, and only then the clock is read.
_LOCKED = f"""
WITH locked AS (
    SELECT {", ".join(column.name for column in meetings.COLUMNS)}, last_segment_id FROM meetings
    WHERE workspace_id = :workspace AND id = :meeting_id FOR NO KEY UPDATE
),
stamp AS MATERIALIZED (
    SELECT change_seq + 1 AS change_seq, last_segment_id, clock_timestamp() AS now FROM locked
)"""

_LOCK = text("SELECT id FROM meetings WHERE workspace_id = :workspace AND id = :meeting_id FOR NO KEY UPDATE")

_GIVEN = ("text", "speaker", "start_time", "end_time", "is_final", "confidence")


def _differs(new: str) -> str:
    """Whether a stored segment is to become the `new` row: one whose content is already there is left alone."""
    present, wanted = (", ".join(f"{row}.{name}" for name in _GIVEN) for row in ("stored", new))
    return f"(stored.deleted OR ({present}) IS DISTINCT FROM ({wanted}))"


def _revision(new: str) -> str:
    return f"""
        {", ".join(f"{name} = {new}.{name}" for name in (*_GIVEN, "language", "change_seq", "updated_at"))},
        version = stored.version + 1, deleted = false,
        created_at = CASE WHEN stored.deleted THEN {new}.created_at ELSE stored.created_at END"""


_SAME_KEY = (
    "stored.workspace_id = :workspace AND stored.meeting_id = :meeting_id AND stored.segment_id = new.segment_id"
)

# The same call again writes nothing and raises no counter. What this statement's snapshot shows to differ is revised by
# UPDATE, as an INSERT that meets a stored row takes its text apart for the index twice. All else is for the INSERT, which
# also meets what others have written while this statement waited for the lock.
_UPSERT = text(
    _LOCKED
    + f""",
new AS MATERIALIZED (
    SELECT
        coalesce(given.segment_id, greatest(stamp.last_segment_id, :highest) + given.nth) AS segment_id,
        {", ".join(f"given.{name}" for name in _GIVEN)},
        stamp.now AS created_at, stamp.now AS updated_at, stamp.change_seq, workspaces.language
    FROM stamp, workspaces, unnest(
        CAST(:segment_ids AS int[]), CAST(:nths AS int[]), CAST(:texts AS text[]), CAST(:speakers AS text[]),
        CAST(:start_times AS float8[]), CAST(:end_times AS float8[]), CAST(:finals AS bool[]), CAST(:confidences AS float8[])
    ) AS given (segment_id, nth, text, speaker, start_time, end_time, is_final, confidence)
    WHERE workspaces.id = :workspace
),
revised AS (
    UPDATE segments AS stored SET {_revision("new")}
    FROM new WHERE {_SAME_KEY} AND {_differs("new")}
    RETURNING stored.segment_id, stored.created_at = stored.updated_at AS created
),
inserted AS (
    INSERT INTO segments AS stored (
        workspace_id, meeting_id, segment_id, {", ".join(_GIVEN)}, created_at, updated_at, change_seq, language
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
raised AS (
    UPDATE meetings SET
        change_seq = meetings.change_seq + 1, last_segment_id = greatest(meetings.last_segment_id, counted.highest)
    FROM counted
    WHERE meetings.workspace_id = :workspace AND meetings.id = :meeting_id AND counted.highest IS NOT NULL
    RETURNING meetings.change_seq
)
SELECT locked.*, raised.change_seq AS raised, counted.created, counted.updated
FROM locked CROSS JOIN counted LEFT JOIN raised ON true
"""
)

# Where no segment has a number there is nothing to compare with: above the highest number ever used nothing is stored. That
# number is read with the lock, however long this statement has waited for it.
_APPEND = text(
    f"""
WITH raised AS (
    UPDATE meetings SET
        change_seq = change_seq + 1, last_segment_id = last_segment_id + cardinality(CAST(:texts AS text[]))
    WHERE workspace_id = :workspace AND id = :meeting_id
    RETURNING {", ".join(column.name for column in meetings.COLUMNS)},
        last_segment_id - cardinality(CAST(:texts AS text[])) AS highest, clock_timestamp() AS now
),
inserted AS (
    INSERT INTO segments (
        workspace_id, meeting_id, segment_id, {", ".join(_GIVEN)}, created_at, updated_at, change_seq, language
    )
    SELECT :workspace, :meeting_id, raised.highest + given.nth, {", ".join(f"given.{name}" for name in _GIVEN)},
        raised.now, raised.now, raised.change_seq, workspaces.language
    FROM raised, workspaces, unnest(
        CAST(:texts AS text[]), CAST(:speakers AS text[]), CAST(:start_times AS float8[]), CAST(:end_times AS float8[]),
        CAST(:finals AS bool[]), CAST(:confidences AS float8[])
    ) WITH ORDINALITY AS given ({", ".join(_GIVEN)}, nth)
    WHERE workspaces.id = :workspace
)
SELECT * FROM raised
"""
)

_DELETE = text(
    _LOCKED
    + """,
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
raised AS (
    UPDATE meetings SET change_seq = meetings.change_seq + 1
    FROM counted
    WHERE meetings.workspace_id = :workspace AND meetings.id = :meeting_id AND counted.deleted > 0
    RETURNING meetings.change_seq
)
SELECT locked.*, raised.change_seq AS raised, counted.deleted
FROM locked CROSS JOIN counted LEFT JOIN raised ON true
"""
)

CURSOR = cursors.cursor("segments", uuid, integer(0))


def _cursor(segment: Segment) -> str:
    return cursors.encode("segments", str(segment.meeting_id), segment.segment_id)


class SegmentRepository(Repository):
    """The segments of the meetings of one workspace."""

    async def pages(
        self,
        meeting_ids: Sequence[MeetingId],
        request: PageRequest,
        speaker: str | None = None,
        wanted: ColumnNames = None,
    ) -> dict[MeetingId, Page[Segment]]:
        """One page of each meeting's segments, by segment_id, in one statement."""
        reading = _page(PageShape.of(request), wanted, of_speaker=speaker is not None)
        rows = await self._rows(reading.statement, ids=meeting_ids, speaker=speaker, **page_parameters(request, 1))
        found: list[list[Segment]] = [[] for _ in meeting_ids]
        for nth, segment in zip(map(_FIRST, rows), reading.entities(rows), strict=True):
            segment.meeting_id = meeting_ids[nth - 1]
            found[nth - 1].append(segment)
        return {id: Page.of(request, page, _cursor) for id, page in zip(meeting_ids, found, strict=True)}

    async def by_meetings(self, meeting_ids: Collection[MeetingId]) -> dict[MeetingId, list[Segment]]:
        """All segments of each meeting, by segment_id."""
        found: defaultdict[MeetingId, list[Segment]] = defaultdict(list)
        for segment in _read(await self._rows(_BY_MEETINGS, ids=list(meeting_ids))):
            found[segment.meeting_id].append(segment)
        return found

    async def get_by_meeting(self, meeting_id: MeetingId) -> list[Segment]:
        return (await self.by_meetings([meeting_id]))[meeting_id]

    async def by_keys(self, keys: Collection[tuple[MeetingId, int]]) -> dict[tuple[MeetingId, int], Segment]:
        ids, numbers = [key[0] for key in keys], [key[1] for key in keys]
        rows = await self._rows(_BY_KEYS, ids=ids, numbers=numbers)
        return {(segment.meeting_id, segment.segment_id): segment for segment in _read(rows)}

    async def counts(self, meeting_ids: Collection[MeetingId], speaker: str | None = None) -> dict[MeetingId, int]:
        """How many segments each meeting has; one without any is left out."""
        statement = _COUNTS if speaker is None else _COUNTS_OF_SPEAKER
        rows = await self._rows(statement, ids=list(meeting_ids), speaker=speaker)
        return {row[0]: row[1] for row in rows}

    async def speakers(self, meeting_ids: Collection[MeetingId]) -> dict[MeetingId, list[SpeakerStats]]:
        """Each meeting's speakers, who spoke longest first."""
        found: defaultdict[MeetingId, list[SpeakerStats]] = defaultdict(list)
        for row in await self._rows(_SPEAKERS, ids=list(meeting_ids)):
            found[row[0]].append(SpeakerStats(*row[1:]))
        return found

    async def changes(
        self, places: Mapping[MeetingId, Position], limit: int
    ) -> dict[MeetingId, tuple[int, list[Change]]]:
        """Of each meeting up to `limit` changes after a place, in order, and the number of its last write.

        All as of one moment. A meeting that is not there is left out.
        """
        rows = await self._rows(
            _CHANGES,
            ids=list(places),
            change_seqs=[place.change_seq for place in places.values()],
            numbers=[place.segment_id for place in places.values()],
            limit=limit,
        )
        found: dict[MeetingId, tuple[int, list[Change]]] = {}
        for meeting_id, last_write, change_seq, deleted, *values in rows:
            _, changes = found.setdefault(meeting_id, (last_write, []))
            if change_seq is not None:
                segment = Segment(*values)
                changes.append(Change(Position(change_seq, segment.segment_id), deleted, segment))
        return found

    async def upsert(self, meeting_id: MeetingId, contents: Sequence[SegmentContent | Segment]) -> UpsertedSegments:
        """Create or revise segments; those without a number get the next free ones, in the order given.

        Raises NotFound for an unknown meeting, InvalidInput where no number is left.
        """
        numbers = [content.segment_id for content in contents]
        given = {
            "meeting_id": meeting_id,
            "texts": [content.text for content in contents],
            "speakers": [content.speaker for content in contents],
            "start_times": [content.start_time for content in contents],
            "end_times": [content.end_time for content in contents],
            "finals": [content.is_final for content in contents],
            "confidences": [content.confidence for content in contents],
        }
        try:
            if numbers.count(None) == len(numbers) > 0:
                row = _only(await self._rows(_APPEND, **given), meeting_id)
                self._changes.meetings.add(meeting_id)
                return UpsertedSegments(meetings.read([row[:-2]])[0], len(contents), 0, 0)
            nths = count(1)
            rows = await self._rows(
                _UPSERT,
                **given,
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
        *stored, raised, created, updated = _only(rows, meeting_id)
        return UpsertedSegments(self._raised(stored, raised), created, updated, len(contents) - created - updated)

    async def add(self, meeting_id: MeetingId, segment: SegmentContent | Segment) -> UpsertedSegments:
        return await self.upsert(meeting_id, [segment])

    async def add_many(self, meeting_id: MeetingId, contents: Iterable[SegmentContent | Segment]) -> UpsertedSegments:
        return await self.upsert(meeting_id, list(contents))

    async def delete(self, meeting_id: MeetingId, segment_ids: Sequence[int]) -> DeletedSegments:
        """Delete segments, leaving tombstones for the readers that follow the changes. Raises NotFound (the meeting)."""
        await self._rows(
            _LOCK, meeting_id=meeting_id
        )  # first: what a write that had it left is to be seen, and deleted
        rows = await self._rows(_DELETE, meeting_id=meeting_id, segment_ids=list(segment_ids))
        *stored, raised, deleted = _only(rows, meeting_id)
        return DeletedSegments(self._raised(stored, raised), deleted)

    def _raised(self, stored: Sequence[Any], change_seq: int | None) -> Meeting:
        """The locked meeting (its last column is not the entity's) with its new change sequence; None: nothing was written."""
        (meeting,) = meetings.read([stored[:-1]])
        if change_seq is not None:
            meeting.change_seq = change_seq
            self._changes.meetings.add(meeting.id)
        return meeting


def _only(rows: Sequence[Any], meeting_id: MeetingId) -> Any:
    if not rows:
        raise NotFound("meeting", meeting_id)
    return rows[0]
