"""Search in SQL, by PostgreSQL's full text: `segments.search_vector` has each segment's words, and its index finds them."""

import asyncio
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    DateTime,
    Double,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, REGCONFIG, TSQUERY, TSVECTOR
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from db.driver import Record
from db.filters import Conditions, apply_filter, filter_parameters
from db.keyset import page_parameters
from db.repository import WORKSPACE, Repository, columns
from db.row_estimates import Explained, expected_rows
from db.row_mapping import MappedQuery
from db.segments import FIELDS
from db.tables import segments, workspaces
from domain.errors import InvalidInput
from domain.highlights import Highlighter, comparable_words
from domain.pagination import Page, PageRequest
from domain.search import UNRANKED, Highlight, Hit, HitKey, Search, hit_cursor
from domain.search_query import SearchQuery, capitals_are_plain_in, completions, expression
from domain.search_words import Word, words_of
from domain.segments import Segment

_COLUMNS = columns(segments, FIELDS)
MAX_INLINE_CHARS = 10_000
"""The length of texts, all together, whose words are read at once. Longer ones are read in a thread, so that others go on."""
_QUERYTREE_WITHOUT_WORDS = ("", "T")
"""The values of `querytree` for a query without words, and for one that any segment without some word would match."""
_RANK_NORMALIZATION = 1 | 32
"""Flags: a long segment is no better for being long (1: divides by the length's logarithm), and ranks are below 1 (32)."""
_LOWEST_RANK = literal(1e-9, Double)
"""The rank of a segment that has none by PostgreSQL's count: `UNRANKED` tells another order."""
MAX_RANKED_SEGMENTS = 10_000
"""The number of segments above which a query has very common words: ranking reads each segment."""
MAX_NEWEST_SEGMENTS = 2_000
"""The number of the newest segments of which some must be a page of very common words. Else these are ranked all the same."""
_MAX_NODES_RANKED_BY_DISTANCE = 15
"""Nodes of a query's tree: 8 words and the operators between them."""

# A term that is the beginning of words finds what begins so in the index, and the stems of words that begin so.
_PARSED_QUERY = text(
    f"""
SELECT config, query, querytree(query) AS tree,
    CASE WHEN querytree(query) NOT IN ('', 'T') THEN CAST(querytree(query) AS tsquery) END AS included,
    numnode(query) <= {_MAX_NODES_RANKED_BY_DISTANCE} AS is_short
FROM (
    SELECT CAST('pg_catalog.' || language AS regconfig) AS config FROM workspaces WHERE id = :workspace
) AS workspace,
LATERAL (
    SELECT CAST(coalesce(string_agg(terms, ' | '), '') AS tsquery) AS query FROM (
        SELECT string_agg(CASE WHEN is_excluded THEN '!' ELSE '' END || '(' || read.term || ')', ' & ') AS terms
        FROM unnest(:alternatives, :exclusions, :expressions, :prefixes, :completions)
            AS given (alternative, is_excluded, expression, prefix, completions),
        LATERAL (
            SELECT CASE
                WHEN prefix IS NULL THEN CAST(to_tsquery(config, expression) AS text)
                ELSE expression || (
                    SELECT coalesce(string_agg(' | ''' || stem || '''', ''), '')
                    FROM unnest(tsvector_to_array(to_tsvector(config, completions))) AS stem
                    WHERE NOT starts_with(stem, prefix)
                )
            END AS term
        ) AS read
        WHERE read.term <> ''
        GROUP BY alternative
    ) AS by_alternative
) AS parsed"""
).bindparams(
    bindparam("workspace", type_=Uuid),
    bindparam("alternatives", type_=ARRAY(Integer)),
    bindparam("exclusions", type_=ARRAY(Boolean)),
    bindparam("expressions", type_=ARRAY(Text)),
    bindparam("prefixes", type_=ARRAY(Text)),
    bindparam("completions", type_=ARRAY(Text)),
)


_PARSED = _PARSED_QUERY.columns(config=REGCONFIG, query=TSQUERY, tree=Text, included=TSQUERY, is_short=Boolean)


def _parsed_query() -> CTE:
    """Returns the query as the workspace's language reads it; `included` is without what is excluded.

    The planner does not know the query, so no word can make a plan worse.
    """
    return _PARSED.cte("parsed_query").prefix_with("MATERIALIZED")


def _query_text() -> Select[Any]:
    parsed = _PARSED.subquery("parsed_query")
    return select(cast(parsed.c.query, Text).label("query"), parsed.c.tree)


_QUERY_TEXT = _query_text()


def _query_parameters(query: str) -> dict[str, list[Any]]:
    """Returns the terms of a query, each with the number of the alternative that it belongs to."""
    terms = [
        (number, term, capitals_are_plain_in(terms))
        for number, terms in enumerate(SearchQuery.read(query).alternatives)
        for term in terms
    ]
    return {
        "alternatives": [number for number, _, _ in terms],
        "exclusions": [term.is_excluded for _, term, _ in terms],
        "expressions": [expression(term, capitals_are_plain=are_plain) for _, term, are_plain in terms],
        "prefixes": [term.prefix for _, term, _ in terms],
        "completions": [completions(term) for _, term, _ in terms],
    }


def _has_words(tree: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(*(tree != value for value in _QUERYTREE_WITHOUT_WORDS))


Columns: TypeAlias = ReadOnlyColumnCollection[str, Any]
"""The columns of segments, of the table or of a part of it."""


def _conditions(row: Columns) -> Conditions:
    return {
        "meeting_id": row.meeting_id == bindparam("meeting_id", type_=Uuid),
        "speaker": row.speaker == bindparam("speaker"),
        "created_after": row.created_at >= bindparam("created_after", type_=DateTime(timezone=True)),
        "created_before": row.created_at < bindparam("created_before", type_=DateTime(timezone=True)),
        "from_time": row.end_time >= bindparam("from_time", type_=Double),
        "to_time": row.start_time <= bindparam("to_time", type_=Double),
    }


_CONDITIONS = _conditions(segments.c)
_IS_STORED = (segments.c.workspace_id == WORKSPACE, ~segments.c.deleted)


def _matches(row: Columns, query: ColumnElement[Any]) -> ColumnElement[bool]:
    return row.search_vector.op("@@", is_comparison=True)(query)  # type: ignore[no-any-return]


def _matching(statement: Select[Any], parsed: CTE, conditions: tuple[str, ...]) -> Select[Any]:
    statement = statement.where(
        *_IS_STORED,
        _has_words(parsed.c.tree),  # else the whole index would be read
        _matches(segments.c, parsed.c.query),
    )
    return apply_filter(statement, _CONDITIONS, conditions)


def _rank(words: ColumnElement[Any], parsed: Columns) -> ColumnElement[float]:
    """Returns the rank, from 0 to 1, by the segment's words and the query only.

    `ts_rank_cd` takes time that grows with the words of the query times the places they have in the segment, times the
    words again: 26 words that are all over a long segment took it 60 ms, and `ts_rank` of words joined by "and", which
    compares all pairs of places, 150 ms. Joined by "or" it only counts, which takes less than the search itself.
    """
    joined_by_or = parsed.included.op("||")(parsed.included)
    by_count = func.ts_rank(words, joined_by_or, _RANK_NORMALIZATION)
    by_distance = func.ts_rank_cd(words, parsed.query, _RANK_NORMALIZATION)
    rank = cast(case((parsed.is_short, by_distance), else_=by_count), Double)
    return func.greatest(rank, _LOWEST_RANK, type_=Double)


def _filter_parameters(filter: Search) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Returns the names of the conditions, and all parameters."""
    parameters = filter_parameters(filter)
    conditions = tuple(name for name in parameters if name in _CONDITIONS)
    return conditions, parameters | _query_parameters(parameters.pop("query"))


def _check_words(tree: str) -> None:
    """Raises InvalidInput for a query that only excludes words."""
    if tree == "T":
        raise InvalidInput.of("query", "must have a word that is to be found, beside what is excluded with - or by or")


class SearchRepository(Repository):
    """Finds the segments of one workspace by their words."""

    @staticmethod
    @lru_cache(maxsize=100)
    def _page(conditions: tuple[str, ...], *, after: bool) -> MappedQuery[Segment]:
        """Returns the query for a page. If nothing is found, it has one row with the query's tree, and no segment."""
        parsed = _parsed_query()
        rank = _rank(segments.c.search_vector, parsed.c).label("rank")
        key = (rank, segments.c.meeting_id, segments.c.segment_id)
        best = _matching(select(*_COLUMNS, rank), parsed, conditions)
        if after:
            end: list[ColumnElement[Any]] = [bindparam(f"after_{n}", type_=column.type) for n, column in enumerate(key)]
            best = best.where(tuple_(*key) < tuple_(*end))
        best = best.order_by(*(column.desc() for column in key)).limit(bindparam("limit", type_=Integer))
        page = best.lateral("page")
        statement = (
            select(parsed.c.tree, *page.c)
            .select_from(parsed.outerjoin(page, true()))
            .order_by(page.c.rank.desc(), page.c.meeting_id.desc(), page.c.segment_id.desc())
        )
        return MappedQuery.of(statement, Segment, without=("words",))

    @staticmethod
    @lru_cache(maxsize=100)
    def _bounded_page(conditions: tuple[str, ...]) -> MappedQuery[Segment]:
        """Returns the query for a first page, of which `found` tells how many segments are ranked: one more than the most.

        PostgreSQL takes words for independent of each other, and may expect a hundredth of what a frequent phrase finds.
        """
        parsed = _parsed_query()
        columns = (*_COLUMNS, segments.c.search_vector, parsed.c.query, parsed.c.included, parsed.c.is_short)
        found = (
            _matching(select(*columns), parsed, conditions).limit(literal(MAX_RANKED_SEGMENTS + 1, Integer)).subquery()
        )
        rank = _rank(found.c.search_vector, found.c).label("rank")
        count = func.count().over().label("found")
        ranked = select(*(found.c[name] for name in FIELDS), rank, count).subquery()
        key = (ranked.c.rank.desc(), ranked.c.meeting_id.desc(), ranked.c.segment_id.desc())
        page = select(ranked).order_by(*key).limit(bindparam("limit", type_=Integer)).subquery()
        statement = (
            select(parsed.c.tree, *page.c)
            .select_from(parsed.outerjoin(page, true()))
            .order_by(page.c.rank.desc(), page.c.meeting_id.desc(), page.c.segment_id.desc())
        )
        return MappedQuery.of(statement, Segment, without=("words",))

    async def page(self, request: PageRequest, filter: Search) -> Page[Hit]:
        """Returns what is found, the best first, and among equals the newest meeting's last segment first.

        Very common words rank nothing: see `_page_of_newest`. Raises InvalidInput for a query that only excludes words.
        """
        conditions, parameters = _filter_parameters(filter)
        ranked = parameters | page_parameters(request, 3)
        if not await self._has_common_words(request, conditions, parameters):
            is_first = request.after is None
            query = self._bounded_page(conditions) if is_first else self._page(conditions, after=True)
            rows = await self._rows(query.statement, **ranked)
            for row in rows[:1]:
                _check_words(row.tree)
            if not (is_first and rows and (rows[0]["found"] or 0) > MAX_RANKED_SEGMENTS):
                return _ranked(request, query, rows)
        if (newest := await self._page_of_newest(request, conditions, parameters)) is not None:
            return newest
        query = self._page(conditions, after=False)
        return _ranked(request, query, await self._rows(query.statement, **ranked))

    @staticmethod
    @lru_cache(maxsize=100)
    def _expected(conditions: tuple[str, ...]) -> Explained:
        query = cast(bindparam("query", type_=Text), TSQUERY)
        found = select(segments.c.segment_id).where(*_IS_STORED, _matches(segments.c, query))
        return Explained(apply_filter(found, _CONDITIONS, conditions))

    @staticmethod
    @lru_cache(maxsize=100)
    def _newest(conditions: tuple[str, ...], *, after: bool, is_bounded: bool) -> MappedQuery[Segment]:
        """Returns the query for what is found, the newest first: among all, or if `is_bounded` among the newest segments."""
        parsed = _parsed_query()
        stored = select(segments).where(*_IS_STORED)
        if after:
            end = [bindparam("after_1", type_=Uuid), bindparam("after_2", type_=Integer)]
            stored = stored.where(tuple_(segments.c.meeting_id, segments.c.segment_id) < tuple_(*end))
        if is_bounded:
            order = (segments.c.meeting_id.desc(), segments.c.segment_id.desc())
            rows = stored.order_by(*order).limit(literal(MAX_NEWEST_SEGMENTS, Integer)).subquery("newest")
            is_found = and_(_matches(rows.c, parsed.c.query), *(_conditions(rows.c)[name] for name in conditions))
        else:
            stored = stored.join(parsed, _matches(segments.c, parsed.c.query))
            # Sorted alone, as the planner would read the newest segments one by one until there are enough.
            rows = apply_filter(stored, _CONDITIONS, conditions).offset(literal(0, Integer)).subquery("found")
            is_found = true()
        found = select(*(rows.c[name] for name in FIELDS)).join_from(rows, parsed, is_found)
        found = found.order_by(rows.c.meeting_id.desc(), rows.c.segment_id.desc())
        return MappedQuery.of(found.limit(bindparam("limit", type_=Integer)), Segment, without=("words",))

    async def _page_of_newest(
        self, request: PageRequest, conditions: tuple[str, ...], parameters: dict[str, Any]
    ) -> Page[Hit] | None:
        """Returns a page of what is found with very common words, the newest first; None for a first page that is short."""
        after = request.after
        parameters = parameters | page_parameters(request, 3)
        query = self._newest(conditions, after=after is not None, is_bounded=True)
        rows = await self._rows(query.statement, **parameters)
        if len(rows) <= request.limit:
            if after is None:
                return None
            query = self._newest(conditions, after=True, is_bounded=False)
            rows = await self._rows(query.statement, **parameters)
        return Page.of(request, [Hit(segment, UNRANKED) for segment in query.entities(rows)], hit_cursor)

    async def _has_common_words(
        self, request: PageRequest, conditions: tuple[str, ...], parameters: dict[str, Any]
    ) -> bool:
        """Returns whether PostgreSQL expects so many segments that they are not ranked.

        On later pages the cursor tells, so that all pages have the order of the first one.
        """
        if request.after is not None:
            return HitKey(*request.after).rank == UNRANKED
        return await self._expected_count(conditions, parameters) > MAX_RANKED_SEGMENTS

    async def _expected_count(self, conditions: tuple[str, ...], parameters: dict[str, Any]) -> int:
        """Returns how many segments PostgreSQL expects to find by its statistics."""
        for row in await self._rows(_QUERY_TEXT, **parameters):
            if row.tree not in _QUERYTREE_WITHOUT_WORDS:
                (plan,) = await self._rows(self._expected(conditions), query=row.query, **parameters)
                return expected_rows(plan)
        return 0

    @staticmethod
    @lru_cache(maxsize=100)
    def _count(conditions: tuple[str, ...]) -> Select[Any]:
        parsed = _parsed_query()
        matching = _matching(select(func.count().label("total")).select_from(segments), parsed, conditions).lateral()
        return select(parsed.c.tree, matching.c.total).join_from(parsed, matching, true())

    async def count(self, filter: Search) -> int:
        """Returns how many segments are found. Raises as `page` does."""
        conditions, parameters = _filter_parameters(filter)
        rows = await self._rows(self._count(conditions), **parameters)
        for row in rows:
            _check_words(row.tree)
        return sum(row.total for row in rows)

    @staticmethod
    def _compare() -> Select[Any]:
        words = func.unnest(bindparam("words", type_=ARRAY(Text))).table_valued("forms", with_ordinality="nth")
        words = words.render_derived(name="words")
        config = cast(literal("pg_catalog.", Text) + workspaces.c.language, REGCONFIG)
        query = func.to_tsquery(config, bindparam("query", type_=Text), type_=TSQUERY)
        vector = func.to_tsvector(config, words.c.forms, type_=TSVECTOR)
        matches = vector.op("@@", is_comparison=True)(query).label("matches")
        statement = select(matches).select_from(workspaces.join(words, true())).where(workspaces.c.id == WORKSPACE)
        return statement.order_by(words.c.nth)

    _COMPARE = _compare()

    async def highlight(self, query: str, texts: Collection[str]) -> dict[str, list[Highlight]]:
        """Returns the places in each text of the words that the query asks for."""
        highlighter = Highlighter(query)
        is_short = sum(map(len, texts)) <= MAX_INLINE_CHARS
        words, compared = _read(texts) if is_short else await asyncio.to_thread(_read, texts)
        rows = await self._rows(self._COMPARE, query=highlighter.expression, words=compared)
        # There are no rows if the workspace does not exist.
        matching = {forms for forms, row in zip(compared, rows, strict=False) if row.matches}
        if is_short:
            return highlighter.highlights_of_all(words, matching)
        return await asyncio.to_thread(highlighter.highlights_of_all, words, matching)


def _ranked(request: PageRequest, query: MappedQuery[Segment], rows: Sequence[Record]) -> Page[Hit]:
    found = [row for row in rows if row["segment_id"] is not None]
    hits = [Hit(segment, row["rank"]) for segment, row in zip(query.entities(found), found, strict=True)]
    return Page.of(request, hits, hit_cursor)


def _read(texts: Collection[str]) -> tuple[dict[str, list[Word]], list[str]]:
    """Returns the words of each text, and those that the database is to compare."""
    words = {text: words_of(text) for text in texts}
    return words, sorted(set().union(*(comparable_words(each) for each in words.values())))
