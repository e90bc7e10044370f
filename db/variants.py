"""Variants in SQL."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, Uuid, any_, bindparam, func, select

from db.agents import VARIANTS, AgentRepository, new_parameters
from db.repository import ID, IDS, WORKSPACE, ColumnNames, Repository, columns, select_columns
from db.row_mapping import MappedQuery, row_mapper
from db.tables import agent_variants, agents
from domain.agents import Agent
from domain.configs import CONFIG_FIELDS
from domain.errors import Conflict, NotFound
from domain.ids import AgentId, VariantId
from domain.slugs import free_slug, slugify
from domain.variants import AgentVariant, CreateVariant, ensure_variant_limit

_OWN = columns(agent_variants, ("id", "agent_id", "slug", "name", "description"))
_STATE = columns(agent_variants, ("version", "created_at", "updated_at"))
_OVERRIDES = columns(agent_variants, CONFIG_FIELDS)
_IS_ACTIVE = func.coalesce(agents.c.active_variant_id == agent_variants.c.id, False).label("is_active")
_COLUMNS = (*_OWN, _IS_ACTIVE, *_STATE, *_OVERRIDES)

_IN_WORKSPACE = agent_variants.c.workspace_id == WORKSPACE
_VARIANTS = (
    select(*_COLUMNS)
    .join_from(
        agent_variants,
        agents,
        (agents.c.workspace_id == agent_variants.c.workspace_id) & (agents.c.id == agent_variants.c.agent_id),
    )
    .where(_IN_WORKSPACE)
)
_BY_IDS = _VARIANTS.where(agent_variants.c.id == any_(IDS))
# The agents' ids are said twice: for the variants, and for the agents, which would else be scanned when there are many.
_OF_AGENTS = _VARIANTS.where(agent_variants.c.agent_id == any_(IDS), agents.c.id == any_(IDS))


def _reading(statement: Select[Any], wanted: ColumnNames) -> MappedQuery[AgentVariant]:
    own = select_columns(wanted, _COLUMNS)
    names = tuple(f"overrides.{column.name}" if column.name in CONFIG_FIELDS else column.name for column in own)
    return MappedQuery(statement.with_only_columns(*own), row_mapper(AgentVariant, names, parts=("overrides",)))


@lru_cache(maxsize=100)
def _by_agents(wanted: ColumnNames) -> MappedQuery[AgentVariant]:
    ordered = _OF_AGENTS.order_by(agent_variants.c.agent_id, agent_variants.c.id)
    return _reading(ordered, None if wanted is None else wanted.union(("id", "agent_id", "slug")))


_ACTIVE_BY_AGENTS = _OF_AGENTS.where(agents.c.active_variant_id == agent_variants.c.id)
_SLUGS = select(agent_variants.c.slug).where(_IN_WORKSPACE, agent_variants.c.agent_id == ID)
_AGENT_OF = select(agent_variants.c.agent_id).where(_IN_WORKSPACE, agent_variants.c.id == ID)

_NAMED = ("slug", "name", "description")


def _delete() -> Select[Any]:
    deleted, event = VARIANTS.delete(_IN_WORKSPACE, agent_variants.c.id == any_(IDS))
    return select(deleted.c.id).add_cte(event)


_CREATE = VARIANTS.creation(("id",), agent_id=bindparam("agent", type_=Uuid))
_UPDATE, _DELETE = VARIANTS.replacement(("id",)), _delete()


_variants = _reading(_VARIANTS, None).entities


class VariantRepository(Repository):
    """The variants of the agents of one workspace."""

    async def by_ids(self, ids: Iterable[VariantId]) -> dict[VariantId, AgentVariant]:
        return {variant.id: variant for variant in _variants(await self._rows(_BY_IDS, ids=list(ids)))}

    async def get(self, id: VariantId) -> AgentVariant | None:
        return (await self.by_ids([id])).get(id)

    async def by_agents(
        self, agent_ids: Iterable[AgentId], wanted: ColumnNames = None
    ) -> dict[AgentId, list[AgentVariant]]:
        """Each agent's variants, oldest first."""
        reading = _by_agents(wanted)
        variants = reading.entities(await self._rows(reading.statement, ids=list(agent_ids)))
        groups = groupby(variants, attrgetter("agent_id"))
        return defaultdict(list, ((agent_id, list(group)) for agent_id, group in groups))

    async def active_by_agents(self, agent_ids: Iterable[AgentId]) -> dict[AgentId, AgentVariant]:
        rows = await self._rows(_ACTIVE_BY_AGENTS, ids=list(agent_ids))
        return {variant.agent_id: variant for variant in _variants(rows)}

    async def get_for_update(self, id: VariantId) -> AgentVariant:
        """Returns the variant and locks its agent's row until the unit of work ends. Raises NotFound."""
        if rows := await self._rows(_AGENT_OF, id=id):
            agents = AgentRepository(self._connection, self._workspace_id, self._changes)
            await agents.get_for_update(rows[0].agent_id)
            if variant := await self.get(id):  # it may have gone while we waited for the lock
                return variant
        raise NotFound("variant", id)

    async def create(self, agent: Agent, new: CreateVariant, *, replacing: int = 0) -> AgentVariant:
        """Store a variant of an agent that the caller has locked.

        Without a slug it gets the first free one of its name. Raises Conflict for a slug that is taken, or one too many;
        `replacing` says how many of the present ones the caller deletes before the unit of work ends.
        """
        taken = {row.slug for row in await self._rows(_SLUGS, id=agent.id)}
        ensure_variant_limit(len(taken) - replacing)
        named = {
            "slug": new.slug or free_slug(slugify(new.name), taken),
            "name": new.name,
            "description": new.description,
        }
        await self._write(_CREATE, id=new.id, agent=agent.id, **new_parameters(named, new.overrides))
        return (await self.by_ids([new.id]))[new.id]

    async def update(self, variant: AgentVariant, *, restored_version: int | None = None) -> AgentVariant:
        """Store the variant's present values as its next version. Raises Conflict if it is no longer at the version given.

        `restored_version` is the one that they come from, where this is a return to it.
        """
        values = new_parameters({name: getattr(variant, name) for name in _NAMED}, variant.overrides)
        rows = await self._write(
            _UPDATE, restored_version=restored_version, key=variant.id, expected_version=variant.version, **values
        )
        if not rows:
            raise Conflict("the variant was modified concurrently")
        self._changes.agents.add(variant.agent_id)
        return (await self.by_ids([variant.id]))[variant.id]

    async def delete(self, *ids: VariantId) -> None:
        if ids:
            await self._write(_DELETE, ids=list(ids))
