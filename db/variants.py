"""Variants in SQL."""

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Uuid, any_, bindparam, select

from db.agents import AUDITED_VARIANTS
from db.column_queries import as_columns, column_values
from db.event_writes import new_values
from db.repository import ID, IDS, WORKSPACE, ColumnNames, Repository
from db.row_mapping import AnySelect, MappedQuery, MappedRows, RowColumns
from db.tables import agent_variants, agents
from db.variant_columns import is_active, mapped, variant_columns
from domain.agents import Agent
from domain.configs import CONFIG_FIELDS
from domain.errors import Conflict, NotFound
from domain.ids import AgentId, VariantId
from domain.slugs import free_slug, slugify
from domain.variants import AgentVariant, CreateVariant, ensure_variant_limit

_WRITTEN_FIELDS = ("slug", "name", "description")
_IN_WORKSPACE = agent_variants.c.workspace_id == WORKSPACE


def _written_columns(written: FromClause) -> list[ColumnElement[Any]]:
    """Returns the columns of a variant that was written: its agent's row is locked, and says whether the variant is active."""
    of_agent = (agents.c.workspace_id == written.c.workspace_id) & (agents.c.id == written.c.agent_id)
    active = select(is_active(written, agents)).where(of_agent).scalar_subquery()
    return variant_columns(written, active.label("is_active"))


def _variant_query(requested: ColumnNames = None) -> AnySelect:
    of_agent = (agents.c.workspace_id == agent_variants.c.workspace_id) & (agents.c.id == agent_variants.c.agent_id)
    selected = variant_columns(agent_variants, is_active(agent_variants, agents), requested)
    return select(*selected).join_from(agent_variants, agents, of_agent).where(_IN_WORKSPACE)


# The agents' ids are said twice: for the variants, and for the agents, which would else be scanned if there are many.
_OF_AGENTS = (agent_variants.c.agent_id == any_(IDS), agents.c.id == any_(IDS))


class VariantRepository(Repository):
    """The variants of the agents of one workspace."""

    _BY_IDS = mapped(_variant_query().where(agent_variants.c.id == any_(IDS)))

    async def by_ids(self, ids: Iterable[VariantId]) -> dict[VariantId, AgentVariant]:
        return {variant.id: variant for variant in await self._entities(self._BY_IDS, ids=list(ids))}

    async def get(self, id: VariantId) -> AgentVariant | None:
        return (await self.by_ids([id])).get(id)

    @staticmethod
    @lru_cache(maxsize=100)
    def _by_agents(requested: ColumnNames, *, joined: bool) -> MappedQuery[AgentVariant]:
        query = _variant_query(None if requested is None else requested.union(("id", "agent_id", "slug")))
        rows = query.where(*_OF_AGENTS).order_by(agent_variants.c.agent_id, agent_variants.c.id)
        found = rows.subquery("variant")
        return mapped(rows)._replace(statement=select(*as_columns(found, joined=joined)))

    async def by_agents(
        self, agent_ids: Iterable[AgentId], requested: ColumnNames = None
    ) -> dict[AgentId, MappedRows[AgentVariant]]:
        """Returns each agent's variants, the oldest first; in a second statement if a text has the separator."""
        ids = list(agent_ids)
        query, ((row_count, *values),) = await self._column_rows(partial(self._by_agents, requested), 1, ids=ids)
        columns = column_values([values] if row_count else [], query.leaf_classes)
        rows = RowColumns(AgentVariant, query, row_count, columns)
        found = rows.grouped_by("agent_id")
        return {id: found.get(str(id)) or MappedRows(rows, 0, 0) for id in ids}

    _ACTIVE_BY_AGENTS = mapped(_variant_query().where(*_OF_AGENTS, agents.c.active_variant_id == agent_variants.c.id))

    async def active_by_agents(self, agent_ids: Iterable[AgentId]) -> dict[AgentId, AgentVariant]:
        variants = await self._entities(self._ACTIVE_BY_AGENTS, ids=list(agent_ids))
        return {variant.agent_id: variant for variant in variants}

    _GET_FOR_UPDATE = mapped(
        _variant_query()
        .where(agent_variants.c.id == ID)
        .with_for_update(key_share=True, of=[agents, agent_variants])  # in this order, as every other write
    )

    async def get_for_update(self, id: VariantId) -> AgentVariant:
        """Returns the variant and locks its agent's row and its own until the unit of work ends. Raises NotFound."""
        found = await self._entities(self._GET_FOR_UPDATE, id=id)
        if not found:
            raise NotFound("variant", id)
        return found[0]

    _SLUGS = select(agent_variants.c.slug).where(_IN_WORKSPACE, agent_variants.c.agent_id == ID)
    _CREATE = mapped(AUDITED_VARIANTS.insert_one(_written_columns, agent_id=bindparam("agent", type_=Uuid)))

    async def create(self, agent: Agent, new: CreateVariant, *, replacing: int = 0) -> AgentVariant:
        """Stores a variant of an agent that the caller has locked, and returns it.

        Without a slug it gets the first free one of its name. Raises Conflict for a slug that is taken, or one variant too
        many; `replacing` is the number of variants that the caller deletes before the unit of work ends.
        """
        taken = {row.slug for row in await self._rows(self._SLUGS, id=agent.id)}
        ensure_variant_limit(len(taken) - replacing)
        slug = new.slug or free_slug(slugify(new.name), taken)
        values = {"slug": slug, "name": new.name, "description": new.description}
        values |= {name: getattr(new.overrides, name) for name in CONFIG_FIELDS}
        rows = await self._write(self._CREATE.statement, id=new.id, agent=agent.id, **new_values(values))
        return self._CREATE.entities(rows)[0]

    _UPDATE = mapped(AUDITED_VARIANTS.update_one(_written_columns))

    async def update(self, variant: AgentVariant, *, restored_version: int | None = None) -> AgentVariant:
        """Stores the variant's values as its next version, and returns it. Raises Conflict if the version is out of date.

        `restored_version` is the version that the values come from, if this reverts to it.
        """
        values = {name: getattr(variant, name) for name in _WRITTEN_FIELDS}
        values |= {name: getattr(variant.overrides, name) for name in CONFIG_FIELDS}
        rows = await self._write(
            self._UPDATE.statement,
            restored_version=restored_version,
            key=variant.id,
            expected_version=variant.version,
            **new_values(values),
        )
        if not rows:
            raise Conflict("the variant was modified concurrently")
        self._note_agent_change(variant.agent_id)
        return self._UPDATE.entities(rows)[0]

    _DELETE = AUDITED_VARIANTS.delete_rows(_IN_WORKSPACE, agent_variants.c.id == any_(IDS))

    async def delete(self, *ids: VariantId) -> None:
        if ids:
            await self._write(self._DELETE, ids=list(ids))
