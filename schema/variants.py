"""Variants in GraphQL."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import Maybe

from domain import agents, configs, revisions
from domain import variants as entities
from executor import InstancesOf
from resolvers import history as resolve_history
from resolvers import variants as resolve
from schema.agents import Agent
from schema.configs import AgentConfig, ConfigInput, ConfigOverrides
from schema.errors import Conflict, InvalidInput, NotFound
from schema.history import AgentEventConnection, VariantRevision
from schema.nodes import Node


@strawberry.type(description="A named set of overrides of an agent's configuration.")
class AgentVariant(Node):
    slug: str = strawberry.field(description="Unique among the variants of the agent, lowercase kebab-case.")
    name: str
    description: str
    is_active: bool
    agent: agents.Agent = strawberry.field(resolver=resolve.agent, graphql_type=Agent)
    overrides: ConfigOverrides
    config: configs.AgentConfig = strawberry.field(
        resolver=resolve.config, graphql_type=AgentConfig, description="As it would resolve if the variant were active."
    )
    history = strawberry.field(  # no annotation: Strawberry would look into the generic one
        resolver=resolve_history.history,
        graphql_type=AgentEventConnection,
        description="Its changes, activations and deactivations, newest first; at most 100 a page.",
    )
    revision: revisions.VariantRevision | None = strawberry.field(
        resolver=resolve_history.variant_revision,
        graphql_type=VariantRevision | None,
        description="What it was at a version; null if it never had that.",
    )
    version: int = strawberry.field(description="Raised by each change of the variant; activation changes the agent.")
    created_at: datetime
    updated_at: datetime

    is_type_of = InstancesOf(entities.AgentVariant)


@strawberry.input
class CreateVariantInput:
    name: str
    slug: Maybe[str | None] = strawberry.field(description="Made from the name if left out.")
    description: Maybe[str | None]
    overrides: Maybe[ConfigInput | None]


@strawberry.input(description="A new variant that starts from the agent's base, or from another variant.")
class CloneVariantInput:
    source_variant_id: Maybe[strawberry.ID | None] = strawberry.field(description="Left out: the agent's base.")
    name: str
    slug: Maybe[str | None] = strawberry.field(description="Made from the name if left out.")
    description: Maybe[str | None]
    overrides: Maybe[ConfigInput | None] = strawberry.field(description="Each given field replaces the source's value.")
    activate: bool = False


@strawberry.input(description="A field that is left out stays as it is.")
class UpdateVariantInput:
    name: Maybe[str | None]
    slug: Maybe[str | None]
    description: Maybe[str | None]
    overrides: Maybe[ConfigInput | None]


VariantResult = Annotated[AgentVariant | NotFound | InvalidInput | Conflict, strawberry.union("VariantResult")]
