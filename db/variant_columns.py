"""The columns of variants, and the variants that are read with their agents."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import accumulate, chain, repeat
from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, select, true

from db.column_queries import ROW_COUNT, are_separable, as_columns, column_values
from db.config_columns import PARAMETERS_DECODER
from db.keyset import SortColumns, in_order, sort_value
from db.repository import WORKSPACE, ColumnNames, columns
from db.row_mapping import AnySelect, MappedQuery, MappedRows, RowColumns, column_names
from db.tables import agent_variants, agents
from domain.agents import Agent
from domain.configs import CONFIG_FIELDS
from domain.variants import AgentVariant

VARIANTS = "variants"
"""The name that requests that agents are read with their variants."""
ALL_OF_VARIANTS = f"{VARIANTS}.*"
_OWN_FIELDS = ("id", "agent_id", "slug", "name", "description", "version", "created_at", "updated_at")


def is_active(variant: FromClause, agent: FromClause) -> ColumnElement[bool]:
    return func.coalesce(agent.c.active_variant_id == variant.c.id, False).label("is_active")


def variant_columns(
    source: FromClause, active: ColumnElement[bool], requested: ColumnNames = None
) -> list[ColumnElement[Any]]:
    """Returns the columns of a variant's row, its overrides labelled as such, and whether it is active."""
    overrides = columns(source, CONFIG_FIELDS, requested)
    return [
        *columns(source, _OWN_FIELDS, requested),
        *([active] if requested is None or "is_active" in requested else ()),
        *(column.label(f"overrides.{column.name}") for column in overrides),
    ]


def mapped(statement: AnySelect) -> MappedQuery[AgentVariant]:
    return MappedQuery.of(statement, AgentVariant, parts=("overrides",), decoders=(PARAMETERS_DECODER,))


def with_variants(
    page: MappedQuery[Agent], sort_columns: SortColumns, requested: frozenset[str], *, downward: bool
) -> MappedQuery[Agent]:
    """Returns the query for a page of agents with their variants: each row has an agent, and its variants in columns.

    `variants.slug` requests one column, ALL_OF_VARIANTS all. If a text has the separator, the agents come without variants.
    """
    sort_values = [sort_value(column).label(f"sort_{n}") for n, column in enumerate(sort_columns)]
    rows = page.statement.add_columns(agents.c.active_variant_id, *sort_values).subquery("page")
    names = {name.removeprefix(f"{VARIANTS}.") for name in requested if name.startswith(f"{VARIANTS}.")}
    wanted = None if ALL_OF_VARIANTS in requested else frozenset(names | {"id"})
    own = variant_columns(agent_variants, is_active(agent_variants, rows), wanted)
    of_agent = (
        select(*(column for column in own if column.name != "agent_id"))
        .where(agent_variants.c.workspace_id == WORKSPACE, agent_variants.c.agent_id == rows.c.id)
        .order_by(agent_variants.c.id)
        .correlate(rows)
    )
    variants = select(*as_columns(of_agent.lateral("variant"), joined=True)).correlate(rows).lateral(VARIANTS)
    count, *values = variants.c
    agent_names = column_names(page.statement)
    statement = (
        # A row stands for an agent and its variants.
        select(*(rows.c[name] for name in agent_names), (count + 1).label(ROW_COUNT), *values)
        .join_from(rows, variants, true())
        .order_by(*in_order([rows.c[value.name] for value in sort_values], downward=downward))
    )
    query = mapped(of_agent.add_columns(agent_variants.c.agent_id))
    return page._replace(statement=statement, entities=partial(_entities, page, query))


def _entities(page: MappedQuery[Agent], query: MappedQuery[AgentVariant], rows: Iterable[Sequence[Any]]) -> list[Agent]:
    """Makes the agents of the first columns of each row and, as the last of these, the variants in the others."""
    found, width = list(rows), len(page.columns) - 1
    if not found:
        return []
    columns = list(zip(*found, strict=True))
    own, counts = columns[:width], [row_count - 1 for row_count in columns[width]]
    agent_ids = list(chain.from_iterable(map(repeat, own[page.columns.index("id")], counts)))
    filled = [row[width + 1 :] for row in found if row[width] > 1]
    values = [*column_values(filled, query.leaf_classes[:-1]), agent_ids]
    if are_separable((len(agent_ids), *values), 1, query.leaf_classes):
        table = RowColumns(AgentVariant, query, len(agent_ids), values)
        variants: Iterable[object] = map(partial(MappedRows, table), accumulate(counts, initial=0), counts)
    else:
        variants = repeat(None)
    return page.entities(zip(*own, variants, strict=False))
