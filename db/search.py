"""Search in SQL: PostgreSQL's full text. `segments.search_vector` has each segment's words, and its index finds them."""

from collections.abc import Collection, Sequence
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

from db.driver import Record
from db.filters import apply_filter, filter_parameters
from db.keyset import page_parameters
from db.repository import WORKSPACE, Repository, columns
from db.tables import segments, workspaces
from domain import cursors
from domain.errors import InvalidInput
from domain.ids import uuid
from domain.pagination import Page, PageRequest
from domain.search import MARKS, Hit, Search, as_indexed, only_words
from domain.segments import Segment
from domain.validation import integer, number

_COLUMNS = columns(segments, Segment.__match_args__)
_NOTHING_TO_LOOK_UP = ("", "T")
"""What `querytree` says of a query without words, and of one that any segment without some word would match."""
_NORMALIZATION = 1 | 32
"""A long segment is no better for being long (1: the rank by the logarithm of the length); and ranks are below 1 (32)."""
_CLOSE = 15
"""Nodes of a query's tree, which are 8 words and what joins them, up to which the rank is by how close the words are."""
_HEADLINE = f'HighlightAll=true, StartSel="{MARKS[0]}", StopSel="{MARKS[1]}"'
_LONG_RUN = r"\S{100}"
"""What the index breaks (see `db.tables`), and what is not looked into for highlights."""

CURSOR = cursors.cursor("search", number(0, 1), uuid, integer(0))


def _cursor(hit: Hit) -> str:
    return cursors.encode("search", hit.rank, str(hit.segment.meeting_id), hit.segment.segment_id)


def _asked() -> CTE:
    """The query as the workspace's language reads it. As it is not known to the planner, no word can make a plan worse."""
    config = cast(literal("pg_catalog.", Text) + workspaces.c.language, REGCONFIG)
    query = func.websearch_to_tsquery(config, bindparam("query", type_=Text), type_=TSQUERY)
    parsed = select(config.label("config"), query.label("query")).where(workspaces.c.id == WORKSPACE).subquery()
    tree = func.querytree(parsed.c.query, type_=Text)
    # What is excluded is not to be highlighted, so `wanted` is without it.
    wanted = case((_has_words(tree), cast(tree, TSQUERY)))
    close = func.numnode(parsed.c.query) <= _CLOSE
    asked = select(*parsed.c, tree.label("tree"), wanted.label("wanted"), close.label("close"))
    return asked.cte("asked").prefix_with("MATERIALIZED")


def _has_words(tree: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(*(tree != nothing for nothing in _NOTHING_TO_LOOK_UP))


_CONDITIONS = {
    "meeting_id": segments.c.meeting_id == bindparam("meeting_id", type_=Uuid),
    "speaker": segments.c.speaker == bindparam("speaker"),
    "created_after": segments.c.created_at >= bindparam("created_after", type_=DateTime(timezone=True)),
    "created_before": segments.c.created_at < bindparam("created_before", type_=DateTime(timezone=True)),
    "from_time": segments.c.end_time >= bindparam("from_time", type_=Double),
    "to_time": segments.c.start_time <= bindparam("to_time", type_=Double),
}


def _found(statement: Select[Any], asked: CTE, conditions: tuple[str, ...]) -> Select[Any]:
    statement = statement.where(
        segments.c.workspace_id == WORKSPACE,
        ~segments.c.deleted,
        _has_words(asked.c.tree),  # else the whole index would be read
        segments.c.search_vector.op("@@", is_comparison=True)(asked.c.query),
    )
    return apply_filter(statement, _CONDITIONS, conditions)


def _rank(asked: CTE) -> ColumnElement[float]:
    """From 0 to 1, by the segment and the query only.

    `ts_rank_cd` takes time that grows with the words of the query times the places they have in the segment, times the
    words again: 26 words that are all over a long segment took it 60 ms, and `ts_rank` of words joined by "and", which
    compares all pairs of places, 150 ms. Joined by "or" it only counts, which takes less than the search itself.
    """
    words = segments.c.search_vector
    either = asked.c.wanted.op("||")(asked.c.wanted)
    counted = func.ts_rank(words, either, _NORMALIZATION)
    return cast(case((asked.c.close, func.ts_rank_cd(words, asked.c.query, _NORMALIZATION)), else_=counted), Double)


@lru_cache(maxsize=100)
def _page(conditions: tuple[str, ...], *, after: bool) -> Select[Any]:
    asked = _asked()
    rank = _rank(asked).label("rank")
    key = (rank, segments.c.meeting_id, segments.c.segment_id)
    best = _found(select(*_COLUMNS, rank), asked, conditions)
    if after:
        place: list[ColumnElement[Any]] = [bindparam(f"after_{n}", type_=column.type) for n, column in enumerate(key)]
        best = best.where(tuple_(*key) < tuple_(*place))
    best = best.order_by(*(column.desc() for column in key)).limit(bindparam("limit", type_=Integer))
    page = best.lateral("page")
    return (
        select(asked.c.tree, *page.c)
        .select_from(asked.outerjoin(page, true()))
        .order_by(page.c.rank.desc(), page.c.meeting_id.desc(), page.c.segment_id.desc())
    )


@lru_cache(maxsize=100)
def _count(conditions: tuple[str, ...]) -> Select[Any]:
    asked = _asked()
    found = _found(select(func.count().label("found")).select_from(segments), asked, conditions).lateral()
    return select(asked.c.tree, found.c.found).join_from(asked, found, true())


def _marked() -> Select[Any]:
    asked = _asked()
    given = func.unnest(bindparam("texts", type_=ARRAY(Text))).table_valued("words", with_ordinality="nth")
    given = given.render_derived(name="given")
    words = given.c.words
    headline = func.ts_headline(asked.c.config, words, asked.c.wanted, literal(_HEADLINE, Text), type_=Text)
    marked = case((words.op("~")(literal(_LONG_RUN, Text)), words), else_=headline).label("marked")
    return select(marked).select_from(asked.join(given, true())).order_by(given.c.nth)


_MARKED = _marked()


def _parameters(filter: Search) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names of the conditions, and all parameters."""
    parameters = filter_parameters(filter)
    conditions = tuple(name for name in parameters if name in _CONDITIONS)
    return conditions, parameters | {"query": as_indexed(filter.query)}


class SearchRepository(Repository):
    """The segments of one workspace, by their words."""

    async def page(self, request: PageRequest, filter: Search) -> Page[Hit]:
        """What is found, best first, and of equals the newest meeting's last. Raises InvalidInput for a query without words."""
        conditions, parameters = _parameters(filter)
        statement = _page(conditions, after=request.after is not None)
        rows = self._looked_up(await self._rows(statement, **parameters, **page_parameters(request, 3)))
        hits = [Hit(Segment(*values), rank) for _, *values, rank in rows if values[0] is not None]
        return Page.of(request, hits, _cursor)

    async def count(self, filter: Search) -> int:
        """How many are found. Raises as `page` does."""
        conditions, parameters = _parameters(filter)
        rows = self._looked_up(await self._rows(_count(conditions), **parameters))
        return sum(row.found for row in rows)

    async def highlight(self, query: str, texts: Collection[str]) -> dict[str, str]:
        """Each text with blanks for what is no word, and MARKS around those that the query asks for."""
        rows = await self._rows(_MARKED, query=as_indexed(query), texts=[only_words(text) for text in texts])
        return {text: row.marked for text, row in zip(texts, rows, strict=False)}  # none where no workspace is

    def _looked_up(self, rows: Sequence[Record]) -> Sequence[Record]:
        if rows and rows[0].tree == "T":
            raise InvalidInput.of(
                "query", "must have a word that is to be found, beside what is excluded with - or by or"
            )
        return rows
