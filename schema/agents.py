"""Agents in GraphQL."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Maybe

from domain import agents as entities
from domain import revisions
from domain.variants import AgentVariant as AgentVariantEntity
from executor import InstancesOf
from resolvers import agents as resolve
from resolvers import history as resolve_history
from schema.configs import AgentConfig, ConfigInput, NewConfigInput, ResolvedConfig
from schema.connections import Connection
from schema.errors import Conflict, InvalidInput, NotFound
from schema.history import AgentEventConnection, AgentRevision
from schema.nodes import Node

if TYPE_CHECKING:
    from schema.variants import AgentVariant

LazyVariant = Annotated["AgentVariant", strawberry.lazy("schema.variants")]


@strawberry.type(description="An LLM configuration with variants, of which at most one is active.")
class Agent(Node):
    slug: str = strawberry.field(description="Unique, lowercase kebab-case.")
    name: str
    description: str
    config: AgentConfig = strawberry.field(description="The base configuration.")
    variants: list[AgentVariantEntity] = strawberry.field(
        resolver=resolve.variants, graphql_type=list[LazyVariant], description="Oldest first; at most 200."
    )
    variant: AgentVariantEntity | None = strawberry.field(
        resolver=resolve.variant, graphql_type=LazyVariant | None, description="One of its variants."
    )
    active_variant: AgentVariantEntity | None = strawberry.field(
        resolver=resolve.active_variant, graphql_type=LazyVariant | None
    )
    resolved_config: entities.ResolvedAgentConfig = strawberry.field(
        resolver=resolve.resolved_config,
        graphql_type=ResolvedConfig,
        description="What a worker must run with now.",
    )
    history = strawberry.field(  # no annotation: Strawberry would look into the generic one
        resolver=resolve_history.history_of_agent,
        graphql_type=AgentEventConnection,
        description="Its changes and those of its variants, newest first; at most 100 a page. With `variantId` those of a"
        " variant, its activations and deactivations included.",
    )
    revision: revisions.AgentRevision | None = strawberry.field(
        resolver=resolve_history.agent_revision,
        graphql_type=AgentRevision | None,
        description="What it was at a version; null if it never had that.",
    )
    version: int = strawberry.field(description="Raised by each change of the agent, activations included.")
    created_at: datetime
    updated_at: datetime

    is_type_of = InstancesOf(entities.Agent)


@strawberry.input(description="Every given condition must hold.")
class AgentFilter:
    text: Maybe[str | None] = strawberry.field(description="In name, slug or description, ignoring case.")
    model_provider: Maybe[str | None]
    model_name: Maybe[str | None]
    has_active_variant: Maybe[bool | None]


@strawberry.input
class CreateAgentInput:
    name: str
    slug: Maybe[str | None] = strawberry.field(description="Made from the name if left out.")
    description: Maybe[str | None]
    config: NewConfigInput


@strawberry.input(description="A field that is left out stays as it is.")
class UpdateAgentInput:
    name: Maybe[str | None]
    slug: Maybe[str | None]
    description: Maybe[str | None]
    config: Maybe[ConfigInput | None]


AgentConnection = Connection[Agent]
AgentResult = Annotated[Agent | NotFound | InvalidInput | Conflict, strawberry.union("AgentResult")]
