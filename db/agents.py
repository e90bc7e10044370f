"""Agents in SQL."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, FromClause, Select, Text, any_, bindparam, case, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.config_columns import PARAMETERS_DECODER, decode_parameters
from db.event_writes import AuditedTable, Values, new_values
from db.filters import apply_filter, contains_text, filter_parameters
from db.keyset import PageShape, cursor_fields, keyset_page, page_parameters
from db.repository import EXPECTED_VERSION, ID, IDS, KEY, WORKSPACE, ColumnNames, Repository, columns
from db.row_mapping import AnySelect, MappedQuery
from db.tables import agent_variants, agents, workspaces
from db.variant_columns import VARIANTS, with_variants
from domain.agents import Agent, CreateAgent, ResolvedAgentConfig
from domain.configs import CONFIG_FIELDS, VALUE_FIELDS
from domain.errors import Conflict, NotFound
from domain.filters import AgentFilter
from domain.history import ACTIVE_VARIANT, Aggregate, EventKind
from domain.ids import AgentId, VariantId
from domain.optimistic_locking import ensure_version
from domain.ordering import AGENTS_BY_AGE, Order
from domain.pagination import Page, PageRequest
from domain.slugs import free_slug, slugify

_OWN_FIELDS = ("id", "slug", "name", "description", "active_variant_id", "version", "created_at", "updated_at")
_WRITTEN_FIELDS = ("slug", "name", "description", "active_variant_id")
_IN_WORKSPACE = agents.c.workspace_id == WORKSPACE


def _agent_columns(source: FromClause, requested: ColumnNames = None) -> list[ColumnElement[Any]]:
    """Returns the columns of an agent's row. The labels of its configuration's columns begin with `config.`."""
    config = columns(source, CONFIG_FIELDS, requested)
    return [*columns(source, _OWN_FIELDS, requested), *(column.label(f"config.{column.name}") for column in config)]


_VARIANT_OF_AGENT = (agents.c.workspace_id == agent_variants.c.workspace_id) & (
    agents.c.id == agent_variants.c.agent_id
)
WITH_ACTIVE_VARIANT = agents.outerjoin(
    agent_variants, _VARIANT_OF_AGENT & (agent_variants.c.id == agents.c.active_variant_id)
)


class _FieldSets(dict[str, frozenset[str]]):
    """The sets of fields at whose places a text has the letter `t`. Each of the 4,096 texts is decoded once."""

    def __missing__(self, letters: str) -> frozenset[str]:
        names = frozenset(name for name, letter in zip(VALUE_FIELDS, letters, strict=True) if letter == "t")
        return self.setdefault(letters, names)


RESOLVED_DECODERS = (
    ("overridden", _FieldSets().__getitem__),
    PARAMETERS_DECODER,
    ("parameter_overrides", decode_parameters),
)


def resolved_columns(prefix: str = "", requested: ColumnNames = None) -> list[ColumnElement[Any]]:
    """Returns the columns of the configuration that an agent resolves to, field by field: the active variant's value, else the
    agent's; and from which of them each comes.

    Parameters are merged, key by key. The columns' names, and those that are requested, have the prefix.
    """
    resolved = {
        "agent_id": agents.c.id,
        "agent_slug": agents.c.slug,
        "variant_id": agent_variants.c.id,
        "variant_slug": agent_variants.c.slug,
        **{name: func.coalesce(agent_variants.c[name], agents.c[name]) for name in VALUE_FIELDS},
        # The function is strict: it is not called where the variant sets no parameters.
        "parameters": func.coalesce(
            func.json_merge_patch(agents.c.parameters, agent_variants.c.parameters, type_=JSONB), agents.c.parameters
        ),
        "parameter_overrides": agent_variants.c.parameters,
        # One text of twelve letters costs PostgreSQL half of what an integer of twelve bits does when it plans for one agent.
        "overridden": func.concat(*(agent_variants.c[name].is_not(None) for name in VALUE_FIELDS)),
    }
    return [
        column.label(prefix + name)
        for name, column in resolved.items()
        if requested is None or prefix + name in requested
    ]


def _agent_query(requested: ColumnNames, *always: str, added: tuple[str, ...] = ()) -> MappedQuery[Agent]:
    """Returns the query for all agents. What an agent resolves to comes in the same row, if any of it is requested.

    `resolved` requests all of it, `resolved.model_name` one field. `added` are fields that are added to the rows.
    """
    if requested is None:
        return _mapped(select(*_agent_columns(agents)).where(_IN_WORKSPACE))
    own = _agent_columns(agents, requested.union(always))
    resolved = resolved_columns("resolved.", None if "resolved" in requested else requested)
    source = WITH_ACTIVE_VARIANT if resolved else agents
    parts = ("config", "resolved") if resolved else ("config",)
    return MappedQuery.of(
        select(*own, *resolved).select_from(source).where(_IN_WORKSPACE),
        Agent,
        parts=parts,
        without=tuple(name for name in ("resolved", "variants") if name not in (*parts, *added)),
        decoders=RESOLVED_DECODERS,
        lazily=True,
        added=added,
    )


def _mapped(statement: AnySelect) -> MappedQuery[Agent]:
    without = ("resolved", "variants")
    return MappedQuery.of(statement, Agent, parts=("config",), without=without, decoders=(PARAMETERS_DECODER,))


_AGENTS = _agent_query(None).statement

_CONDITIONS = {
    "text": or_(*map(contains_text, (agents.c.name, agents.c.slug, agents.c.description))),
    "model_provider": agents.c.model_provider == bindparam("model_provider"),
    "model_name": agents.c.model_name == bindparam("model_name"),
    "has_active_variant": agents.c.active_variant_id.is_not(None) == bindparam("has_active_variant", type_=Boolean),
}


def _kind(old: Values, new: Values) -> ColumnElement[str]:
    return case(
        (old[ACTIVE_VARIANT].is_not_distinct_from(new[ACTIVE_VARIANT]), EventKind.UPDATED.value),
        (new[ACTIVE_VARIANT].is_(None), EventKind.DEACTIVATED.value),
        else_=EventKind.ACTIVATED.value,
    )


_AUDITED = AuditedTable(agents, Aggregate.AGENT, _kind)
AUDITED_VARIANTS = AuditedTable(agent_variants, Aggregate.AGENT)


_SLUGS_FOR_UPDATE = (
    select(workspaces.c.id).where(workspaces.c.id == WORKSPACE).with_for_update(key_share=True).cte("slugs_for_update")
)
"""The row of the workspace, by whose lock the slugs of its agents are locked."""


class AgentRepository(Repository):
    """The agents of one workspace."""

    _BY_IDS = _mapped(_AGENTS.where(agents.c.id == any_(IDS)))

    async def by_ids(self, ids: Iterable[AgentId]) -> dict[AgentId, Agent]:
        return {agent.id: agent for agent in await self._entities(self._BY_IDS, ids=list(ids))}

    async def get(self, id: AgentId) -> Agent | None:
        return (await self.by_ids([id])).get(id)

    @staticmethod
    @lru_cache(maxsize=100)
    def _by_slug(requested: ColumnNames) -> MappedQuery[Agent]:
        query = _agent_query(requested, "id")
        return query._replace(statement=query.statement.where(agents.c.slug == bindparam("slug")))

    async def by_slug(self, slug: str, requested: ColumnNames = None) -> Agent | None:
        query = self._by_slug(requested)
        found = query.entities(await self._rows(query.statement, slug=slug))
        return found[0] if found else None

    _GET_FOR_UPDATE = _mapped(_AGENTS.where(agents.c.id == ID).with_for_update(key_share=True))

    async def get_for_update(self, id: AgentId) -> Agent:
        """Returns the agent and locks its row until the unit of work ends. Raises NotFound.

        Every change of the agent or its variants starts here.
        """
        return self._found(id, await self._entities(self._GET_FOR_UPDATE, id=id))

    _GET_WITH_SLUGS_FOR_UPDATE = _mapped(
        select(*_agent_columns(agents))
        .join_from(agents, _SLUGS_FOR_UPDATE, _SLUGS_FOR_UPDATE.c.id == agents.c.workspace_id)
        .where(_IN_WORKSPACE, agents.c.id == ID)
        .with_for_update(key_share=True, of=agents)
    )

    async def get_with_slugs_for_update(self, id: AgentId) -> Agent:
        """Returns the agent, locked as by `get_for_update`, after locking the slugs as `lock_slugs` does. Raises NotFound."""
        return self._found(id, await self._entities(self._GET_WITH_SLUGS_FOR_UPDATE, id=id))

    _GET_FOR_DELETE = _mapped(_AGENTS.where(agents.c.id == ID).with_for_update())

    async def get_for_delete(self, id: AgentId) -> Agent:
        """Returns the agent, locked as by `get_for_update` and also against new references to it. Raises NotFound."""
        return self._found(id, await self._entities(self._GET_FOR_DELETE, id=id))

    @staticmethod
    def _found(id: AgentId, found: list[Agent]) -> Agent:
        if not found:
            raise NotFound("agent", id)
        return found[0]

    _LIST_FOR_UPDATE = _mapped(_AGENTS.order_by(agents.c.id).with_for_update(key_share=True))
    _LIST_BY_SLUGS_FOR_UPDATE = _mapped(
        _LIST_FOR_UPDATE.statement.where(agents.c.slug == any_(bindparam("slugs", type_=ARRAY(Text))))
    )

    async def list_for_update(self, slugs: Collection[str] | None) -> list[Agent]:
        """Returns the agents with these slugs (None: all), locked as by `get_for_update`, in the order of their ids.

        Others can still refer to them: one that is to be deleted needs `get_for_delete` besides.
        """
        if slugs is None:
            return await self._entities(self._LIST_FOR_UPDATE)
        return await self._entities(self._LIST_BY_SLUGS_FOR_UPDATE, slugs=list(slugs))

    @staticmethod
    @lru_cache(maxsize=100)
    def _page(
        conditions: tuple[str, ...], order: Order, shape: PageShape, requested: ColumnNames
    ) -> MappedQuery[Agent]:
        sort_columns = columns(agents, (order.field, "id"))
        added = (VARIANTS,) if requested is not None and VARIANTS in requested else ()
        query = _agent_query(requested, "id", *cursor_fields(requested, order.field), added=added)
        filtered = apply_filter(query.statement, _CONDITIONS, conditions)
        page = query._replace(statement=keyset_page(filtered, sort_columns, shape, descending=order.descending))
        if requested is None or not added:
            return page
        return with_variants(page, sort_columns, requested, downward=shape.is_downward(descending=order.descending))

    async def page(
        self,
        request: PageRequest,
        filter: AgentFilter,
        order: Order = AGENTS_BY_AGE,
        requested: ColumnNames = None,
    ) -> Page[Agent]:
        conditions = filter_parameters(filter)
        query = self._page(tuple(conditions), order, PageShape.of(request), requested)
        return Page.of(request, await self._entities(query, **conditions, **page_parameters(request, 2)), order.cursor)

    @staticmethod
    @lru_cache(maxsize=100)
    def _count(conditions: tuple[str, ...]) -> Select[int]:
        count = select(func.count().label("total")).select_from(agents).where(_IN_WORKSPACE)
        return apply_filter(count, _CONDITIONS, conditions)

    async def count(self, filter: AgentFilter) -> int:
        conditions = filter_parameters(filter)
        (row,) = await self._rows(self._count(tuple(conditions)), **conditions)
        return int(row.total)

    _COUNT_WITH_VARIANTS = select(
        (
            select(func.count()).select_from(agents).where(_IN_WORKSPACE).scalar_subquery()
            + select(func.count())
            .select_from(agent_variants)
            .where(agent_variants.c.workspace_id == WORKSPACE)
            .scalar_subquery()
        ).label("total")
    )

    async def count_with_variants(self) -> int:
        """Returns how many agents and variants there are, together."""
        (row,) = await self._rows(self._COUNT_WITH_VARIANTS)
        return int(row.total)

    _RESOLVED = MappedQuery.of(
        select(*resolved_columns()).select_from(WITH_ACTIVE_VARIANT).where(_IN_WORKSPACE, agents.c.id == any_(IDS)),
        ResolvedAgentConfig,
        decoders=RESOLVED_DECODERS,
    )

    async def resolved(self, ids: Iterable[AgentId]) -> dict[AgentId, ResolvedAgentConfig]:
        return {config.agent_id: config for config in await self._entities(self._RESOLVED, ids=list(ids))}

    _SIGNATURES = (
        select(
            agents.c.id,
            agents.c.version,
            agents.c.active_variant_id,
            agent_variants.c.version.label("active_variant_version"),
        )
        .select_from(WITH_ACTIVE_VARIANT)
        .where(_IN_WORKSPACE, agents.c.id == any_(IDS))
    )

    async def signatures(self, ids: Iterable[AgentId]) -> dict[AgentId, tuple[object, ...]]:
        """Returns of each agent something small that changes whenever what it resolves to may have changed."""
        rows = await self._rows(self._SIGNATURES, ids=list(ids))
        return {row.id: (row.version, row.active_variant_id, row.active_variant_version) for row in rows}

    _LOCK_SLUGS = select(_SLUGS_FOR_UPDATE.c.id)

    async def lock_slugs(self) -> None:
        """Keeps all others from giving agents slugs, or changing them, until the unit of work ends."""
        await self._rows(self._LOCK_SLUGS)

    _BASE = bindparam("base", type_=Text)
    _SLUGS_LIKE = select(agents.c.slug).where(
        _IN_WORKSPACE, or_(agents.c.slug == _BASE, agents.c.slug.startswith(_BASE + "-"))
    )
    _CREATE = _mapped(_AUDITED.insert_one(_agent_columns))

    async def create(self, new: CreateAgent) -> Agent:
        """Stores an agent and returns it; without a slug, it gets the first free one of its name. Raises Conflict."""
        await self.lock_slugs()
        slug = new.slug
        if slug is None:
            base = slugify(new.name)
            slug = free_slug(base, {row.slug for row in await self._rows(self._SLUGS_LIKE, base=base)})
        values = {"slug": slug, "name": new.name, "description": new.description, "active_variant_id": None}
        values |= {name: getattr(new.config, name) for name in CONFIG_FIELDS}
        self._note_agent_change(new.id)
        return self._CREATE.entities(await self._write(self._CREATE.statement, id=new.id, **new_values(values)))[0]

    _UPDATE = _mapped(_AUDITED.update_one(_agent_columns))

    async def update(self, agent: Agent, *, restored_version: int | None = None) -> Agent:
        """Stores the agent's present values as its next version, and returns it. Raises Conflict if the version is out of date.

        `restored_version` is the version that the values come from, if this reverts to it.
        """
        values = {name: getattr(agent, name) for name in _WRITTEN_FIELDS}
        values |= {name: getattr(agent.config, name) for name in CONFIG_FIELDS}
        rows = await self._write(
            self._UPDATE.statement,
            restored_version=restored_version,
            key=agent.id,
            expected_version=agent.version,
            **new_values(values),
        )
        if not rows:
            raise Conflict("the agent was modified concurrently")
        self._note_agent_change(agent.id)
        return self._UPDATE.entities(rows)[0]

    @staticmethod
    def _activate() -> AnySelect:
        """Locks the agent and the variant, activates it unless it is active already, and returns both as they are then."""
        before = (
            select(agents, agent_variants.c.id.label("variant_id"), agent_variants.c.version.label("variant_version"))
            .join_from(agent_variants, agents, _VARIANT_OF_AGENT)
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
        own = (func.coalesce(written.c[name], before.c[name]).label(name) for name in _OWN_FIELDS)
        config = (before.c[name].label(f"config.{name}") for name in CONFIG_FIELDS)
        return (
            select(*own, *config, before.c.variant_version, written.c.id.is_not(None).label("is_changed"))
            .select_from(before.outerjoin(written, written.c.id == before.c.id))
            .add_cte(event)
        )

    _ACTIVATE = _mapped(_activate())

    async def activate(self, variant_id: VariantId, *, expected_version: int | None = None) -> Agent:
        """Makes a variant the active one of its agent, in one statement. One that is active already changes nothing.

        Raises NotFound, and Conflict if the variant is not at the version expected.
        """
        rows = await self._write(self._ACTIVATE.statement, key=variant_id, expected_version=expected_version)
        if not rows:
            raise NotFound("variant", variant_id)
        ensure_version(rows[0].variant_version, expected_version)
        (agent,) = self._ACTIVATE.entities(rows)
        if rows[0].is_changed:
            self._note_agent_change(agent.id)
        return agent

    @staticmethod
    def _delete() -> AnySelect:
        deleted, event = _AUDITED.delete(_IN_WORKSPACE, agents.c.id == ID)
        _, events_of_variants = AUDITED_VARIANTS.delete(
            agent_variants.c.workspace_id == WORKSPACE, agent_variants.c.agent_id == ID
        )
        return select(deleted.c.id).add_cte(event, events_of_variants)

    _DELETE = _delete()

    async def delete(self, id: AgentId) -> None:
        """Deletes an agent and its variants. `MeetingRepository.unassign_agents` must have been called before."""
        await self._write(self._DELETE, id=id)
        self._note_agent_change(id)
