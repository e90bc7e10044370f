"""Agents: a named base configuration with variants, of which at most one is active."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Annotated

from domain.configs import CONFIG_FIELDS, AgentConfig, PartialConfig, etag
from domain.ids import AgentId, VariantId, new_id
from domain.optimistic_locking import Versioned
from domain.partial_updates import OMITTED, Omitted
from domain.prompts import render
from domain.rules import Text
from domain.slugs import Slug

Name = Annotated[str, Text(200, required=True, strip=True)]
Description = Annotated[str, Text(10_000)]


class ConfigSource(Enum):
    """The source of a value of a resolved configuration."""

    BASE = "BASE"
    VARIANT = "VARIANT"


@dataclass(frozen=True, slots=True)
class FieldSource:
    """The source of one field's value. `field` is one of `CONFIG_FIELDS`."""

    field: str
    source: ConfigSource


@dataclass(slots=True, kw_only=True)
class ResolvedAgentConfig(AgentConfig):
    """The configuration that a worker must run with now: the active variant's overrides over the agent's base."""

    agent_id: AgentId
    agent_slug: str
    variant_id: VariantId | None
    """The active variant; None is the base."""
    variant_slug: str | None
    overridden: frozenset[str] = field(default=frozenset(), compare=False)
    """The fields that the active variant sets. Configurations with the same values are equal, wherever the values are from."""
    _etag: str | None = field(default=None, init=False, compare=False, repr=False)

    @property
    def sources(self) -> list[FieldSource]:
        """Returns the source of each of the twelve values, in the order of the fields."""
        return [
            FieldSource(name, ConfigSource.VARIANT if name in self.overridden else ConfigSource.BASE)
            for name in CONFIG_FIELDS
        ]

    @property
    def etag(self) -> str:
        """Returns the hash of the values (see `domain.configs.etag`), which takes a millisecond for long prompts, once."""
        hashed: str | None = getattr(self, "_etag", None)  # unset in what was made of a row
        if hashed is None:
            self._etag = hashed = etag(self)
        return hashed


@dataclass(slots=True)
class Agent(Versioned):
    """An agent. Its slug is unique in the workspace."""

    id: AgentId
    slug: str
    name: str
    description: str
    active_variant_id: VariantId | None
    version: int
    created_at: datetime
    updated_at: datetime
    config: AgentConfig
    resolved: ResolvedAgentConfig | None = field(default=None, compare=False, repr=False)
    """The configuration that the agent resolves to, if it was read with the agent."""


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """The two prompts of a configuration with values for their variables."""

    config: ResolvedAgentConfig
    system_prompt: str
    user_prompt: str

    @classmethod
    def of(cls, config: ResolvedAgentConfig, variables: object) -> "RenderedPrompt":
        """Renders the prompts. Raises InvalidInput unless the variables are exactly those of the prompts."""
        return cls(config, *render((config.system_prompt, config.user_prompt_template), variables))

    @property
    def agent_id(self) -> AgentId:
        return self.config.agent_id

    @property
    def variant_id(self) -> VariantId | None:
        return self.config.variant_id

    @property
    def etag(self) -> str:
        return self.config.etag


@dataclass(slots=True)
class CreateAgent:
    """The command to create an agent."""

    name: Name
    config: AgentConfig
    slug: Slug | None = None
    """The slug; None takes the first free one that is made of the name."""
    description: Description = ""
    id: AgentId = field(default_factory=lambda: AgentId(new_id()))


@dataclass(frozen=True, slots=True)
class UpdateAgent:
    """The command to update an agent."""

    name: Name | Omitted = OMITTED
    slug: Slug | Omitted = OMITTED
    description: Description | Omitted = OMITTED
    config: PartialConfig | Omitted = OMITTED
