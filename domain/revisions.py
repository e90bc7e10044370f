"""Revisions: what an agent or a variant was at a version of its, and going back to it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from domain.agents import Agent
from domain.configs import CONFIG_FIELDS, AgentConfig, ConfigOverrides
from domain.errors import InvalidInput
from domain.history import ACTIVE_VARIANT, Event
from domain.ids import AgentId, VariantId
from domain.variants import AgentVariant

C = TypeVar("C", AgentConfig, ConfigOverrides)
R = TypeVar("R", "AgentRevision", "VariantRevision")


@dataclass(frozen=True, slots=True)
class AgentRevision:
    """An agent as it was after `event`, which made `version` of it."""

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
    """A variant as it was after `event`, which made `version` of it."""

    id: VariantId
    agent_id: AgentId
    version: int
    slug: str
    name: str
    description: str
    overrides: ConfigOverrides
    event: Event


def agent_revision(event: Event, values: Mapping[str, Any]) -> AgentRevision:
    """From the last value that each field was given; one that never had any is null."""
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
    return kind(**stored)


def revert_agent(agent: Agent, revision: AgentRevision | None) -> Agent:
    """The agent with name, description and configuration as they were. Raises InvalidInput for no revision.

    What is active stays, and so does the slug: by it others find the agent, and somebody else may have the old one now.
    """
    was = _found(revision, agent.version)
    return replace(agent, name=was.name, description=was.description, config=was.config)


def revert_variant(variant: AgentVariant, revision: VariantRevision | None) -> AgentVariant:
    """The variant with name, description and overrides as they were; the slug stays. Raises InvalidInput for no revision."""
    was = _found(revision, variant.version)
    return replace(variant, name=was.name, description=was.description, overrides=was.overrides)


def _found(revision: R | None, current: int) -> R:
    if revision is None:
        raise InvalidInput.of("to_version", f"must be a version that its history has, up to the present {current}")
    return revision
