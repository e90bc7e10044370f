"""The configuration that a worker must run with, as the server resolves it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from rapporteur_client.merge_patch import merge_patch
from rapporteur_client.prompts import render

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


_LEFT_OUT: Any = None


def is_slug(text: str) -> bool:
    """Returns whether a text can be an agent's slug, and so the name of its file."""
    return _SLUG.fullmatch(text) is not None


def camel_case(name: str) -> str:
    """Returns a field's name as GraphQL and manifests have it."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


@dataclass(frozen=True)
class ResolvedConfig:
    """All that a call of the model needs. The defaults are those of the server."""

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
    parameters: dict[str, Any] = field(default_factory=dict)
    """Everything else that the model takes, such as `top_p`."""
    model_parameters: dict[str, Any] = _LEFT_OUT
    """The parameters to hand to the model: `temperature` and `max_tokens` with `parameters` over them, where null means not
    to send a key. Left out, it is made of them. All answers share these two: copy them before you change them."""
    agent_slug: str = ""
    variant_slug: str | None = None
    """The slug of the active variant; None is the base."""
    agent_id: str | None = None
    variant_id: str | None = None
    etag: str = ""
    """The same for the same values; empty if the server did not give them."""

    def __post_init__(self) -> None:
        if self.model_parameters is None:
            sampling = {"temperature": self.temperature, "max_tokens": self.max_tokens}
            object.__setattr__(self, "model_parameters", merge_patch(sampling, self.parameters))

    def render(self, **variables: str | float | bool) -> tuple[str, str]:
        """Returns the system prompt and the user's, with the values of their variables, as the server renders them.

        Raises PromptError if a variable is missing or unknown.
        """
        system_prompt, user_prompt = render((self.system_prompt, self.user_prompt_template), variables)
        return system_prompt, user_prompt


_GRAPHQL_NAMES = {each.name: camel_case(each.name) for each in fields(ResolvedConfig)}
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "float": (float, int),
    "int": (int,),
    "dict[str, Any]": (dict,),
}
"""The types in JSON of a field by its annotation."""


def from_json(values: Mapping[str, Any]) -> ResolvedConfig:
    """Returns the configuration of an object in GraphQL's names. What is left out has its default.

    Raises ValueError, which names the field, for a value of another type, or a missing provider or model.
    """
    given: dict[str, Any] = {}
    for each in fields(ResolvedConfig):
        name = _GRAPHQL_NAMES[each.name]
        if name not in values:
            continue
        value = values[name]
        if not isinstance(value, _TYPES[str(each.type)]) or isinstance(value, bool):
            raise ValueError(f"{name} is {value!r:.50}, which is no {each.type}")
        given[each.name] = float(value) if isinstance(value, int | float) and each.type == "float" else value
    for needed in ("model_provider", "model_name"):
        if needed not in given:
            raise ValueError(f"{_GRAPHQL_NAMES[needed]} is missing")
    return ResolvedConfig(**given)


def to_json(config: ResolvedConfig) -> dict[str, Any]:
    """Returns the configuration as an object in GraphQL's names."""
    return {graphql: getattr(config, name) for name, graphql in _GRAPHQL_NAMES.items()}
