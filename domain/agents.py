"""Agents: a named base configuration with variants, of which at most one is active."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import Annotated, Any

import orjson

from domain.configs import CONFIG_FIELDS, VALUE_FIELDS, AgentConfig, PartialConfig, values_of
from domain.ids import AgentId, VariantId, new_id
from domain.optimistic_locking import Versioned
from domain.parameters import Parameters, merge_patch
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
    """The source of one field's value. `field` is one of `CONFIG_FIELDS`, and `key` one of the keys of `parameters`."""

    field: str
    source: ConfigSource
    key: str | None = None


@dataclass(slots=True, kw_only=True)
class ResolvedAgentConfig(AgentConfig):
    """The configuration that a worker must run with now: the active variant's overrides over the agent's base."""

    agent_id: AgentId
    agent_slug: str
    variant_id: VariantId | None
    """The active variant; None is the base."""
    variant_slug: str | None
    overridden: frozenset[str] = frozenset()
    """The fields that the active variant sets, but for `parameters`."""
    parameter_overrides: Parameters | None = None
    """The parameters that the active variant sets."""
    _etag: str | None = field(default=None, init=False, repr=False)
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        """Returns whether the values are the same, wherever they are from."""
        return isinstance(other, ResolvedAgentConfig) and _compared(self) == _compared(other)

    @property
    def model_parameters(self) -> Parameters:
        """Returns what a worker hands to the model: temperature and max_tokens, with the parameters over them.

        A null that the variant sets is laid over them, too, although it is not among the merged parameters any more.
        """
        sent = merge_patch({"temperature": self.temperature, "max_tokens": self.max_tokens}, self.parameters)
        return merge_patch(sent, self.parameter_overrides or Parameters())

    @property
    def sources(self) -> list[FieldSource]:
        """Returns the source of each of the twelve values, in the order of the fields, and of each key of the parameters."""
        of_values = [FieldSource(name, _source(name in self.overridden)) for name in VALUE_FIELDS]
        own = self.parameter_overrides or Parameters()
        return of_values + [FieldSource("parameters", _source(key in own), key) for key in self.parameters]

    @property
    def etag(self) -> str:
        """Returns a hash of the values: the same for the same values, whatever agent or variant they belong to.

        It is the SHA-256, in hexadecimal digits, of a JSON list of the twelve values in the order of the fields. Where
        parameters change what the model gets, they and the model's parameters follow in the list, with sorted keys. The hash is
        computed once, as long prompts take a millisecond.
        """
        hashed: str | None = getattr(self, "_etag", None)  # unset in what was made of a row
        if hashed is None:
            values = values_of(self)
            if self.parameters or (self.parameter_overrides and len(self.model_parameters) < 2):
                values = (*values, self.parameters, self.model_parameters)
            self._etag = hashed = hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return hashed


_compared = attrgetter("agent_id", "agent_slug", "variant_id", "variant_slug", *CONFIG_FIELDS, "model_parameters")


def _source(is_overridden: bool) -> ConfigSource:
    return ConfigSource.VARIANT if is_overridden else ConfigSource.BASE


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
    variants: Sequence[Any] | None = field(default=None, compare=False, repr=False)
    """Its variants (`domain.variants`, which imports this module), the oldest first, if they were read with the agent."""
    row: Sequence[Any] = field(default=(), init=False, compare=False, repr=False)
    """The row that the attributes are set from when one is first read; empty if they are set already."""


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """The two prompts of a configuration with values for their variables."""

    config: ResolvedAgentConfig
    system_prompt: str
    user_prompt: str

    @classmethod
    def of(cls, config: ResolvedAgentConfig, variables: object) -> "RenderedPrompt":
        """Returns the prompts with their values. Raises InvalidInput unless the variables are exactly those of the prompts."""
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
