"""Agents in SQL."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, any_, bindparam, delete, func, insert, or_, select, update

from db.pages import keyset
from db.repository import ID, IDS, WORKSPACE, AnyRow, Repository, columns
from db.tables import agent_variants, agents, workspaces
from domain import cursors
from domain.agents import Agent, NewAgent, ResolvedAgentConfig
from domain.configs import CONFIG_FIELDS, AgentConfig
from domain.errors import Conflict, NotFound
from domain.filters import AgentFilter
from domain.ids import AgentId, uuid
from domain.pages import Page, PageRequest
from domain.slugs import free_slug, slugify

_OWN = ("id", "slug", "name", "description", "active_variant_id", "version", "created_at", "updated_at")
_COLUMNS = columns(agents, (*_OWN, *CONFIG_FIELDS))
_HERE = agents.c.workspace_id == WORKSPACE

_AGENTS = select(*_COLUMNS).where(_HERE)
_BY_IDS = _AGENTS.where(agents.c.id == any_(IDS))
_LOCKED = _AGENTS.where(agents.c.id == ID).with_for_update(key_share=True)
_BY_SLUG = _AGENTS.where(agents.c.slug == bindparam("slug"))

_RESOLVED = select(
    agents.c.id,
    agent_variants.c.id,
    *(func.coalesce(agent_variants.c[name], agents.c[name]) for name in CONFIG_FIELDS),
).select_from(
    agents.outerjoin(
        agent_variants,
        (agent_variants.c.workspace_id == agents.c.workspace_id)
        & (agent_variants.c.agent_id == agents.c.id)
        & (agent_variants.c.id == agents.c.active_variant_id),
    )
)
"""What each agent resolves to: the active variant's value, else the agent's, field by field."""
_RESOLVED_BY_IDS = _RESOLVED.where(_HERE, agents.c.id == any_(IDS))

# What changes whenever a resolved configuration may have changed, at a fraction of its size.
_SIGNATURES = _RESOLVED.with_only_columns(
    agents.c.id, agents.c.version, agents.c.active_variant_id, agent_variants.c.version
).where(_HERE, agents.c.id == any_(IDS))

CURSOR = cursors.cursor("agents", uuid)


def _agent(row: AnyRow) -> Agent:
    values: list[Any] = [*row[: len(_OWN)], AgentConfig(*row[len(_OWN) :])]
    return Agent(*values)


def _cursor(agent: Agent) -> str:
    return cursors.encode("agents", str(agent.id))


class AgentRepository(Repository):
    """The agents of one workspace."""

    async def by_ids(self, ids: Iterable[AgentId]) -> dict[AgentId, Agent]:
        return {row.id: _agent(row) for row in await self._rows(_BY_IDS, ids=list(ids))}

    async def get(self, id: AgentId) -> Agent | None:
        return (await self.by_ids([id])).get(id)

    async def by_slug(self, slug: str) -> Agent | None:
        rows = await self._rows(_BY_SLUG, slug=slug)
        return _agent(rows[0]) if rows else None

    async def lock(self, id: AgentId) -> Agent:
        """The agent, whose row is locked until the unit of work ends. Every change of it or its variants starts here."""
        rows = await self._rows(_LOCKED, id=id)
        if not rows:
            raise NotFound("agent", id)
        return _agent(rows[0])

    async def page(self, request: PageRequest, filter: AgentFilter) -> Page[Agent]:
        """Agents from the oldest to the newest."""
        statement = keyset(self._filtered(select(*_COLUMNS), filter), agents.c.id, request)
        return Page.of(request, [_agent(row) for row in await self._rows(statement)], _cursor)

    async def count(self, filter: AgentFilter) -> int:
        rows = await self._rows(self._filtered(select(func.count()).select_from(agents), filter))
        return int(rows[0][0])

    def _filtered(self, statement: Select[Any], filter: AgentFilter) -> Select[Any]:
        conditions: list[ColumnElement[bool]] = [_HERE]
        if filter.text is not None:
            named = (agents.c.name, agents.c.slug, agents.c.description)
            conditions.append(or_(*(column.icontains(filter.text, autoescape=True) for column in named)))
        if filter.model_provider is not None:
            conditions.append(agents.c.model_provider == filter.model_provider)
        if filter.model_name is not None:
            conditions.append(agents.c.model_name == filter.model_name)
        if filter.has_active_variant is not None:
            active = agents.c.active_variant_id
            conditions.append(active.is_not(None) if filter.has_active_variant else active.is_(None))
        return statement.where(*conditions)

    async def resolved(self, ids: Iterable[AgentId]) -> dict[AgentId, ResolvedAgentConfig]:
        rows = await self._rows(_RESOLVED_BY_IDS, ids=list(ids))
        return {row[0]: ResolvedAgentConfig(*row) for row in rows}

    async def signatures(self, ids: Iterable[AgentId]) -> dict[AgentId, tuple[Any, ...]]:
        """Of each agent something small that differs whenever what it resolves to may differ."""
        return {row[0]: tuple(row[1:]) for row in await self._rows(_SIGNATURES, ids=list(ids))}

    async def lock_slugs(self) -> None:
        """Let no one else give or change slugs of agents here until the unit of work ends."""
        await self._rows(select(workspaces.c.id).where(workspaces.c.id == WORKSPACE).with_for_update(key_share=True))

    async def create(self, new: NewAgent) -> Agent:
        """Store it, with the first free slug of its name if it brings none. Raises Conflict for a slug that is taken."""
        await self.lock_slugs()
        slug = new.slug
        if slug is None:
            base = slugify(new.name)
            like_it = or_(agents.c.slug == base, agents.c.slug.startswith(f"{base}-"))
            slug = free_slug(base, {row.slug for row in await self._rows(select(agents.c.slug).where(_HERE, like_it))})
        values = {name: getattr(new.config, name) for name in CONFIG_FIELDS}
        rows = await self._rows(
            insert(agents)
            .values(workspace_id=self._workspace_id, id=new.id, slug=slug, name=new.name, description=new.description)
            .values(**values)
            .returning(*_COLUMNS)
        )
        return _agent(rows[0])

    async def update(self, agent: Agent) -> Agent:
        """Store the agent's present values as its next version. Raises Conflict if it is no longer at the version given."""
        values = {name: getattr(agent.config, name) for name in CONFIG_FIELDS}
        rows = await self._rows(
            update(agents)
            .where(_HERE, agents.c.id == agent.id, agents.c.version == agent.version)
            .values(slug=agent.slug, name=agent.name, description=agent.description)
            .values(active_variant_id=agent.active_variant_id, **values)
            .values(version=agents.c.version + 1, updated_at=func.clock_timestamp())
            .returning(*_COLUMNS)
        )
        if not rows:
            raise Conflict("the agent was modified concurrently")
        self._changes.agents.add(agent.id)
        return _agent(rows[0])

    async def delete(self, id: AgentId) -> None:
        """Delete the agent and its variants; its meetings stay, without an agent."""
        await self._rows(delete(agents).where(_HERE, agents.c.id == id).returning(agents.c.id))
        self._changes.agents.add(id)
