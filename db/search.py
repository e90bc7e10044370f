"""Search in SQL, by PostgreSQL's full text: `segments.search_vector` has each segment's words, and its index finds them."""

import asyncio
from collections.abc import Collection
from functools import lru_cache
from typing import Any

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

from db.filters import apply_filter, filter_parameters
from db.keyset import page_parameters
from db.repository import WORKSPACE, Repository, columns
from db.row_mapping import MappedQuery
from db.segments import FIELDS
from db.tables import segments, workspaces
from domain.errors import InvalidInput
from domain.highlights import Highlighter, comparable_words
from domain.pagination import Page, PageRequest
from domain.search import Highlight, Hit, Search, hit_cursor
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


def _parsed_query() -> CTE:
    """Returns the query as the workspace's language reads it; `included` is without what is excluded.

    The planner does not know the query, so no word can make a plan worse.
    """
    parsed = _PARSED_QUERY.columns(config=REGCONFIG, query=TSQUERY, tree=Text, included=TSQUERY, is_short=Boolean)
    return parsed.cte("parsed_query").prefix_with("MATERIALIZED")


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


_CONDITIONS = {
    "meeting_id": segments.c.meeting_id == bindparam("meeting_id", type_=Uuid),
    "speaker": segments.c.speaker == bindparam("speaker"),
    "created_after": segments.c.created_at >= bindparam("created_after", type_=DateTime(timezone=True)),
    "created_before": segments.c.created_at < bindparam("created_before", type_=DateTime(timezone=True)),
    "from_time": segments.c.end_time >= bindparam("from_time", type_=Double),
    "to_time": segments.c.start_time <= bindparam("to_time", type_=Double),
}


def _matching(statement: Select[Any], parsed: CTE, conditions: tuple[str, ...]) -> Select[Any]:
    statement = statement.where(
        segments.c.workspace_id == WORKSPACE,
        ~segments.c.deleted,
        _has_words(parsed.c.tree),  # else the whole index would be read
        segments.c.search_vector.op("@@", is_comparison=True)(parsed.c.query),
    )
    return apply_filter(statement, _CONDITIONS, conditions)


def _rank(parsed: CTE) -> ColumnElement[float]:
    """Returns the rank, from 0 to 1, by the segment and the query only.

    `ts_rank_cd` takes time that grows with the words of the query times the places they have in the segment, times the
    words again: 26 words that are all over a long segment took it 60 ms, and `ts_rank` of words joined by "and", which
    compares all pairs of places, 150 ms. Joined by "or" it only counts, which takes less than the search itself.
    """
    words = segments.c.search_vector
    joined_by_or = parsed.c.included.op("||")(parsed.c.included)
    by_count = func.ts_rank(words, joined_by_or, _RANK_NORMALIZATION)
    by_distance = func.ts_rank_cd(words, parsed.c.query, _RANK_NORMALIZATION)
    return cast(case((parsed.c.is_short, by_distance), else_=by_count), Double)


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
        rank = _rank(parsed).label("rank")
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

    async def page(self, request: PageRequest, filter: Search) -> Page[Hit]:
        """Returns what is found, the best first, and among equals the newest meeting's last segment first.

        Raises InvalidInput for a query that only excludes words.
        """
        conditions, parameters = _filter_parameters(filter)
        query = self._page(conditions, after=request.after is not None)
        rows = await self._rows(query.statement, **parameters, **page_parameters(request, 3))
        for row in rows[:1]:
            _check_words(row.tree)
        found = [row for row in rows if row["segment_id"] is not None]
        hits = [Hit(segment, row["rank"]) for segment, row in zip(query.entities(found), found, strict=True)]
        return Page.of(request, hits, hit_cursor)

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


def _read(texts: Collection[str]) -> tuple[dict[str, list[Word]], list[str]]:
    """Returns the words of each text, and those that the database is to compare."""
    words = {text: words_of(text) for text in texts}
    return words, sorted(set().union(*(comparable_words(each) for each in words.values())))
