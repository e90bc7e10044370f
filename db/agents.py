"""Agents in SQL."""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Select, Text, any_, bindparam, case, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from db.event_writes import AuditedTable, Values
from db.filters import apply_filter, contains_text, filter_parameters
from db.keyset import PageShape, keyset_page, page_parameters
from db.repository import EXPECTED_VERSION, ID, IDS, KEY, WORKSPACE, ColumnNames, Repository, columns, select_columns
from db.row_mapping import MappedQuery, row_mapper
from db.tables import agent_variants, agents, workspaces
from domain.agents import Agent, CreateAgent, ResolvedAgentConfig
from domain.configs import CONFIG_FIELDS, AgentConfig, ConfigOverrides
from domain.errors import Conflict, NotFound
from domain.filters import AgentFilter
from domain.history import ACTIVE_VARIANT, Aggregate, EventKind
from domain.ids import AgentId, VariantId
from domain.optimistic_locking import ensure_version
from domain.ordering import AGENTS_BY_AGE, Order
from domain.pagination import Page, PageRequest
from domain.slugs import free_slug, slugify

_OWN = ("id", "slug", "name", "description", "active_variant_id", "version", "created_at", "updated_at")
_READ = (*_OWN, *CONFIG_FIELDS)
_COLUMNS = columns(agents, _READ)
_IN_WORKSPACE = agents.c.workspace_id == WORKSPACE
RESOLVED = "resolved"
"""ColumnNames beside columns: what the agent resolves to."""

_AGENTS = select(*_COLUMNS).where(_IN_WORKSPACE)
_BY_IDS = _AGENTS.where(agents.c.id == any_(IDS))
_LOCKED_ALL = _AGENTS.order_by(agents.c.id).with_for_update(key_share=True)
_LOCKED_BY_SLUGS = _LOCKED_ALL.where(agents.c.slug == any_(bindparam("slugs", type_=ARRAY(Text))))
_ONE = _AGENTS.where(agents.c.id == ID)
_LOCKED = _ONE.with_for_update(key_share=True)
_LOCKED_TO_DELETE = _ONE.with_for_update()  # keeps others from referring to it, too


_LOCKED_WORKSPACE = select(workspaces.c.id).where(workspaces.c.id == WORKSPACE).with_for_update(key_share=True)

_CONDITIONS = {
    "text": or_(*map(contains_text, (agents.c.name, agents.c.slug, agents.c.description))),
    "model_provider": agents.c.model_provider == bindparam("model_provider"),
    "model_name": agents.c.model_name == bindparam("model_name"),
    "has_active_variant": agents.c.active_variant_id.is_not(None) == bindparam("has_active_variant", type_=Boolean),
}


@lru_cache(maxsize=100)
def _count(conditions: tuple[str, ...]) -> Select[Any]:
    return apply_filter(select(func.count()).select_from(agents).where(_IN_WORKSPACE), _CONDITIONS, conditions)


_base = bindparam("base", type_=Text)
_SLUGS_LIKE = select(agents.c.slug).where(
    _IN_WORKSPACE, or_(agents.c.slug == _base, agents.c.slug.startswith(_base + "-"))
)

_COUNT_WITH_VARIANTS = select(
    select(func.count()).select_from(agents).where(_IN_WORKSPACE).scalar_subquery()
    + select(func.count())
    .select_from(agent_variants)
    .where(agent_variants.c.workspace_id == WORKSPACE)
    .scalar_subquery()
)

_WITH_ACTIVE = agents.outerjoin(
    agent_variants,
    (agent_variants.c.workspace_id == agents.c.workspace_id)
    & (agent_variants.c.agent_id == agents.c.id)
    & (agent_variants.c.id == agents.c.active_variant_id),
)
_RESOLVED = (
    agents.c.id,
    agent_variants.c.id,
    *(func.coalesce(agent_variants.c[name], agents.c[name]) for name in CONFIG_FIELDS),
    # One text of twelve letters: half of what an integer of twelve bits costs PostgreSQL when it plans for one agent.
    func.concat(*(agent_variants.c[name].is_not(None) for name in CONFIG_FIELDS)),
)
"""What an agent resolves to: the active variant's value, else the agent's, field by field; and which are the variant's."""
_RESOLVED_BY_IDS = select(*_RESOLVED).select_from(_WITH_ACTIVE).where(_IN_WORKSPACE, agents.c.id == any_(IDS))

# What changes whenever a resolved configuration may have changed, at a fraction of its size.
_SIGNATURES = (
    select(agents.c.id, agents.c.version, agents.c.active_variant_id, agent_variants.c.version)
    .select_from(_WITH_ACTIVE)
    .where(_IN_WORKSPACE, agents.c.id == any_(IDS))
)


def _reading(wanted: ColumnNames, *always: str) -> MappedQuery[Agent]:
    """All agents. One that is wanted with `RESOLVED` has it from the same row."""
    own = select_columns(None if wanted is None else wanted.union(always), _COLUMNS)
    names = tuple(f"config.{column.name}" if column.name in CONFIG_FIELDS else column.name for column in own)
    if wanted is None or RESOLVED not in wanted:
        return MappedQuery(
            select(*own).where(_IN_WORKSPACE), row_mapper(Agent, names, parts=("config",), without=(RESOLVED,))
        )
    resolved = tuple(f"{RESOLVED}.{name}" for name in ResolvedAgentConfig.__match_args__)
    statement = select(*own, *_RESOLVED).select_from(_WITH_ACTIVE).where(_IN_WORKSPACE)
    return MappedQuery(statement, row_mapper(Agent, names + resolved, parts=("config", RESOLVED)))


@lru_cache(maxsize=100)
def _by_slug(wanted: ColumnNames) -> MappedQuery[Agent]:
    found = _reading(wanted, "id")
    return found._replace(statement=found.statement.where(agents.c.slug == bindparam("slug")))


@lru_cache(maxsize=100)
def _page(conditions: tuple[str, ...], order: Order, shape: PageShape, wanted: ColumnNames) -> MappedQuery[Agent]:
    sorted_by = (order.field, "id")
    found = _reading(wanted, *sorted_by)
    narrow = apply_filter(found.statement, _CONDITIONS, conditions)
    return found._replace(statement=keyset_page(narrow, columns(agents, sorted_by), shape, descending=order.descending))


_NAMED = ("slug", "name", "description", "active_variant_id")


def _kind(old: Values, new: Values) -> ColumnElement[str]:
    return case(
        (old[ACTIVE_VARIANT].is_not_distinct_from(new[ACTIVE_VARIANT]), EventKind.UPDATED.value),
        (new[ACTIVE_VARIANT].is_(None), EventKind.DEACTIVATED.value),
        else_=EventKind.ACTIVATED.value,
    )


_AUDITED = AuditedTable(agents, Aggregate.AGENT, _kind)
VARIANTS = AuditedTable(agent_variants, Aggregate.AGENT)


def _activate() -> Select[Any]:
    """Locks the agent and the variant, activates unless that is so already, and gives both as they are then."""
    before = (
        select(agents, agent_variants.c.id.label("variant_id"), agent_variants.c.version.label("variant_version"))
        .join_from(
            agent_variants,
            agents,
            (agents.c.workspace_id == agent_variants.c.workspace_id) & (agents.c.id == agent_variants.c.agent_id),
        )
        .where(agent_variants.c.workspace_id == WORKSPACE, agent_variants.c.id == KEY)
        .with_for_update(key_share=True, of=[agents, agent_variants])  # in this order, as every other write
        .cte("before")
    )
    written, event = _AUDITED.update(
        before,
        {"active_variant_id": before.c.variant_id},
        before.c.active_variant_id.is_distinct_from(before.c.variant_id),
        func.coalesce(before.c.variant_version == EXPECTED_VERSION, True),
    )
    present = {name: func.coalesce(written.c[name], before.c[name]) for name in _OWN}
    return (
        select(*(present.get(name, before.c[name]) for name in _READ))
        .add_columns(before.c.variant_version, written.c.id.is_not(None))
        .select_from(before.outerjoin(written, written.c.id == before.c.id))
        .add_cte(event)
    )


def _delete() -> Select[Any]:
    deleted, event = _AUDITED.delete(_IN_WORKSPACE, agents.c.id == ID)
    _, events_of_variants = VARIANTS.delete(agent_variants.c.workspace_id == WORKSPACE, agent_variants.c.agent_id == ID)
    return select(deleted.c.id).add_cte(event, events_of_variants)


_CREATE, _UPDATE = _AUDITED.creation(_READ), _AUDITED.replacement(_READ)
_ACTIVATE, _DELETE = _activate(), _delete()


_agents = _reading(None).entities
_configs = row_mapper(ResolvedAgentConfig, ResolvedAgentConfig.__match_args__)


class AgentRepository(Repository):
    """The agents of one workspace."""

    async def by_ids(self, ids: Iterable[AgentId]) -> dict[AgentId, Agent]:
        return {agent.id: agent for agent in _agents(await self._rows(_BY_IDS, ids=list(ids)))}

    async def get(self, id: AgentId) -> Agent | None:
        return (await self.by_ids([id])).get(id)

    async def by_slug(self, slug: str, wanted: ColumnNames = None) -> Agent | None:
        reading = _by_slug(wanted)
        found = reading.entities(await self._rows(reading.statement, slug=slug))
        return found[0] if found else None

    async def get_for_update(self, id: AgentId) -> Agent:
        """Returns the agent and locks its row until the unit of work ends. Raises NotFound.

        Every change of the agent or its variants starts here.
        """
        return await self._locked(_LOCKED, id)

    async def get_for_delete(self, id: AgentId) -> Agent:
        """Returns the agent, locked as by `get_for_update` and also against new references to it. Raises NotFound."""
        return await self._locked(_LOCKED_TO_DELETE, id)

    async def _locked(self, statement: Select[Any], id: AgentId) -> Agent:
        rows = await self._rows(statement, id=id)
        if not rows:
            raise NotFound("agent", id)
        return _agents(rows)[0]

    async def list_for_update(self, slugs: Collection[str] | None) -> list[Agent]:
        """The agents with these slugs (None: all), locked as by `get_for_update`, in the order of their ids.

        Others can still refer to them: one that is to be deleted needs `get_for_delete` besides.
        """
        statement = _LOCKED_ALL if slugs is None else _LOCKED_BY_SLUGS
        return _agents(await self._rows(statement, slugs=list(slugs or ())))

    async def count_with_variants(self) -> int:
        """How many agents and variants there are."""
        rows = await self._rows(_COUNT_WITH_VARIANTS)
        return int(rows[0][0])

    async def page(
        self,
        request: PageRequest,
        filter: AgentFilter,
        order: Order = AGENTS_BY_AGE,
        wanted: ColumnNames = None,
    ) -> Page[Agent]:
        conditions = filter_parameters(filter)
        reading = _page(tuple(conditions), order, PageShape.of(request), wanted)
        rows = await self._rows(reading.statement, **conditions, **page_parameters(request, 2))
        return Page.of(request, reading.entities(rows), order.cursor)

    async def count(self, filter: AgentFilter) -> int:
        conditions = filter_parameters(filter)
        rows = await self._rows(_count(tuple(conditions)), **conditions)
        return int(rows[0][0])

    async def resolved(self, ids: Iterable[AgentId]) -> dict[AgentId, ResolvedAgentConfig]:
        return {config.agent_id: config for config in _configs(await self._rows(_RESOLVED_BY_IDS, ids=list(ids)))}

    async def signatures(self, ids: Iterable[AgentId]) -> dict[AgentId, tuple[Any, ...]]:
        """Of each agent something small that differs whenever what it resolves to may differ."""
        return {row[0]: tuple(row[1:]) for row in await self._rows(_SIGNATURES, ids=list(ids))}

    async def lock_slugs(self) -> None:
        """Let no one else give or change slugs of agents here until the unit of work ends."""
        await self._rows(_LOCKED_WORKSPACE)

    async def create(self, new: CreateAgent) -> Agent:
        """Store it, with the first free slug of its name if it brings none. Raises Conflict for a slug that is taken."""
        await self.lock_slugs()
        slug = new.slug
        if slug is None:
            base = slugify(new.name)
            slug = free_slug(base, {row.slug for row in await self._rows(_SLUGS_LIKE, base=base)})
        values = {"slug": slug, "name": new.name, "description": new.description, "active_variant_id": None}
        rows = await self._write(_CREATE, id=new.id, **new_parameters(values, new.config))
        return _agents(rows)[0]

    async def update(self, agent: Agent, *, restored_version: int | None = None) -> Agent:
        """Store the agent's present values as its next version. Raises Conflict if it is no longer at the version given.

        `restored_version` is the one that they come from, where this is a return to it.
        """
        values = new_parameters({name: getattr(agent, name) for name in _NAMED}, agent.config)
        rows = await self._write(
            _UPDATE, restored_version=restored_version, key=agent.id, expected_version=agent.version, **values
        )
        if not rows:
            raise Conflict("the agent was modified concurrently")
        self._changes.agents.add(agent.id)
        return _agents(rows)[0]

    async def activate(self, variant_id: VariantId, *, expected_version: int | None = None) -> Agent:
        """Make a variant the active one of its agent, in one statement. One that is active already changes nothing.

        Raises NotFound, and Conflict if the variant is not at the version expected.
        """
        rows = await self._write(_ACTIVATE, key=variant_id, expected_version=expected_version)
        if not rows:
            raise NotFound("variant", variant_id)
        *values, variant_version, changed = rows[0]
        ensure_version(variant_version, expected_version)
        (agent,) = _agents([values])
        if changed:
            self._changes.agents.add(agent.id)
        return agent

    async def delete(self, id: AgentId) -> None:
        """Deletes an agent and its variants. `MeetingRepository.unassign_agents` must have been called before."""
        await self._write(_DELETE, id=id)
        self._changes.agents.add(id)


def new_parameters(values: Mapping[str, Any], config: AgentConfig | ConfigOverrides) -> dict[str, Any]:
    """Of the statements that create and update an agent or a variant."""
    configured = {name: getattr(config, name) for name in CONFIG_FIELDS}
    return {f"new_{name}": value for name, value in {**values, **configured}.items()}
