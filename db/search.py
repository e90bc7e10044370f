"""Search in SQL, by PostgreSQL's full text: `segments.search_vector` has each segment's words, and its index finds them."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
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
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, REGCONFIG, TSQUERY

from db.filters import apply_filter, filter_parameters
from db.highlights import MARKS, highlights, indexed_query, indexed_text
from db.keyset import page_parameters
from db.repository import WORKSPACE, Repository, columns
from db.row_mapping import MappedQuery
from db.segments import FIELDS
from db.tables import segments, workspaces
from domain.errors import InvalidInput
from domain.pagination import Page, PageRequest
from domain.search import Highlight, Hit, Search, hit_cursor
from domain.segments import Segment

_COLUMNS = columns(segments, FIELDS)
_QUERYTREE_WITHOUT_WORDS = ("", "T")
"""The values of `querytree` for a query without words, and for one that any segment without some word would match."""
_RANK_NORMALIZATION = 1 | 32
"""Flags: a long segment is no better for being long (1: divides by the length's logarithm), and ranks are below 1 (32)."""
_MAX_NODES_RANKED_BY_DISTANCE = 15
"""Nodes of a query's tree: 8 words and the operators between them."""
_HEADLINE_OPTIONS = f'HighlightAll=true, StartSel="{MARKS[0]}", StopSel="{MARKS[1]}"'
_LONG_RUN = r"\S{100}"
"""A text that the index breaks into parts (see `db.tables`), and in which nothing is highlighted."""


def _parsed_query() -> CTE:
    """Returns the query as the workspace's language reads it.

    The planner does not know the query, so no word can make a plan worse.
    """
    config = cast(literal("pg_catalog.", Text) + workspaces.c.language, REGCONFIG)
    query = func.websearch_to_tsquery(config, func.fold_case(bindparam("query", type_=Text)), type_=TSQUERY)
    parsed = select(config.label("config"), query.label("query")).where(workspaces.c.id == WORKSPACE).subquery()
    tree = func.querytree(parsed.c.query, type_=Text)
    included = case((_has_words(tree), cast(tree, TSQUERY)))  # without excluded words, which are not to be highlighted
    is_short = func.numnode(parsed.c.query) <= _MAX_NODES_RANKED_BY_DISTANCE
    columns = (*parsed.c, tree.label("tree"), included.label("included"), is_short.label("is_short"))
    return select(*columns).cte("parsed_query").prefix_with("MATERIALIZED")


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
    return conditions, parameters | {"query": indexed_query(filter.query)}


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
    def _highlight() -> Select[Any]:
        parsed = _parsed_query()
        texts = func.unnest(bindparam("texts", type_=ARRAY(Text))).table_valued("words", with_ordinality="nth")
        texts = texts.render_derived(name="texts")
        words = texts.c.words
        headline = func.ts_headline(
            parsed.c.config, func.fold_case(words), parsed.c.included, literal(_HEADLINE_OPTIONS, Text), type_=Text
        )
        marked = case((words.op("~")(literal(_LONG_RUN, Text)), words), else_=headline).label("marked")
        return select(marked).select_from(parsed.join(texts, true())).order_by(texts.c.nth)

    _HIGHLIGHT = _highlight()

    async def highlight(self, query: str, texts: Collection[str]) -> dict[str, list[Highlight]]:
        """Returns the places in each text of the words that the query asks for."""
        rows = await self._rows(
            self._HIGHLIGHT, query=indexed_query(query), texts=[indexed_text(text) for text in texts]
        )
        # There are no rows if the workspace does not exist.
        return {text: highlights(row.marked, text) for text, row in zip(texts, rows, strict=False)}
