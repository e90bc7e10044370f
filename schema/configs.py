"""Configurations in GraphQL: complete, as overrides, resolved, and as inputs.

`domain.configs` declares the fields.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import strawberry
from strawberry import Maybe
from strawberry.scalars import JSON

from domain import agents as entities
from domain.configs import AgentConfig as ConfigEntity
from domain.parameters import Parameters
from domain.validation import Declaration, declarations
from resolvers import configs as resolve
from schema.enums import describe_enum
from schema.field_declarations import Cost, Length, declared
from schema.field_names import field_name

T = TypeVar("T")
_MAYBE: Any = Maybe  # of types that are not known before the program runs

_CONFIG = declarations(ConfigEntity)
_INPUT = dict(sorted(_CONFIG.items(), key=lambda item: item[1].required))
"""The fields in the order of the inputs: the fields that a new agent's configuration requires come last."""


def _type(declaration: Declaration) -> Any:
    return JSON if declaration.type is Parameters else declaration.type


def _with_fields(annotations: Mapping[str, object]) -> Callable[[type[T]], type[T]]:
    """Returns a decorator that declares fields, before the ones that the class declares itself."""

    def decorate(cls: type[T]) -> type[T]:
        cls.__annotations__ = {**annotations, **cls.__annotations__}
        return cls

    return decorate


describe_enum(
    entities.ConfigSource,
    "Where a value comes from.",
    {"BASE": "The agent's base.", "VARIANT": "The overrides of its active variant."},
)


@strawberry.type(description="A complete configuration.")
@_with_fields({name: _type(declaration) for name, declaration in _CONFIG.items()})
class AgentConfig:
    variables: list[str] = strawberry.field(
        resolver=resolve.variables,
        metadata=declared(cost=Cost(), length=10),
        description="The {{names}} in the two prompts, the system prompt's first, each once: what renderPrompt needs.",
    )
    warnings: list[str] = strawberry.field(
        resolver=resolve.warnings,
        metadata=declared(cost=Cost(), length=2),
        description="What looks like a variable in the two prompts and is none, such as `{{user-name}}`, each with the reason;"
        " at most 20.",
    )


@strawberry.type(description="What a variant sets itself; null where it inherits from its agent.")
@_with_fields({name: _type(declaration) | None for name, declaration in _CONFIG.items()})
class ConfigOverrides:
    pass


@strawberry.type(description="Where the value of one field comes from.")
class ConfigFieldSource:
    field: str = strawberry.field(resolver=field_name, description="As it is called here: `maxTokens`.")
    key: str | None = strawberry.field(description="A key of `parameters`; null for the other fields.")
    source: entities.ConfigSource = strawberry.field(
        name="from", description="VARIANT where the active variant sets the field, be it to the base's value."
    )


@strawberry.type(description="What a worker must run with now: the active variant's values over the agent's.")
class ResolvedConfig(AgentConfig):
    agent_id: strawberry.ID
    agent_slug: str = strawberry.field(description="The agent's slug.")
    variant_id: strawberry.ID | None = strawberry.field(description="The active variant; null: the base.")
    variant_slug: str | None = strawberry.field(description="The active variant's slug; null: the base.")
    sources: list[ConfigFieldSource] = strawberry.field(
        metadata=declared(length=12),
        description="Where each of the twelve values comes from, in the order of the fields, and each key of `parameters`.",
    )
    model_parameters: JSON = strawberry.field(
        description="What to hand to the model: `temperature` and `max_tokens`, with `parameters` over them by RFC 7396. What"
        " is null in the parameters of the agent or of the variant is not here, and is not to be sent."
    )
    etag: str = strawberry.field(
        description="A hash of the values: the same for the same values, whatever agent or variant they are of."
    )


@strawberry.type(
    description="What several agents resolve to, as of one moment; or, in an update, what has changed. Both lists are in the"
    " order of the slugs."
)
class ResolvedConfigSet:
    etag: str = strawberry.field(
        description="A hash of the whole set: of the slugs, ids and etags of all of its configurations. In an update it is that"
        " of the set after the update."
    )
    configs: list[entities.ResolvedAgentConfig] = strawberry.field(
        graphql_type=list[ResolvedConfig],
        metadata=declared(length=Length.AS_ASKED),
        description="In an update, those that have changed or are new.",
    )
    deleted_agent_slugs: list[str] = strawberry.field(
        metadata=declared(length=1),
        description="In an update, the slugs that no agent has any more, as it was deleted or got another slug; else empty.",
    )


@strawberry.type(description="The prompts of a resolved configuration, with values for their variables.")
class RenderedPrompt:
    agent_id: strawberry.ID
    variant_id: strawberry.ID | None = strawberry.field(description="The active variant; null: the base.")
    system_prompt: str = strawberry.field(description="The system prompt, with the values in it.")
    user_prompt: str = strawberry.field(description="The user's prompt, with the values in it.")
    etag: str = strawberry.field(description="The configuration's, as in ResolvedConfig.")


@strawberry.input(
    description="The fields, each left alone when left out. Null makes a variant's field inherit again; an agent's"
    " cannot be null. Temperature: 0 to 2; whole numbers: 0 to 2147483647; `parameters`: replaces the whole object, which"
    " has at most 16384 bytes as compact JSON."
)
@_with_fields({name: _MAYBE[_type(declaration) | None] for name, declaration in _INPUT.items()})
class ConfigInput:
    pass


@strawberry.input(description="A new agent's configuration: what is left out gets a default.")
@_with_fields(
    {
        name: _type(declaration) if declaration.required else _MAYBE[_type(declaration) | None]
        for name, declaration in _INPUT.items()
    }
)
class NewConfigInput:
    pass
