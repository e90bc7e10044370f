"""The GraphQL types and inputs of configurations: complete, as overrides, and resolved."""

import strawberry
from strawberry import Maybe

from domain import agents as entities
from schema.declarations import declared
from schema.field_names import field_name

strawberry.enum(
    entities.ConfigSource, name="ConfigSource", description="The agent's base, or its active variant's overrides."
)


@strawberry.type(description="A complete configuration.")
class AgentConfig:
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
    variables: list[str] = strawberry.field(
        metadata=declared(length=10),
        description="The {{names}} in the two prompts, the system prompt's first, each once: what renderPrompt needs.",
    )


@strawberry.type(description="What a variant sets itself; null where it inherits from its agent.")
class ConfigOverrides:
    model_provider: str | None
    model_name: str | None
    system_prompt: str | None
    user_prompt_template: str | None
    prompt_version: str | None
    temperature: float | None
    max_tokens: int | None
    context_window: int | None
    input_token_limit: int | None
    token_budget: int | None
    timeout_seconds: int | None
    max_retries: int | None


@strawberry.type(description="Where the value of one field comes from.")
class ConfigFieldSource:
    field: str = strawberry.field(resolver=field_name, description="As it is called here: `maxTokens`.")
    source: entities.ConfigSource = strawberry.field(
        name="from", description="VARIANT where the active variant sets the field, be it to the base's value."
    )


@strawberry.type(description="What a worker must run with now: the active variant's values over the agent's.")
class ResolvedConfig(AgentConfig):
    agent_id: strawberry.ID
    variant_id: strawberry.ID | None = strawberry.field(description="The active variant; null: the base.")
    sources: list[ConfigFieldSource] = strawberry.field(
        metadata=declared(length=12),
        description="Where each of the twelve values comes from, in the order of the fields.",
    )
    etag: str = strawberry.field(
        description="A hash of the twelve values: the same for the same values, whatever agent or variant they are of."
    )


@strawberry.type(description="The prompts of a resolved configuration, with values for their variables.")
class RenderedPrompt:
    agent_id: strawberry.ID
    variant_id: strawberry.ID | None = strawberry.field(description="The active variant; null: the base.")
    system_prompt: str
    user_prompt: str
    etag: str = strawberry.field(description="The configuration's, as in ResolvedConfig.")


@strawberry.input
class _OptionalConfig:
    system_prompt: Maybe[str | None]
    user_prompt_template: Maybe[str | None]
    prompt_version: Maybe[str | None]
    temperature: Maybe[float | None]
    max_tokens: Maybe[int | None]
    context_window: Maybe[int | None]
    input_token_limit: Maybe[int | None]
    token_budget: Maybe[int | None]
    timeout_seconds: Maybe[int | None]
    max_retries: Maybe[int | None]


@strawberry.input(
    description="The twelve fields, each left alone when left out. Null makes a variant's field inherit again; an agent's"
    " cannot be null. Temperature: 0 to 2; whole numbers: 0 to 2147483647."
)
class ConfigInput(_OptionalConfig):
    model_provider: Maybe[str | None]
    model_name: Maybe[str | None]


@strawberry.input(description="A new agent's configuration: what is left out gets a default.")
class NewConfigInput(_OptionalConfig):
    model_provider: str
    model_name: str
