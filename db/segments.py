"""Segments in SQL: reading them, page by page, by key, or by what has changed. `db.segment_writes` writes them."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from functools import lru_cache, partial

from sqlalchemy import BigInteger, Double, Numeric, any_, bindparam, cast, func, literal, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Boolean, Integer, Text

from db.column_queries import ROW_COUNT, as_columns, column_values, numbers_in
from db.connections import Session
from db.keyset import PageShape, keyset_page, page_parameters
from db.repository import ID, IDS, WORKSPACE, ColumnNames, columns
from db.row_mapping import TEXT_SEPARATOR, MappedQuery, MappedRows, RowColumns
from db.segment_writes import SegmentWrites
from db.tables import meetings, segments
from domain.change_stream import Change, MeetingChanges
from domain.ids import MeetingId
from domain.ordering import SegmentOrder
from domain.pagination import Page, PageRequest
from domain.segments import MAX_SPEAKERS, Segment, SpeakerStats, segment_cursor
from domain.stream_positions import Position
from domain.word_timings import Word, decode_words

FIELDS = tuple(name for name in Segment.__match_args__ if name != "words")
"""The fields of a segment that are read, unless its words are asked for."""
_COLUMNS = columns(segments, FIELDS)
_IS_STORED = (segments.c.workspace_id == WORKSPACE, ~segments.c.deleted)
_OF_SPEAKER = segments.c.speaker == bindparam("speaker")
BY_NUMBER = SegmentOrder()
_SEGMENT_IDS = bindparam("segment_ids", type_=ARRAY(Integer))
_ID = literal("", Text).label("id")
"""Stands for the ids, which are made of the rows' other columns."""


def _joined_ids(meeting_id: MeetingId, segment_ids: bytes) -> str:
    """Returns the ids of some segments of a meeting as one text: what `Segment.id` is for each."""
    start = f"{meeting_id}:"
    return start + f"{TEXT_SEPARATOR}{start}".join(map(str, numbers_in(segment_ids, int)))


class SegmentRepository(SegmentWrites):
    """The segments of the meetings of one workspace."""

    @staticmethod
    @lru_cache(maxsize=100)
    def _pages(
        shape: PageShape, requested: ColumnNames, order: SegmentOrder, *, of_speaker: bool, joined: bool
    ) -> MappedQuery[Segment]:
        """Returns the query for a page of each meeting, in columns; `nth` is the place of the meeting's id in `ids`, from 1."""
        meeting_ids = (
            func.unnest(IDS).table_valued("meeting_id", with_ordinality="nth").render_derived(name="requested")
        )
        own = columns(
            segments,
            [name for name in FIELDS if name != "meeting_id"],
            None if requested is None else requested.union(order.fields),
        )
        of_one = select(*own).where(*_IS_STORED, segments.c.meeting_id == meeting_ids.c.meeting_id)
        if of_speaker:
            of_one = of_one.where(_OF_SPEAKER)
        sort_columns = columns(segments, order.fields)
        rows = keyset_page(of_one, sort_columns, shape, descending=order.descending).correlate(meeting_ids)
        page = select(*as_columns(rows.lateral("segment"), joined=joined)).correlate(meeting_ids).lateral("page")
        statement = select(meeting_ids.c.nth, *page.c).join_from(meeting_ids, page, true())
        filled = [segments.c.meeting_id, *([_ID] if requested and "id" in requested else ())]
        mapped = MappedQuery.of(rows.add_columns(*filled), Segment, without=("words",) if requested is None else ())
        return mapped._replace(statement=statement)

    async def pages(
        self,
        meeting_ids: Sequence[MeetingId],
        request: PageRequest,
        speaker: str | None = None,
        requested: ColumnNames = None,
        order: SegmentOrder = BY_NUMBER,
    ) -> dict[MeetingId, Page[Segment]]:
        """Returns one page of each meeting's segments, in one statement; in another one if a text has the separator."""
        shape, of_speaker = PageShape.of(request), speaker is not None
        values = {"ids": meeting_ids, "speaker": speaker, **page_parameters(request, len(order.fields))}
        query_of = partial(self._pages, shape, requested, order, of_speaker=of_speaker)
        query, rows = await self._column_rows(query_of, 2, **values)
        filled = [(*values, [meeting_ids[nth - 1]] * count) for nth, count, *values in rows if count]
        if "id" in query.columns:
            place = query.columns.index("segment_id")
            filled = [(*values, _joined_ids(values[-1][0], values[place])) for values in filled]
        found = RowColumns(
            Segment, query, sum(row[ROW_COUNT] for row in rows), column_values(filled, query.leaf_classes)
        )
        cursor, pages, start = partial(segment_cursor, order=order), {}, 0
        for nth, count, *_ in rows:
            pages[meeting_ids[nth - 1]] = Page.of(request, MappedRows(found, start, count), cursor)
            start += count
        return pages

    _OF_MEETINGS = (
        select(*_COLUMNS)
        .where(
            *(*_IS_STORED, segments.c.meeting_id == any_(IDS)),
            segments.c.is_final | ~bindparam("final_only", type_=Boolean),
        )
        .order_by(segments.c.meeting_id, segments.c.start_time, segments.c.segment_id)
    )
    _BY_MEETINGS = MappedQuery.of(_OF_MEETINGS, Segment, without=("words",))
    _BY_MEETINGS_WITH_WORDS = MappedQuery.of(
        _OF_MEETINGS.add_columns(segments.c.words), Segment, decoders=(("words", decode_words),)
    )

    async def by_meetings(
        self, meeting_ids: Collection[MeetingId], *, with_words: bool = False
    ) -> dict[MeetingId, list[Segment]]:
        """Returns all segments of each meeting, in the order of time, and by number where they start together."""
        found: defaultdict[MeetingId, list[Segment]] = defaultdict(list)
        query = self._BY_MEETINGS_WITH_WORDS if with_words else self._BY_MEETINGS
        for segment in await self._entities(query, ids=list(meeting_ids), final_only=False):
            found[segment.meeting_id].append(segment)
        return found

    @staticmethod
    def _first(query: MappedQuery[Segment]) -> MappedQuery[Segment]:
        """Returns a query that stops at a limit: as the primary key has their order, it reads no more than these."""
        by_number = query.statement.order_by(None).order_by(segments.c.meeting_id, segments.c.segment_id)
        first = by_number.limit(bindparam("limit", type_=Integer)).subquery("first")
        statement = select(first).order_by(first.c.meeting_id, first.c.start_time, first.c.segment_id)
        return query._replace(statement=statement)

    _FIRST_BY_MEETINGS = _first(_BY_MEETINGS)
    _FIRST_BY_MEETINGS_WITH_WORDS = _first(_BY_MEETINGS_WITH_WORDS)

    async def first_by_meetings(
        self, meeting_ids: Collection[MeetingId], limit: int, *, with_words: bool = False, final_only: bool = False
    ) -> list[Segment]:
        """Returns up to `limit` segments of some meetings, one meeting after the other, by the meetings' ids.

        Of each meeting they are the segments with the lowest numbers, in the order of time, and by number where they start
        together.
        """
        query = self._FIRST_BY_MEETINGS_WITH_WORDS if with_words else self._FIRST_BY_MEETINGS
        return await self._entities(query, ids=list(meeting_ids), limit=limit, final_only=final_only)

    async def stream_by_meetings(
        self, meeting_ids: Collection[MeetingId], size: int, *, with_words: bool = False, final_only: bool = False
    ) -> AsyncGenerator[list[Segment], None]:
        """Yields all segments of some meetings in parts of `size`, in the order of time for each, and as of one moment.

        It needs a unit of work.
        """
        session = self._connection
        assert isinstance(session, Session)
        values = {"workspace": self._workspace_id, "ids": list(meeting_ids), "final_only": final_only}
        query = self._BY_MEETINGS_WITH_WORDS if with_words else self._BY_MEETINGS
        async with aclosing(session.stream(query.statement, values, size)) as parts:
            async for rows in parts:
                yield query.entities(rows)

    async def get_by_meeting(self, meeting_id: MeetingId) -> list[Segment]:
        return (await self.by_meetings([meeting_id]))[meeting_id]

    _KEYS = func.unnest(IDS, _SEGMENT_IDS).table_valued("meeting_id", "segment_id").render_derived(name="requested")
    _OF_KEYS = (segments.c.meeting_id == _KEYS.c.meeting_id) & (segments.c.segment_id == _KEYS.c.segment_id)
    _BY_KEYS = MappedQuery.of(
        select(*_COLUMNS).join_from(segments, _KEYS, _OF_KEYS).where(*_IS_STORED), Segment, without=("words",)
    )

    async def by_keys(self, keys: Collection[tuple[MeetingId, int]]) -> dict[tuple[MeetingId, int], Segment]:
        ids, segment_ids = [id for id, _ in keys], [segment_id for _, segment_id in keys]
        found = await self._entities(self._BY_KEYS, ids=ids, segment_ids=segment_ids)
        return {(segment.meeting_id, segment.segment_id): segment for segment in found}

    _WORDS_BY_KEYS = (
        select(segments.c.meeting_id, segments.c.segment_id, segments.c.words)
        .join_from(segments, _KEYS, _OF_KEYS)
        .where(*_IS_STORED, segments.c.words.is_not(None))
    )

    async def words(self, keys: Collection[tuple[MeetingId, int]]) -> dict[tuple[MeetingId, int], list[Word]]:
        """Returns the words of the segments that have any."""
        ids, segment_ids = [id for id, _ in keys], [segment_id for _, segment_id in keys]
        rows = await self._rows(self._WORDS_BY_KEYS, ids=ids, segment_ids=segment_ids)
        return {(row.meeting_id, row.segment_id): decode_words(row.words) for row in rows}

    _COUNTS = (
        select(segments.c.meeting_id, func.count().label("total"))
        .where(*_IS_STORED, segments.c.meeting_id == any_(IDS))
        .group_by(segments.c.meeting_id)
    )
    _COUNTS_OF_SPEAKER = _COUNTS.where(_OF_SPEAKER)

    async def counts(self, meeting_ids: Collection[MeetingId], speaker: str | None = None) -> dict[MeetingId, int]:
        """Returns how many segments each meeting has; one without any is left out."""
        statement = self._COUNTS if speaker is None else self._COUNTS_OF_SPEAKER
        rows = await self._rows(statement, ids=list(meeting_ids), speaker=speaker)
        return {row.meeting_id: row.total for row in rows}

    _REQUESTED = func.unnest(IDS).table_valued("meeting_id").render_derived(name="requested")
    _SPEAKING_TIME = cast(func.round(cast(func.sum(segments.c.end_time - segments.c.start_time), Numeric), 3), Double)
    _SPEAKERS_OF_ONE = (
        select(
            segments.c.speaker,
            func.count().label("segment_count"),
            _SPEAKING_TIME.label("speaking_time"),
            func.min(segments.c.start_time).label("first_start_time"),
            func.max(segments.c.end_time).label("last_end_time"),
        )
        .where(*_IS_STORED, segments.c.meeting_id == _REQUESTED.c.meeting_id)
        .group_by(segments.c.speaker)
        .order_by(_SPEAKING_TIME.desc(), segments.c.speaker)
        .limit(MAX_SPEAKERS)
        .lateral("speakers")
    )
    _SPEAKERS = MappedQuery.of(
        select(_REQUESTED.c.meeting_id, *_SPEAKERS_OF_ONE.c).join_from(_REQUESTED, _SPEAKERS_OF_ONE, true()),
        SpeakerStats,
    )

    async def speakers(self, meeting_ids: Collection[MeetingId]) -> dict[MeetingId, list[SpeakerStats]]:
        """Returns each meeting's speakers, who spoke longest first."""
        rows = await self._rows(self._SPEAKERS.statement, ids=list(meeting_ids))
        found: defaultdict[MeetingId, list[SpeakerStats]] = defaultdict(list)
        for row, stats in zip(rows, self._SPEAKERS.entities(rows), strict=True):
            found[row.meeting_id].append(stats)
        return found

    _POSITIONS = (
        func.unnest(IDS, bindparam("change_seqs", type_=ARRAY(BigInteger)), _SEGMENT_IDS)
        .table_valued("meeting_id", "change_seq", "segment_id")
        .render_derived(name="position")
    )
    _CHANGES_OF_ONE = (
        select(segments.c.change_seq, segments.c.deleted, *_COLUMNS)
        .where(
            segments.c.workspace_id == WORKSPACE,
            segments.c.meeting_id == _POSITIONS.c.meeting_id,
            tuple_(segments.c.change_seq, segments.c.segment_id)
            > tuple_(_POSITIONS.c.change_seq, _POSITIONS.c.segment_id),
        )
        .order_by(segments.c.change_seq, segments.c.segment_id)
        .limit(bindparam("limit", type_=Integer))
        .lateral("change")
    )
    # A meeting without changes has one row, without a segment.
    _CHANGES = MappedQuery.of(
        select(
            *(meetings.c.id, meetings.c.change_seq.label("last_write"), meetings.c.version.label("meeting_version")),
            *_CHANGES_OF_ONE.c,
        )
        .select_from(
            _POSITIONS.join(
                meetings, (meetings.c.workspace_id == WORKSPACE) & (meetings.c.id == _POSITIONS.c.meeting_id)
            ).outerjoin(_CHANGES_OF_ONE, true())
        )
        .order_by(meetings.c.id, _CHANGES_OF_ONE.c.change_seq, _CHANGES_OF_ONE.c.segment_id),
        Segment,
        without=("words",),
    )

    async def changes(self, positions: Mapping[MeetingId, Position], limit: int) -> dict[MeetingId, MeetingChanges]:
        """Returns up to `limit` changes of each meeting after a position, in order.

        Everything is as of one moment. A meeting that does not exist is left out.
        """
        rows = await self._rows(
            self._CHANGES.statement,
            ids=list(positions),
            change_seqs=[position.change_seq for position in positions.values()],
            segment_ids=[position.segment_id for position in positions.values()],
            limit=limit,
        )
        found = {row.id: MeetingChanges(row.last_write, row.meeting_version, []) for row in rows}
        changed = [row for row in rows if row["change_seq"] is not None]
        for row, segment in zip(changed, self._CHANGES.entities(changed), strict=True):
            position = Position(row["change_seq"], segment.segment_id)
            found[row["id"]].changes.append(Change(position, row["deleted"], segment))
        return found

    _IS_LOST = select(
        select(meetings.c.id)
        .where(
            meetings.c.workspace_id == WORKSPACE,
            meetings.c.id == ID,
            meetings.c.lost_changes.contains(bindparam("change_seq", type_=BigInteger)),
        )
        .exists()
        .label("is_lost")
    )

    async def is_lost(self, meeting_id: MeetingId, position: Position) -> bool:
        """Checks whether the change at a position was lost when a backup was restored."""
        (row,) = await self._rows(self._IS_LOST, id=meeting_id, change_seq=position.change_seq)
        lost: bool = row.is_lost
        return lost
