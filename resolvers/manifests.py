"""Applies manifests: it makes agents what files say they are, in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from db.unit_of_work import UnitOfWork
from domain.agents import Agent
from domain.errors import Conflict
from domain.ids import AgentId
from domain.manifests import (
    AgentManifest,
    AgentPlan,
    AppliedAgents,
    AppliedChange,
    Plan,
    ensure_prunable,
    fingerprint,
    plan,
    state,
)
from domain.validation import checked
from domain.variants import AgentVariant
from resolvers.context import Context


async def apply(
    context: Context,
    manifests: Sequence[AgentManifest],
    *,
    prune: bool,
    dry_run: bool,
    expected_state: str | None,
    reason: str | None,
) -> AppliedAgents:
    if expected_state is not None:
        checked(state, expected_state, "expected_state")
    async with context.unit_of_work(reason) as uow:
        await uow.agents.lock_slugs()
        if prune:
            ensure_prunable(await uow.agents.count_with_variants())
        stored = await uow.agents.list_for_update(None if prune else [manifest.slug for manifest in manifests])
        variants = await uow.variants.by_agents([agent.id for agent in stored])
        found = fingerprint([*stored, *(variant for of_one in variants.values() for variant in of_one)])
        if expected_state not in (None, found):
            raise Conflict("what is stored has changed since you looked: look again at what would change")
        applying = _Applying(uow)
        await applying.apply(plan(manifests, stored, variants, prune=prune), variants)
        changes = await applying.changes()
        if not dry_run:
            await uow.commit()
    return AppliedAgents(changes, found, dry_run)


class _Applying:
    """Applies one plan. It notes the version that each write made, which is the key of its event."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._written: dict[tuple[UUID, int], tuple[str, str | None, str | None]] = {}

    async def apply(self, plan: Plan, variants: Mapping[AgentId, Sequence[AgentVariant]]) -> None:
        await self._delete_agents(plan.pruned, variants)
        await self._delete_variants(plan.pruned_variants)
        for of_one in plan.agents:
            await self._apply_to_one(of_one)
        await self._delete_variants(plan.pruned_last)

    async def _delete_agents(self, agents: Sequence[Agent], variants: Mapping[AgentId, Sequence[AgentVariant]]) -> None:
        """Deletes agents, and unassigns their meetings twice.

        The first time others can still refer to the agents: whoever has locked a meeting to assign it to one of them can go
        on. The second time the agents are locked, so that nobody can.
        """
        ids = [agent.id for agent in agents]
        await self._uow.meetings.unassign_agents(*ids)
        for id in ids:
            await self._uow.agents.get_for_delete(id)
        await self._uow.meetings.unassign_agents(*ids)
        for agent in agents:
            await self._uow.agents.delete(agent.id)
            self._note(agent.id, agent.version + 1, agent.slug)
            for variant in variants.get(agent.id, ()):
                self._note(variant.id, variant.version + 1, agent.slug, variant.slug)

    async def _delete_variants(self, variants: Iterable[tuple[str, AgentVariant]]) -> None:
        deleted = list(variants)
        await self._uow.variants.delete(*(variant.id for _, variant in deleted))
        for agent_slug, variant in deleted:
            self._note(variant.id, variant.version + 1, agent_slug, variant.slug)

    async def _apply_to_one(self, plan: AgentPlan) -> None:
        agent = plan.stored
        if plan.created:
            agent = await self._uow.agents.create(plan.created)
            self._note(agent.id, agent.version, plan.slug)
        elif plan.updated:
            agent = await self._uow.agents.update(plan.updated)
            self._note(agent.id, agent.version, plan.slug)
        assert agent is not None
        for changed in plan.updated_variants:
            variant = await self._uow.variants.update(changed)
            self._note(variant.id, variant.version, plan.slug, variant.slug)
        for new in plan.created_variants:
            variant = await self._uow.variants.create(agent, new, replacing=1 if plan.pruned_last else 0)
            self._note(variant.id, variant.version, plan.slug, variant.slug)
        if plan.activation:
            agent.active_variant_id = plan.activation.variant_id
            agent = await self._uow.agents.update(agent)
            before = plan.activation.previous_slug
            self._note(agent.id, agent.version, plan.slug, plan.activation.slug or before, before)

    def _note(
        self, id: UUID, version: int, agent: str, variant: str | None = None, active_before: str | None = None
    ) -> None:
        self._written[id, version] = (agent, variant, active_before)

    async def changes(self) -> list[AppliedChange]:
        events = await self._uow.events.by_versions(self._written)
        return [AppliedChange(*self._written[event.entity_id, event.version], event) for event in events]
