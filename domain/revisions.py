"""Revisions: an agent or a variant as it was at one of its versions, and the return to that."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from domain.agents import Agent
from domain.configs import CONFIG_FIELDS, AgentConfig, ConfigOverrides
from domain.errors import InvalidInput
from domain.history import ACTIVE_VARIANT, Event
from domain.ids import AgentId, VariantId
from domain.parameters import Parameters
from domain.variants import AgentVariant

C = TypeVar("C", AgentConfig, ConfigOverrides)
R = TypeVar("R", "AgentRevision", "VariantRevision")


@dataclass(frozen=True, slots=True)
class AgentRevision:
    """An agent as it was after `event`, which made its `version`."""

    agent_id: AgentId
    version: int
    slug: str
    name: str
    description: str
    active_variant_id: VariantId | None
    config: AgentConfig
    event: Event


@dataclass(frozen=True, slots=True)
class VariantRevision:
    """A variant as it was after `event`, which made its `version`."""

    id: VariantId
    agent_id: AgentId
    version: int
    slug: str
    name: str
    description: str
    overrides: ConfigOverrides
    event: Event


def agent_revision(event: Event, values: Mapping[str, Any]) -> AgentRevision:
    """Returns the agent after the event, from the last value that each field got. A field that never got one is None."""
    active = values.get(ACTIVE_VARIANT)
    return AgentRevision(
        agent_id=AgentId(event.entity_id),
        version=event.version,
        slug=values["slug"],
        name=values["name"],
        description=values["description"],
        active_variant_id=VariantId(UUID(active)) if active else None,
        config=_config(AgentConfig, values),
        event=event,
    )


def variant_revision(event: Event, values: Mapping[str, Any]) -> VariantRevision:
    """Returns the variant after the event, from the last value that each field got. A field that never got one is None."""
    return VariantRevision(
        id=VariantId(event.entity_id),
        agent_id=AgentId(event.aggregate_id),
        version=event.version,
        slug=values["slug"],
        name=values["name"],
        description=values["description"],
        overrides=_config(ConfigOverrides, values),
        event=event,
    )


def _config(kind: type[C], values: Mapping[str, Any]) -> C:
    stored: dict[str, Any] = {name: values.get(name) for name in CONFIG_FIELDS}
    if stored["temperature"] is not None:
        stored["temperature"] = float(stored["temperature"])  # JSON has one kind of number
    if stored["parameters"] is not None or kind is AgentConfig:  # no event from before there were parameters has them
        stored["parameters"] = Parameters(stored["parameters"] or {})
    return kind(**stored)


def revert_agent(agent: Agent, revision: AgentRevision | None) -> Agent:
    """Returns the agent with the name, description and configuration of the revision.

    What is active stays, and so does the slug: others find the agent by it, and another agent may have the old one now.
    Raises InvalidInput if there is no revision.
    """
    restored = _existing(revision, agent.version)
    return replace(agent, name=restored.name, description=restored.description, config=restored.config)


def revert_variant(variant: AgentVariant, revision: VariantRevision | None) -> AgentVariant:
    """Returns the variant with the name, description and overrides of the revision. The slug stays.

    Raises InvalidInput if there is no revision.
    """
    restored = _existing(revision, variant.version)
    return replace(variant, name=restored.name, description=restored.description, overrides=restored.overrides)


def _existing(revision: R | None, current_version: int) -> R:
    if revision is None:
        message = f"must be a version that its history has, up to the present {current_version}"
        raise InvalidInput.of("to_version", message)
    return revision
