"""Resolves the queries, fields and mutations of variants."""

import strawberry

from db.unit_of_work import Repositories
from domain import configs, revisions, variants
from domain.agents import Agent
from domain.configs import AgentConfig, ConfigOverrides
from domain.errors import NotFound, require
from domain.ids import VariantId
from domain.optimistic_locking import VERSION
from domain.partial_updates import updated
from domain.revisions import VariantRevision
from domain.rules import uuid
from domain.validation import checked
from domain.variants import AgentVariant, CloneVariant, CreateVariant, UpdateVariant
from executor.batching import batch_resolver
from resolvers.agents import agent_id, load_agents
from resolvers.context import Context, Info


async def load_variants(repositories: Repositories, ids: list[VariantId]) -> dict[VariantId, AgentVariant]:
    return await repositories.variants.by_ids(ids)


def variant_id(value: str, path: str = "id") -> VariantId:
    return VariantId(checked(uuid, value, path))


async def variant(info: Info, id: strawberry.ID) -> AgentVariant | None:
    return await info.context.loaders.of(load_variants).load(variant_id(id))


@batch_resolver
async def agent(roots: list[AgentVariant | VariantRevision], info: Info) -> list[Agent]:
    return await _agents(roots, info)


@batch_resolver
async def config(roots: list[AgentVariant | VariantRevision], info: Info) -> list[AgentConfig]:
    """Resolves the overrides over the present base of the agent."""
    agents = await _agents(roots, info)
    return [configs.resolve(agent.config, root.overrides) for root, agent in zip(roots, agents, strict=True)]


async def _agents(roots: list[AgentVariant | VariantRevision], info: Info) -> list[Agent]:
    found = await info.context.loaders.of(load_agents).load_many(root.agent_id for root in roots)
    # An agent that is missing was deleted since the variant was read.
    return [require(agent, "agent", root.agent_id) for root, agent in zip(roots, found, strict=True)]


async def create(context: Context, id: str, command: CreateVariant, reason: str | None) -> AgentVariant:
    key = agent_id(id, "agent_id")
    async with context.unit_of_work(reason) as uow:
        created = await uow.variants.create(await uow.agents.get_for_update(key), command)
        await uow.commit()
    return created


async def clone(context: Context, id: str, command: CloneVariant, reason: str | None) -> AgentVariant:
    key = agent_id(id, "agent_id")
    async with context.unit_of_work(reason) as uow:
        agent = await uow.agents.get_for_update(key)
        source: AgentConfig | ConfigOverrides = agent.config
        if command.source_variant_id is not None:
            cloned = await uow.variants.get(command.source_variant_id)
            if cloned is None or cloned.agent_id != agent.id:
                raise NotFound("variant of this agent", command.source_variant_id)
            source = cloned.overrides
        created = await uow.variants.create(agent, command.clone(source))
        if command.activate:
            await uow.agents.activate(created.id)
            created.is_active = True
        await uow.commit()
    return created


async def update(
    context: Context, id: str, command: UpdateVariant, expected_version: int | None, reason: str | None
) -> AgentVariant:
    key = variant_id(id)
    async with context.unit_of_work(reason) as uow:
        variant = await uow.variants.get_for_update(key)
        variant.expect(expected_version)
        changed = updated(variant, command)
        if changed != variant:
            variant = await uow.variants.update(changed)
            await uow.commit()
    return variant


async def delete(context: Context, id: str, expected_version: int | None, reason: str | None) -> VariantId:
    key = variant_id(id)
    async with context.unit_of_work(reason) as uow:
        variant = await uow.variants.get_for_update(key)
        variant.expect(expected_version)
        variants.ensure_deletable(variant)
        await uow.variants.delete(key)
        await uow.commit()
    return key


async def activate(context: Context, id: str, expected_version: int | None, reason: str | None) -> Agent:
    """Activates a variant. `expected_version` is the variant's, so that what becomes active is what the caller has seen."""
    key = variant_id(id)
    with context.writing(reason) as repositories:
        return await repositories.agents.activate(key, expected_version=expected_version)


async def revert(
    context: Context, id: str, to_version: int, expected_version: int | None, reason: str | None
) -> AgentVariant:
    key, version = variant_id(id), checked(VERSION, to_version, "to_version")
    async with context.unit_of_work(reason) as uow:
        variant = await uow.variants.get_for_update(key)
        variant.expect(expected_version)
        revision = (await uow.events.variant_revisions([(key, version)])).get((key, version))
        changed = revisions.revert_variant(variant, revision)
        if changed != variant:
            variant = await uow.variants.update(changed, restored_version=version)
            await uow.commit()
    return variant
