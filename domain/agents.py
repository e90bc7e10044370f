"""Agents: a named base configuration of which at most one variant is active."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from domain.configs import CONFIG_FIELDS, CONFIG_RULES, AgentConfig, etag
from domain.ids import AgentId, VariantId, new_id
from domain.optimistic_locking import Versioned
from domain.prompts import render, variables_of
from domain.slugs import slug
from domain.validation import Check, Rule, text

NAMING_RULES: dict[str, Rule] = {
    "name": text(200, required=True, strip=True),
    "slug": slug,
    "description": text(10_000),
}
"""Agents and variants are named alike."""


class ConfigSource(Enum):
    """Where a value of a resolved configuration comes from."""

    BASE = "BASE"
    VARIANT = "VARIANT"


@dataclass(frozen=True, slots=True)
class FieldSource:
    """`field` is one of `CONFIG_FIELDS`."""

    field: str
    source: ConfigSource


@dataclass(slots=True)
class ResolvedAgentConfig:
    """What a worker must run with now: the active variant's values over the agent's. `variant_id` is None for the base."""

    agent_id: AgentId
    variant_id: VariantId | None
    model_provider: str
    model_name: str
    system_prompt: str
    user_prompt_template: str
    prompt_version: str
    temperature: float
    max_tokens: int
    context_window: int
    input_token_limit: int
    token_budget: int
    timeout_seconds: int
    max_retries: int
    overridden: str = field(default="f" * len(CONFIG_FIELDS), compare=False)
    """A letter for each of the twelve, in order: `t` where the active variant sets it, else `f`. Two configurations of the
    same values are equal wherever these come from."""

    @property
    def sources(self) -> list[FieldSource]:
        """Of each of the twelve fields, in order."""
        return [
            FieldSource(name, ConfigSource.VARIANT if letter == "t" else ConfigSource.BASE)
            for name, letter in zip(CONFIG_FIELDS, self.overridden, strict=True)
        ]

    @property
    def etag(self) -> str:
        return etag(self)

    @property
    def variables(self) -> list[str]:
        """Of the two prompts, the system prompt's first."""
        return variables_of(self.system_prompt, self.user_prompt_template)


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
    """Where it was read along."""


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """The two prompts of a configuration, with values for their variables."""

    config: ResolvedAgentConfig
    system_prompt: str
    user_prompt: str

    @classmethod
    def of(cls, config: ResolvedAgentConfig, variables: Any) -> "RenderedPrompt":
        """Raises InvalidInput for variables that are not exactly those of the prompts."""
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
    """What is stored of an agent at first. `slug` is None where it is to be made from the name."""

    name: str
    config: AgentConfig
    slug: str | None = None
    description: str = ""
    id: AgentId = field(default_factory=lambda: AgentId(new_id()))


def new_agent(values: Mapping[str, Any], path: str = "input") -> CreateAgent:
    """Check an input: the fields of `CreateAgent`, `config` as a mapping; null asks for the default. Raises InvalidInput."""
    check = Check()
    named = check.fields(NAMING_RULES, not_null(values, but="config"), path)
    configured = check.nested(CONFIG_RULES, not_null(values.get("config") or {}), f"{path}.config")
    for name in ("model_provider", "model_name"):
        if name not in configured:
            check.add(f"{path}.config.{name}", "is needed")
    check.done()
    return CreateAgent(**named, config=AgentConfig(**configured))


def patch_agent(agent: Agent, values: Mapping[str, Any]) -> Agent:
    """The agent with the given fields set; equal to it if they change nothing. Raises InvalidInput, for null as well."""
    check = Check()
    named = check.fields(NAMING_RULES, {name: value for name, value in values.items() if name != "config"}, "input")
    configured = check.nested(CONFIG_RULES, values.get("config", {}), "input.config")
    check.done()
    return replace(agent, **named, config=replace(agent.config, **configured))


def not_null(values: Mapping[str, Any], *, but: str = "") -> dict[str, Any]:
    """What a caller gave for something new: there, null says as much as leaving out."""
    return {name: value for name, value in values.items() if value is not None and name != but}
