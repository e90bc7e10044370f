"""The fields of an LLM configuration, and how a variant's overrides lie over an agent's base.

There are twelve with a value each, and `parameters`, which are one JSON object.

`ConfigFields` declares the fields, their rules and their defaults, once. The columns of the tables and the GraphQL types are
made from it, too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Annotated, Generic, Never, TypeVar, dataclass_transform, get_args

from domain.parameters import MAX_PARAMETERS_BYTES, Parameters, ParametersRule, merge_patch
from domain.partial_updates import OMITTED, Omitted
from domain.prompts import variables_of, warnings_of
from domain.rules import Integer, Number, Text

MAX_PROMPT_CHARS = 200_000

ModelProvider = Annotated[str, Text(200, required=True, strip=True)]
ModelName = Annotated[str, Text(200, required=True, strip=True)]

Absent = TypeVar("Absent")
"""The type of what a field can have in place of a value."""
C = TypeVar("C")


@dataclass(slots=True)
class ConfigFields(Generic[Absent]):
    """The declaration of the fields. Its subclasses differ in what a field can have in place of a value."""

    model_provider: ModelProvider | Absent = ""
    model_name: ModelName | Absent = ""
    system_prompt: Annotated[str, Text(MAX_PROMPT_CHARS)] | Absent = ""
    user_prompt_template: Annotated[str, Text(MAX_PROMPT_CHARS)] | Absent = ""
    prompt_version: Annotated[str, Text(200, required=True)] | Absent = "1"
    temperature: Annotated[float, Number(0.0, 2.0)] | Absent = 0.7
    max_tokens: Annotated[int, Integer(0)] | Absent = 4096
    context_window: Annotated[int, Integer(0)] | Absent = 128_000
    input_token_limit: Annotated[int, Integer(0)] | Absent = 100_000
    token_budget: Annotated[int, Integer(0)] | Absent = 1_000_000
    timeout_seconds: Annotated[int, Integer(0)] | Absent = 60
    max_retries: Annotated[int, Integer(0)] | Absent = 3
    parameters: Annotated[Parameters, ParametersRule(MAX_PARAMETERS_BYTES)] | Absent = field(default_factory=Parameters)


@dataclass_transform()
def _each_field_defaults_to(default: Omitted | None) -> Callable[[type[C]], type[C]]:
    """Returns a decorator that makes a dataclass of a subclass of `ConfigFields`."""

    def decorate(cls: type[C]) -> type[C]:
        absent = get_args(cls.__orig_bases__[0])  # type: ignore[attr-defined]
        cls.__annotations__ = {field.name: field.type[absent] for field in fields(ConfigFields)}  # type: ignore[index]
        for name in cls.__annotations__:
            setattr(cls, name, default)
        return dataclass(slots=True)(cls)

    return decorate


@dataclass(slots=True)
class AgentConfig(ConfigFields[Never]):
    """A complete configuration. Only the provider and the model have no default."""

    model_provider: ModelProvider
    model_name: ModelName

    @property
    def variables(self) -> list[str]:
        """The variables of the two prompts, beginning with the ones of the system prompt."""
        return variables_of(self.system_prompt, self.user_prompt_template)

    @property
    def warnings(self) -> list[str]:
        """The warnings about texts in the two prompts that look like variables and are none, as sentences."""
        return warnings_of(self.system_prompt, self.user_prompt_template)


@_each_field_defaults_to(None)
class ConfigOverrides(ConfigFields[None]):
    """The values that a variant sets itself. None inherits the agent's value."""


@_each_field_defaults_to(OMITTED)
class PartialConfig(ConfigFields[Omitted]):
    """An update of an agent's configuration."""


@_each_field_defaults_to(OMITTED)
class PartialOverrides(ConfigFields[None | Omitted]):
    """An update of a variant's overrides. None makes the field inherit again."""


CONFIG_FIELDS: tuple[str, ...] = tuple(field.name for field in fields(ConfigFields))
VALUE_FIELDS: tuple[str, ...] = tuple(name for name in CONFIG_FIELDS if name != "parameters")
"""The twelve fields that an override replaces."""
_all = attrgetter(*CONFIG_FIELDS)
values_of: Callable[[AgentConfig | ConfigOverrides], tuple[object, ...]] = attrgetter(*VALUE_FIELDS)
"""Returns the values of the twelve fields, in their order."""


def as_overrides(config: AgentConfig | ConfigOverrides) -> ConfigOverrides:
    """Returns overrides with all values of the configuration, which is what a clone starts from."""
    return ConfigOverrides(*_all(config))


def resolve(base: AgentConfig, overrides: ConfigOverrides) -> AgentConfig:
    """Returns the configuration with each field's override, or the base's value if there is none.

    Parameters lie over the base's. `db.agents` resolves active variants by the same rules, in SQL.
    """
    pairs = zip(_all(base), _all(overrides), strict=True)
    resolved = AgentConfig(*(value if override is None else override for value, override in pairs))
    if overrides.parameters is not None:
        resolved.parameters = merge_patch(base.parameters, overrides.parameters)
    return resolved
