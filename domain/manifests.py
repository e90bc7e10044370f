"""Agents as manifests: all that an agent is, under names that mean the same on every server. What a git repository keeps."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from domain.agents import Agent, CreateAgent, new_agent
from domain.errors import Conflict, InvalidInput
from domain.history import Event
from domain.ids import AgentId, VariantId
from domain.slugs import slug
from domain.validation import Check, Violation
from domain.variants import MAX_VARIANTS, AgentVariant, CreateVariant, new_variant

MAX_ENTITIES = 1_000
"""Agents and variants of one call."""


@dataclass(frozen=True, slots=True)
class AgentManifest:
    """An agent with its variants. What a manifest leaves out has its default: the manifest is all there is to say.

    Only of what is active it may say nothing (`sets_active` is false): that stays then.
    """

    agent: CreateAgent
    variants: list[CreateVariant]
    sets_active: bool
    active: str | None

    @property
    def slug(self) -> str:
        return _slug(self.agent)


def agent_manifests(inputs: Sequence[Mapping[str, Any]]) -> list[AgentManifest]:
    """Check the manifests of one call. Raises InvalidInput with every problem of every manifest."""
    _ensure_size(len(inputs))
    check = Check()
    manifests = []
    first_with: dict[Any, int] = {}
    for index, values in enumerate(inputs):
        path = f"agents.{index}"
        first = first_with.setdefault(values["slug"], index)
        if first != index:
            check.add(f"{path}.slug", f"is given twice in this call: agents.{first} has it too")
        with check.collecting():
            manifests.append(_manifest(values, path))
    check.done()
    _ensure_size(sum(1 + len(manifest.variants) for manifest in manifests))
    return manifests


def _ensure_size(entities: int) -> None:
    if entities == 0:
        raise InvalidInput.of("agents", "must not be empty: give at least one agent")
    if entities > MAX_ENTITIES:
        raise InvalidInput.of(
            "agents",
            f"must have at most {MAX_ENTITIES:,} agents and variants, has {entities:,}: apply them in parts, which must"
            " not prune, as each would delete the others",
        )


def ensure_prunable(entities: int) -> None:
    """Raise InvalidInput where more agents and variants are stored than can be compared with the manifests at once."""
    if entities > MAX_ENTITIES:
        raise InvalidInput.of(
            "prune",
            f"must be false where more than {MAX_ENTITIES:,} agents and variants are stored: there are {entities:,}",
        )


def _manifest(values: Mapping[str, Any], path: str) -> AgentManifest:
    given = values.get("variants") or []
    if len(given) > MAX_VARIANTS:
        raise InvalidInput.of(f"{path}.variants", f"must have at most {MAX_VARIANTS} items, has {len(given)}")
    check = Check()
    agents, variants = [], []
    with check.collecting():
        own = {name: value for name, value in values.items() if name not in ("variants", "active_variant")}
        agents.append(new_agent(own, path))
    slugs: set[Any] = set()
    for index, variant in enumerate(given):
        variant_path = f"{path}.variants.{index}"
        if variant["slug"] in slugs:
            check.add(f"{variant_path}.slug", "is another variant's of this agent, too")
        slugs.add(variant["slug"])
        with check.collecting():
            variants.append(new_variant(variant, path=variant_path))
    active = values.get("active_variant")
    if active is not None:
        active = check.value(slug, active, f"{path}.active_variant")
        if active not in slugs:
            check.add(f"{path}.active_variant", "must be the slug of one of the variants in the manifest, or null")
    check.done()
    return AgentManifest(agents[0], variants, "active_variant" in values, active)


def _slug(new: CreateAgent | CreateVariant) -> str:
    assert new.slug is not None
    return new.slug


@dataclass(frozen=True, slots=True)
class ActivationChange:
    """What is to be active instead of what is; None is the base."""

    active: VariantId | None
    slug: str | None
    slug_before: str | None


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """What makes one agent what its manifest says.

    Variants are pruned before others are created, so that there is room for these: all but the one that is active as long
    as nothing else is. That one goes last.
    """

    slug: str
    stored: Agent | None
    created: CreateAgent | None
    updated: Agent | None
    pruned_variants: list[AgentVariant]
    updated_variants: list[AgentVariant]
    created_variants: list[CreateVariant]
    activation: ActivationChange | None
    pruned_last: AgentVariant | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What makes agents what their manifests say. The agents that are pruned go first, in the order of their ids."""

    pruned: list[Agent]
    agents: list[AgentPlan]

    @property
    def pruned_variants(self) -> Iterator[tuple[str, AgentVariant]]:
        """Those that go before anything is created, each with its agent's slug."""
        return ((plan.slug, variant) for plan in self.agents for variant in plan.pruned_variants)

    @property
    def pruned_last(self) -> Iterator[tuple[str, AgentVariant]]:
        return ((plan.slug, plan.pruned_last) for plan in self.agents if plan.pruned_last)


def plan(
    manifests: Sequence[AgentManifest],
    stored: Sequence[Agent],
    variants: Mapping[AgentId, Sequence[AgentVariant]],
    *,
    prune: bool,
) -> Plan:
    """What is to be done to the stored agents. Raises Conflict, by slugs, for what cannot be so."""
    present = {agent.slug: agent for agent in stored}
    plans, problems = [], []
    for manifest in manifests:
        agent = present.pop(manifest.slug, None)
        try:
            plans.append(_plan(manifest, agent, variants.get(agent.id, ()) if agent else (), prune))
        except Conflict as conflict:
            problems.append(str(conflict))
    if problems:
        raise Conflict("; ".join(problems[:5]))
    return Plan(sorted(present.values(), key=lambda agent: agent.id) if prune else [], plans)


def _plan(manifest: AgentManifest, agent: Agent | None, variants: Sequence[AgentVariant], prune: bool) -> AgentPlan:
    others = {variant.slug: variant for variant in variants}
    ids: dict[str, VariantId] = {}
    created, updated = [], []
    for new in manifest.variants:
        slug = _slug(new)
        variant = others.pop(slug, None)
        ids[slug] = variant.id if variant else new.id
        if variant is None:
            created.append(new)
        elif (changed := _applied_to_variant(new, variant)) != variant:
            updated.append(changed)
    pruned = list(others.values()) if prune else []
    present = next((variant for variant in variants if agent and variant.id == agent.active_variant_id), None)
    present_slug = present.slug if present else None
    if present in pruned and not manifest.sets_active:
        raise Conflict(
            f"the active variant {manifest.slug}/{present_slug} cannot be pruned: say which one is to be active instead, if any"
        )
    left = len(variants) - len(pruned) + len(created)
    if left > MAX_VARIANTS:
        raise Conflict(f"{manifest.slug} would have {left} variants: an agent can have at most {MAX_VARIANTS}")
    changes_active = manifest.sets_active and manifest.active != present_slug
    active = None if manifest.active is None else ids[manifest.active]
    applied = _applied_to_agent(manifest, agent) if agent else None
    return AgentPlan(
        manifest.slug,
        stored=agent,
        created=None if agent else manifest.agent,
        updated=None if applied == agent else applied,
        pruned_variants=[variant for variant in pruned if variant is not present],
        updated_variants=updated,
        created_variants=created,
        activation=ActivationChange(active, manifest.active, present_slug) if changes_active else None,
        pruned_last=present if present in pruned else None,
    )


def _applied_to_agent(manifest: AgentManifest, agent: Agent) -> Agent:
    """The stored agent as the manifest has it."""
    new = manifest.agent
    return replace(agent, name=new.name, description=new.description, config=new.config)


def _applied_to_variant(new: CreateVariant, variant: AgentVariant) -> AgentVariant:
    return replace(variant, name=new.name, description=new.description, overrides=new.overrides)


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """A change that was made (or would be), and by its slugs of what.

    An activation has the variant's, too, and that of what was active before (None: the base).
    """

    agent_slug: str
    variant_slug: str | None
    active_before: str | None
    event: Event


@dataclass(frozen=True, slots=True)
class AppliedAgents:
    """What applying did, or would do; `state` names what was stored before."""

    changes: list[AppliedChange]
    state: str
    dry_run: bool


def state(value: Any) -> str:
    """A rule: a fingerprint."""
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
        raise Violation("must be the state that a dry run gave")
    return value


def fingerprint(entities: Iterable[Agent | AgentVariant]) -> str:
    """Something that differs whenever any of them has changed, or others are there."""
    versions = sorted((str(entity.id), entity.version) for entity in entities)
    return hashlib.sha256(orjson.dumps(versions)).hexdigest()
