"""Agents as manifests: the whole of an agent under names that mean the same on every server. A git repository keeps them."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, cast

import orjson

from domain.agents import Agent, CreateAgent, Description, Name
from domain.configs import AgentConfig, ConfigOverrides
from domain.errors import Conflict, InvalidInput
from domain.history import Event
from domain.ids import AgentId, VariantId
from domain.partial_updates import OMITTED, Omitted
from domain.rules import Violation
from domain.slugs import Slug
from domain.validation import MaxItems, Problems
from domain.variants import MAX_VARIANTS, AgentVariant, CreateVariant

MAX_ENTITIES = 1_000
"""The most agents and variants that one call can apply."""


@dataclass(frozen=True, slots=True)
class VariantManifest:
    """A variant. A field that the manifest leaves out has its default: the manifest is the whole variant."""

    slug: Slug
    name: Name
    description: Description = ""
    overrides: ConfigOverrides = field(default_factory=ConfigOverrides)

    def create(self) -> CreateVariant:
        return CreateVariant(self.name, self.overrides, self.slug, self.description)

    def apply(self, variant: AgentVariant) -> AgentVariant:
        """Returns the stored variant with the values of the manifest."""
        return replace(variant, name=self.name, description=self.description, overrides=self.overrides)


@dataclass(frozen=True, slots=True)
class AgentManifest:
    """An agent with its variants. A field that the manifest leaves out has its default: the manifest is the whole agent.

    Only `active_variant` is an exception: left out, what is active stays.
    """

    slug: Slug
    name: Name
    config: AgentConfig
    description: Description = ""
    variants: Annotated[list[VariantManifest], MaxItems(MAX_VARIANTS)] = field(default_factory=list)
    active_variant: Slug | Omitted | None = OMITTED
    """The slug of one of the variants; None is the base."""

    def create(self) -> CreateAgent:
        return CreateAgent(self.name, self.config, self.slug, self.description)

    def apply(self, agent: Agent) -> Agent:
        """Returns the stored agent with the values of the manifest."""
        return replace(agent, name=self.name, description=self.description, config=self.config)


def parse_manifests(inputs: Sequence[Mapping[str, object]]) -> list[AgentManifest]:
    """Returns the manifests of one call. Raises InvalidInput with every problem of every manifest."""
    _ensure_size(len(inputs))
    problems = Problems()
    manifests: list[AgentManifest] = []
    first_with: dict[object, int] = {}
    for index, values in enumerate(inputs):
        path = f"agents.{index}"
        first = first_with.setdefault(values["slug"], index)
        if first != index:
            problems.add(f"{path}.slug", f"is given twice in this call: agents.{first} has it too")
        manifest = problems.parse(AgentManifest, values, path)
        _check_variants(values, problems, path)
        if manifest is not None:
            manifests.append(manifest)
    problems.raise_if_any()
    _ensure_size(sum(1 + len(manifest.variants) for manifest in manifests))
    return manifests


def _check_variants(values: Mapping[str, object], problems: Problems, path: str) -> None:
    """Notes a slug that two variants have, and an active variant that is not in the manifest."""
    variants = cast(Sequence[Mapping[str, object]], values.get("variants") or ())
    if len(variants) > MAX_VARIANTS:
        return  # this is noted already
    slugs: set[object] = set()
    for index, variant in enumerate(variants):
        if variant["slug"] in slugs:
            problems.add(f"{path}.variants.{index}.slug", "is another variant's of this agent, too")
        slugs.add(variant["slug"])
    active = values.get("active_variant")
    if active is not None and active not in slugs:
        problems.add(f"{path}.active_variant", "must be the slug of one of the variants in the manifest, or null")


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
    """Raises InvalidInput if more agents and variants are stored than can be compared with the manifests at once."""
    if entities > MAX_ENTITIES:
        raise InvalidInput.of(
            "prune",
            f"must be false where more than {MAX_ENTITIES:,} agents and variants are stored: there are {entities:,}",
        )


@dataclass(frozen=True, slots=True)
class ActivationChange:
    """Makes another variant of an agent active, or the base."""

    variant_id: VariantId | None
    """The variant to activate; None activates the base."""
    slug: str | None
    previous_slug: str | None
    """The slug of the variant that is active before; None is the base."""


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """The changes that make one agent equal to its manifest.

    Variants are pruned before others are created, so that the limit is not exceeded in between. Only the variant that is
    active before is pruned last, when it no longer is.
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
    """The changes that make agents equal to their manifests. The agents that are pruned go first, in the order of their ids."""

    pruned: list[Agent]
    agents: list[AgentPlan]

    @property
    def pruned_variants(self) -> Iterator[tuple[str, AgentVariant]]:
        """Returns the variants that are deleted before anything is created, each with its agent's slug."""
        return ((plan.slug, variant) for plan in self.agents for variant in plan.pruned_variants)

    @property
    def pruned_last(self) -> Iterator[tuple[str, AgentVariant]]:
        """Returns the variants that are deleted last, each with its agent's slug."""
        return ((plan.slug, plan.pruned_last) for plan in self.agents if plan.pruned_last)


def plan(
    manifests: Sequence[AgentManifest],
    stored: Sequence[Agent],
    variants: Mapping[AgentId, Sequence[AgentVariant]],
    *,
    prune: bool,
) -> Plan:
    """Returns the changes to the stored agents. Raises Conflict, naming the slugs, if a manifest cannot be applied."""
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
    for wanted in manifest.variants:
        variant = others.pop(wanted.slug, None)
        if variant is None:
            new = wanted.create()
            created.append(new)
            ids[wanted.slug] = new.id
            continue
        ids[wanted.slug] = variant.id
        if (changed := wanted.apply(variant)) != variant:
            updated.append(changed)
    pruned = list(others.values()) if prune else []
    active = next((variant for variant in variants if agent and variant.id == agent.active_variant_id), None)
    active_slug = active.slug if active else None
    if active in pruned and manifest.active_variant is OMITTED:
        raise Conflict(
            f"the active variant {manifest.slug}/{active_slug} cannot be pruned: say which one is to be active instead, if any"
        )
    left = len(variants) - len(pruned) + len(created)
    if left > MAX_VARIANTS:
        raise Conflict(f"{manifest.slug} would have {left} variants: an agent can have at most {MAX_VARIANTS}")
    activation = None
    if manifest.active_variant is not OMITTED and manifest.active_variant != active_slug:
        activated = None if manifest.active_variant is None else ids[manifest.active_variant]
        activation = ActivationChange(activated, manifest.active_variant, active_slug)
    applied = manifest.apply(agent) if agent else None
    return AgentPlan(
        manifest.slug,
        stored=agent,
        created=None if agent else manifest.create(),
        updated=None if applied == agent else applied,
        pruned_variants=[variant for variant in pruned if variant is not active],
        updated_variants=updated,
        created_variants=created,
        activation=activation,
        pruned_last=active if active in pruned else None,
    )


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """A change that was made, or that a dry run would make, with the slugs of the agent and the variant.

    `active_before` is the slug of the variant that was active before an activation; None is the base.
    """

    agent_slug: str
    variant_slug: str | None
    active_before: str | None
    event: Event


@dataclass(frozen=True, slots=True)
class AppliedAgents:
    """The changes that applying made, or would make. `state` is the fingerprint of what was stored before."""

    changes: list[AppliedChange]
    state: str
    dry_run: bool


def state(value: object) -> str:
    """Accepts a fingerprint."""
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
        raise Violation("must be the state that a dry run gave")
    return value


def fingerprint(entities: Iterable[Agent | AgentVariant]) -> str:
    """Returns a hash that changes whenever one of the entities changes, or others are there."""
    versions = sorted((str(entity.id), entity.version) for entity in entities)
    return hashlib.sha256(orjson.dumps(versions)).hexdigest()
