"""Applying manifests: making agents what files say they are, all in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from db.unit_of_work import UnitOfWork
from domain.agents import Agent
from domain.errors import Conflict
from domain.events import Event
from domain.manifests import AgentManifest, agent_manifests, apply_to_agent, apply_to_variant, fingerprint, state
from domain.validation import checked
from domain.variants import AgentVariant, ensure_deletable
from resolvers.context import Context


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """A change that was made (or would be), and by its slugs of what. An activation has the variant's, too."""

    agent_slug: str
    variant_slug: str | None
    event: Event


@dataclass(frozen=True, slots=True)
class AppliedAgents:
    """What applying did, or would do; `state` names what was stored before."""

    changes: list[AppliedChange]
    state: str
    dry_run: bool


async def apply(
    context: Context,
    inputs: Sequence[Mapping[str, Any]],
    *,
    prune: bool,
    dry_run: bool,
    expected_state: str | None,
    reason: str | None,
) -> AppliedAgents:
    manifests = agent_manifests(inputs)
    if expected_state is not None:
        checked(state, expected_state, "expected_state")
    async with context.unit_of_work(reason) as uow:
        await uow.agents.lock_slugs()
        stored = await uow.agents.lock_by_slugs(None if prune else [manifest.slug for manifest in manifests])
        variants = await uow.variants.by_agents([agent.id for agent in stored])
        found = fingerprint([*stored, *(variant for of_one in variants.values() for variant in of_one)])
        if expected_state not in (None, found):
            raise Conflict("what is stored has changed since you looked: look again at what would change")
        applying = _Applying(uow, prune)
        present = {agent.slug: agent for agent in stored}
        for manifest in manifests:
            agent = present.pop(manifest.slug, None)
            await applying.apply(manifest, agent, variants[agent.id] if agent else [])
        if prune:
            for agent in present.values():
                await applying.delete_agent(agent, variants[agent.id])
        changes = await applying.changes()
        if not dry_run:
            await uow.commit()
    return AppliedAgents(changes, found, dry_run)


class _Applying:
    """One application. Notes the version that each write made, which its event has as its key."""

    def __init__(self, uow: UnitOfWork, prune: bool) -> None:
        self._uow = uow
        self._prune = prune
        self._written: dict[tuple[UUID, int], tuple[str, str | None]] = {}

    async def apply(self, manifest: AgentManifest, agent: Agent | None, variants: Sequence[AgentVariant]) -> None:
        if agent is None:
            agent = self._note(await self._uow.agents.create(manifest.agent))
        elif (changed := apply_to_agent(manifest, agent)) != agent:
            agent = self._note(await self._uow.agents.update(changed))
        present = {variant.slug: variant for variant in variants}
        kept: dict[str | None, AgentVariant] = {}
        for new in manifest.variants:
            variant = present.pop(new.slug or "", None)
            if variant is None:
                variant = self._note_variant(agent, await self._uow.variants.create(agent, new))
            elif (changed_variant := apply_to_variant(new, variant)) != variant:
                variant = self._note_variant(agent, await self._uow.variants.update(changed_variant))
            kept[new.slug] = variant
        if manifest.sets_active:
            active = None if manifest.active is None else kept[manifest.active].id
            if active != agent.active_variant_id:
                before = next((variant.slug for variant in variants if variant.id == agent.active_variant_id), None)
                agent.active_variant_id = active
                agent = self._note(await self._uow.agents.update(agent), manifest.active or before)
        if self._prune:
            for variant in present.values():
                variant.is_active = variant.id == agent.active_variant_id
                ensure_deletable(variant)
                await self._uow.variants.delete(variant.id)
                self._written[variant.id, variant.version + 1] = (agent.slug, variant.slug)

    async def delete_agent(self, agent: Agent, variants: Sequence[AgentVariant]) -> None:
        await self._uow.meetings.leave_agent(agent.id)
        await self._uow.agents.delete(agent.id)
        self._written[agent.id, agent.version + 1] = (agent.slug, None)
        for variant in variants:
            self._written[variant.id, variant.version + 1] = (agent.slug, variant.slug)

    def _note(self, agent: Agent, variant_slug: str | None = None) -> Agent:
        self._written[agent.id, agent.version] = (agent.slug, variant_slug)
        return agent

    def _note_variant(self, agent: Agent, variant: AgentVariant) -> AgentVariant:
        self._written[variant.id, variant.version] = (agent.slug, variant.slug)
        return variant

    async def changes(self) -> list[AppliedChange]:
        events = await self._uow.events.of_versions(self._written)
        return [AppliedChange(*self._written[event.entity_id, event.version], event) for event in events]
