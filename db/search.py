"""Search in SQL: PostgreSQL's full text. `segments.search_vector` has each segment's words, and its index finds them."""

from collections.abc import Sequence

from sqlalchemy import CTE, ColumnElement, Double, FromClause, Text, case, cast, func, literal, select, true, tuple_
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY

from db.repository import WORKSPACE, AnyRow, Repository, columns
from db.tables import segments, workspaces
from domain import cursors
from domain.errors import InvalidInput
from domain.ids import uuid
from domain.pages import Page, PageRequest
from domain.search import MARKS, NO_WORDS, Hit, Search, as_indexed
from domain.segments import Segment
from domain.validation import integer, number

_COLUMNS = columns(segments, Segment.__match_args__)
_NOTHING_TO_LOOK_UP = ("", "T")
"""What `querytree` says of a query without words, and of one that any segment without some word would match."""
_NORMALIZATION = 1 | 32
"""A long segment is no better for being long (1: the rank by the logarithm of the length); and ranks are below 1 (32)."""
_HEADLINE = f'HighlightAll=true, StartSel="{MARKS[0]}", StopSel="{MARKS[1]}"'
_LONG_RUN = r"\S{100}"
"""What the index breaks (see `db.tables`), and what is not looked into for highlights."""

CURSOR = cursors.cursor("search", number(0, 1), uuid, integer(0))


def _cursor(hit: Hit) -> str:
    return cursors.encode("search", hit.rank, str(hit.segment.meeting_id), hit.segment.segment_id)


def _words(column: ColumnElement[str], characters: str) -> ColumnElement[str]:
    return func.translate(column, literal(characters, Text), literal(" " * len(characters), Text), type_=Text)


def _asked(search: Search) -> CTE:
    """The query as the workspace's language reads it. As it is not known to the planner, no word can make a plan worse."""
    config = cast(literal("pg_catalog.", Text) + workspaces.c.language, REGCONFIG)
    given = literal(as_indexed(search.query), Text)
    parsed = (
        select(config.label("config"), func.websearch_to_tsquery(config, given, type_=TSQUERY).label("query"))
        .where(workspaces.c.id == WORKSPACE)
        .subquery()
    )
    tree = func.querytree(parsed.c.query, type_=Text)
    # What is excluded is not to be highlighted, so `wanted` is without it.
    wanted = case((tree.not_in(_NOTHING_TO_LOOK_UP), cast(tree, TSQUERY)))
    return select(*parsed.c, tree.label("tree"), wanted.label("wanted")).cte("asked").prefix_with("MATERIALIZED")


def _conditions(search: Search, asked: CTE) -> Sequence[ColumnElement[bool]]:
    conditions = [
        segments.c.workspace_id == WORKSPACE,
        ~segments.c.deleted,
        asked.c.tree.not_in(_NOTHING_TO_LOOK_UP),  # else the whole index would be read
        segments.c.search_vector.op("@@", is_comparison=True)(asked.c.query),
    ]
    if search.meeting_id is not None:
        conditions.append(segments.c.meeting_id == search.meeting_id)
    if search.speaker is not None:
        conditions.append(segments.c.speaker == search.speaker)
    if search.created_after is not None:
        conditions.append(segments.c.created_at >= search.created_after)
    if search.created_before is not None:
        conditions.append(segments.c.created_at < search.created_before)
    if search.from_time is not None:
        conditions.append(segments.c.end_time >= search.from_time)
    if search.to_time is not None:
        conditions.append(segments.c.start_time <= search.to_time)
    return conditions


class SearchRepository(Repository):
    """The segments of one workspace, by their words."""

    async def page(self, request: PageRequest, filter: Search) -> Page[Hit]:
        """What is found, best first, and of equals the newest meeting's last. Raises InvalidInput for a query without words."""
        asked = _asked(filter)
        rank = cast(func.ts_rank_cd(segments.c.search_vector, asked.c.query, _NORMALIZATION), Double).label("rank")
        key = (rank, segments.c.meeting_id, segments.c.segment_id)
        best = select(*_COLUMNS, rank).where(*_conditions(filter, asked))
        if request.after is not None:
            best = best.where(tuple_(*key) < tuple_(*map(literal, request.after)))
        page = best.order_by(*(column.desc() for column in key)).limit(request.limit + 1).lateral("page")
        rows = self._looked_up(
            await self._rows(
                select(asked.c.tree, *page.c, _marked(asked, page))
                .select_from(asked.outerjoin(page, true()))
                .order_by(page.c.rank.desc(), page.c.meeting_id.desc(), page.c.segment_id.desc())
            )
        )
        hits = [Hit(Segment(*values), rank, marked) for _, *values, rank, marked in rows if values[0] is not None]
        return Page.of(request, hits, _cursor)

    async def count(self, filter: Search) -> int:
        """How many are found. Raises as `page` does."""
        asked = _asked(filter)
        found = select(func.count().label("found")).select_from(segments).where(*_conditions(filter, asked)).lateral()
        rows = self._looked_up(await self._rows(select(asked.c.tree, found.c.found).join_from(asked, found, true())))
        return sum(row.found for row in rows)

    def _looked_up(self, rows: Sequence[AnyRow]) -> Sequence[AnyRow]:
        if rows and rows[0].tree == "T":
            raise InvalidInput.of(
                "query", "must have a word that is to be found, beside what is excluded with - or by or"
            )
        return rows


def _marked(asked: CTE, page: FromClause) -> ColumnElement[str]:
    """The text of a row of the page with its words marked."""
    words = _words(page.c.text, NO_WORDS + MARKS)
    headline = func.ts_headline(asked.c.config, words, asked.c.wanted, literal(_HEADLINE, Text), type_=Text)
    return case((page.c.text.op("~")(literal(_LONG_RUN, Text)), words), else_=headline).label("marked")
