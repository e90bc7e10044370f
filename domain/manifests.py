"""Agents as manifests: all that an agent is, under names that mean the same on every server. What a git repository keeps."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from domain.agents import Agent, NewAgent, new_agent
from domain.errors import InvalidInput
from domain.slugs import slug
from domain.validation import Check, Violation
from domain.variants import MAX_VARIANTS, AgentVariant, NewVariant, new_variant

MAX_ENTITIES = 1_000
"""Agents and variants of one call."""


@dataclass(frozen=True, slots=True)
class AgentManifest:
    """An agent with its variants. What a manifest leaves out has its default: the manifest is all there is to say.

    Only of what is active it may say nothing (`sets_active` is false): that stays then.
    """

    agent: NewAgent
    variants: list[NewVariant]
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
    if not 1 <= entities <= MAX_ENTITIES:
        raise InvalidInput.of(
            "agents", f"must have 1 to {MAX_ENTITIES:,} agents and variants, has {entities:,}: apply them in parts"
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


def _slug(new: NewAgent | NewVariant) -> str:
    assert new.slug is not None
    return new.slug


def apply_to_agent(manifest: AgentManifest, agent: Agent) -> Agent:
    """The stored agent as the manifest has it."""
    new = manifest.agent
    return replace(agent, name=new.name, description=new.description, config=new.config)


def apply_to_variant(new: NewVariant, variant: AgentVariant) -> AgentVariant:
    return replace(variant, name=new.name, description=new.description, overrides=new.overrides)


def state(value: Any) -> str:
    """A rule: a fingerprint."""
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
        raise Violation("must be the state that a dry run gave")
    return value


def fingerprint(entities: Iterable[Agent | AgentVariant]) -> str:
    """Something that differs whenever any of them has changed, or others are there."""
    versions = sorted((str(entity.id), entity.version) for entity in entities)
    return hashlib.sha256(orjson.dumps(versions)).hexdigest()
