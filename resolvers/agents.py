"""Resolves the queries, fields and mutations of agents."""

from collections.abc import Mapping, Sequence

import strawberry

from db.unit_of_work import Repositories
from db.variant_columns import ALL_OF_VARIANTS, VARIANTS
from domain import revisions, slugs
from domain.activations import previous_activation
from domain.agents import Agent, CreateAgent, RenderedPrompt, ResolvedAgentConfig, UpdateAgent
from domain.configs import CONFIG_FIELDS
from domain.errors import require
from domain.filters import AgentFilter
from domain.ids import AgentId
from domain.optimistic_locking import VERSION
from domain.ordering import AgentOrder, agent_order
from domain.pagination import Page
from domain.partial_updates import OMITTED, updated
from domain.rules import uuid
from domain.validation import checked
from domain.variants import AgentVariant
from executor.batching import batch_resolver, batch_resolver_unless_read
from executor.dataloader import DataLoader
from resolvers.context import Context, Info
from resolvers.long_prompts import MAX_INLINE_PROMPT_CHARS, prompt_chars
from resolvers.pagination import PageArguments, listed
from resolvers.projections import NO_COLUMNS, READ_ALONG, Columns, FieldColumns, column_fields, connection_fields
from resolvers.worker_threads import run_in_worker

_OWN_FIELDS = ("slug", "name", "description", "version", "created_at", "updated_at")
_OWN = column_fields(*_OWN_FIELDS)
_VARIANT: FieldColumns = {
    "id": NO_COLUMNS,
    **_OWN,
    **column_fields("is_active"),
    "overrides": column_fields(*CONFIG_FIELDS),
}
_VARIANTS: FieldColumns = {
    READ_ALONG: frozenset((VARIANTS,)),
    "id": NO_COLUMNS,
    **column_fields(*_OWN_FIELDS, "is_active", part=VARIANTS),
    "overrides": column_fields(*CONFIG_FIELDS, part=VARIANTS),
    **dict.fromkeys(("agent", "config", "history", "revision"), frozenset((ALL_OF_VARIANTS,))),
}
_RESOLVED: FieldColumns = {
    **column_fields(*CONFIG_FIELDS, "agent_id", "agent_slug", "variant_id", "variant_slug", part="resolved"),
    # These are made of several columns.
    **dict.fromkeys(("sources", "modelParameters", "etag", "variables", "warnings"), frozenset(("resolved",))),
}
_AGENT: FieldColumns = {
    **_OWN,
    "config": column_fields(*CONFIG_FIELDS),
    "resolvedConfig": _RESOLVED,
    "variants": _VARIANTS,
    # Loaders load these by the agent's id.
    **dict.fromkeys(("id", "variant", "activeVariant"), NO_COLUMNS),
}
_AGENTS = connection_fields(_AGENT)


async def load_agents(repositories: Repositories, ids: list[AgentId]) -> dict[AgentId, Agent]:
    return await repositories.agents.by_ids(ids)


async def load_resolved_configs(repositories: Repositories, ids: list[AgentId]) -> dict[AgentId, ResolvedAgentConfig]:
    return await repositories.agents.resolved(ids)


async def load_variants_of_agents(
    repositories: Repositories, ids: list[AgentId], columns: Columns | None
) -> Mapping[AgentId, Sequence[AgentVariant]]:
    return await repositories.variants.by_agents(ids, columns)


async def load_active_variants(repositories: Repositories, ids: list[AgentId]) -> dict[AgentId, AgentVariant]:
    return await repositories.variants.active_by_agents(ids)


def agent_id(value: str, path: str = "id") -> AgentId:
    return AgentId(checked(uuid, value, path))


async def agent(info: Info, id: strawberry.ID) -> Agent | None:
    return await info.context.loaders.of(load_agents).load(agent_id(id))


async def agent_by_slug(info: Info, slug: str) -> Agent | None:
    given = checked(slugs.slug, slug, "slug")
    return await info.context.repositories.agents.by_slug(given, info.context.projections.columns(info, _AGENT))


async def agent_page(
    info: Info,
    page: PageArguments,
    filter: AgentFilter,
    order_by: AgentOrder | None,
) -> Page[Agent]:
    order = agent_order(order_by)
    request = page.request(order.cursor_format)
    wanted = info.context.projections.columns(info, _AGENTS)
    return await listed(
        info.context,
        page=lambda repositories: repositories.agents.page(request, filter, order, wanted),
        count=lambda repositories: repositories.agents.count(filter),
    )


@batch_resolver_unless_read("variants")
async def variants(roots: list[Agent], info: Info) -> list[Sequence[AgentVariant]]:
    found = await _variants(info).load_many(root.id for root in roots)
    return [[] if variants is None else variants for variants in found]


@batch_resolver
async def variant(roots: list[Agent], info: Info, slug: str) -> list[AgentVariant | None]:
    wanted = checked(slugs.slug, slug, "slug")
    found = await _variants(info).load_many(root.id for root in roots)
    return [next((variant for variant in variants or () if variant.slug == wanted), None) for variants in found]


def _variants(info: Info) -> DataLoader[AgentId, Sequence[AgentVariant] | None]:
    return info.context.loaders.of(load_variants_of_agents, info.context.projections.columns(info, _VARIANT))


@batch_resolver
async def active_variant(roots: list[Agent], info: Info) -> list[AgentVariant | None]:
    return await info.context.loaders.of(load_active_variants).load_many(root.id for root in roots)


@batch_resolver_unless_read("resolved")
async def resolved_config(roots: list[Agent], info: Info) -> list[ResolvedAgentConfig]:
    found = await info.context.loaders.of(load_resolved_configs).load_many(root.id for root in roots)
    # An agent without one was deleted since it was read.
    return [require(config, "agent", root.id) for root, config in zip(roots, found, strict=True)]


async def render_prompt(context: Context, id: str, variables: object) -> RenderedPrompt | None:
    config = await context.loaders.of(load_resolved_configs).load(agent_id(id, "agent_id"))
    if config is None:
        return None
    if prompt_chars(config) <= MAX_INLINE_PROMPT_CHARS:
        return RenderedPrompt.of(config, variables)
    return await run_in_worker(RenderedPrompt.of, config, variables)


async def create(context: Context, command: CreateAgent, reason: str | None) -> Agent:
    async with context.unit_of_work(reason) as uow:
        created = await uow.agents.create(command)
        await uow.commit()
    return created


async def update(
    context: Context, id: str, command: UpdateAgent, expected_version: int | None, reason: str | None
) -> Agent:
    key = agent_id(id)
    async with context.unit_of_work(reason) as uow:
        if command.slug is not OMITTED:
            agent = await uow.agents.get_with_slugs_for_update(key)
        else:
            agent = await uow.agents.get_for_update(key)
        agent.expect(expected_version)
        changed = updated(agent, command)
        if changed != agent:
            agent = await uow.agents.update(changed)
            await uow.commit()
    return agent


async def delete(context: Context, id: str, expected_version: int | None, reason: str | None) -> AgentId:
    key = agent_id(id)
    async with context.unit_of_work(reason) as uow:
        agent = await uow.agents.get_for_delete(key)
        agent.expect(expected_version)
        await uow.meetings.unassign_agents(key)
        await uow.agents.delete(key)
        await uow.commit()
    return key


async def deactivate(context: Context, id: str, reason: str | None) -> Agent:
    key = agent_id(id, "agent_id")
    async with context.unit_of_work(reason) as uow:
        agent = await uow.agents.get_for_update(key)
        if agent.active_variant_id is not None:
            agent.active_variant_id = None
            agent = await uow.agents.update(agent)
            await uow.commit()
    return agent


async def roll_back_activation(context: Context, id: str, expected_version: int | None, reason: str | None) -> Agent:
    key = agent_id(id, "agent_id")
    async with context.unit_of_work(reason) as uow:
        agent = await uow.agents.get_for_update(key)
        agent.expect(expected_version)
        existing = {variant.id for variant in (await uow.variants.by_agents([key]))[key]}
        before = previous_activation(await uow.events.activations(key), existing)
        agent.active_variant_id = before.variant_id
        agent = await uow.agents.update(agent, restored_version=before.version)
        await uow.commit()
    return agent


async def revert(context: Context, id: str, to_version: int, expected_version: int | None, reason: str | None) -> Agent:
    key, version = agent_id(id), checked(VERSION, to_version, "to_version")
    async with context.unit_of_work(reason) as uow:
        agent = await uow.agents.get_for_update(key)
        agent.expect(expected_version)
        revision = (await uow.events.agent_revisions([(key, version)])).get((key, version))
        changed = revisions.revert_agent(agent, revision)
        if changed != agent:
            agent = await uow.agents.update(changed, restored_version=version)
            await uow.commit()
    return agent
