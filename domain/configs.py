"""The twelve fields of an LLM configuration, and how a variant's overrides lie over an agent's base."""

import hashlib
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

import orjson

from domain.prompts import variables_of
from domain.validation import Rule, integer, nullable, number, text

MAX_PROMPT_CHARS = 200_000
"""Characters of a prompt."""


@dataclass(slots=True)
class AgentConfig:
    """A complete configuration."""

    model_provider: str
    model_name: str
    system_prompt: str = ""
    user_prompt_template: str = ""
    prompt_version: str = "1"
    temperature: float = 0.7
    max_tokens: int = 4096
    context_window: int = 128_000
    input_token_limit: int = 100_000
    token_budget: int = 1_000_000
    timeout_seconds: int = 60
    max_retries: int = 3

    @property
    def variables(self) -> list[str]:
        """Of the two prompts, the system prompt's first."""
        return variables_of(self.system_prompt, self.user_prompt_template)


@dataclass(slots=True)
class ConfigOverrides:
    """What a variant sets itself: a value overrides the agent's, None inherits it."""

    model_provider: str | None = None
    model_name: str | None = None
    system_prompt: str | None = None
    user_prompt_template: str | None = None
    prompt_version: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    context_window: int | None = None
    input_token_limit: int | None = None
    token_budget: int | None = None
    timeout_seconds: int | None = None
    max_retries: int | None = None


CONFIG_FIELDS: tuple[str, ...] = tuple(field.name for field in fields(AgentConfig))
_values = attrgetter(*CONFIG_FIELDS)

CONFIG_RULES: dict[str, Rule] = {
    "model_provider": text(200, required=True, strip=True),
    "model_name": text(200, required=True, strip=True),
    "system_prompt": text(MAX_PROMPT_CHARS),
    "user_prompt_template": text(MAX_PROMPT_CHARS),
    "prompt_version": text(200, required=True, strip=True),
    "temperature": number(0.0, 2.0),
    "max_tokens": integer(0),
    "context_window": integer(0),
    "input_token_limit": integer(0),
    "token_budget": integer(0),
    "timeout_seconds": integer(0),
    "max_retries": integer(0),
}
OVERRIDE_RULES: dict[str, Rule] = {name: nullable(rule) for name, rule in CONFIG_RULES.items()}


def as_overrides(config: AgentConfig | ConfigOverrides) -> ConfigOverrides:
    """All twelve values as overrides: what a clone starts from."""
    return ConfigOverrides(*(getattr(config, name) for name in CONFIG_FIELDS))


def etag(config: object) -> str:
    """A hash of the twelve values of anything that has them: equal for equal values, whoever they belong to.

    SHA-256, in hexadecimal digits, of a JSON list of the values in the order of `CONFIG_FIELDS`.
    """
    return hashlib.sha256(orjson.dumps(_values(config))).hexdigest()


def resolve(base: AgentConfig, overrides: ConfigOverrides) -> AgentConfig:
    """Field by field the override, else the base's value. (`db` says the same of active variants, as COALESCE in SQL.)"""
    values: list[Any] = []
    for name in CONFIG_FIELDS:
        override = getattr(overrides, name)
        values.append(getattr(base, name) if override is None else override)
    return AgentConfig(*values)
