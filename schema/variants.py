"""The GraphQL types, inputs and root fields of variants."""

from datetime import datetime

import strawberry
from strawberry import Maybe

from domain import agents, configs, revisions
from domain import variants as entities
from executor import InstancesOf
from resolvers import history as resolve_history
from resolvers import variants as resolve
from resolvers.context import Info
from schema.agents import Agent, AgentResult
from schema.configs import AgentConfig, ConfigInput, ConfigOverrides
from schema.field_declarations import READERS, WRITERS, connection_field, root_field
from schema.history import HISTORY_PAGING, AgentEventConnection, VariantRevision
from schema.inputs import parsed
from schema.nodes import Node
from schema.results import Deleted, DeleteResult, result_union


@strawberry.type(description="A named set of overrides of an agent's configuration.")
class AgentVariant(Node):
    slug: str = strawberry.field(description="Unique among the variants of the agent, lowercase kebab-case.")
    name: str = strawberry.field(description="A name for people to read.")
    description: str = strawberry.field(description="A text for people to read; may be empty.")
    is_active: bool = strawberry.field(description="True for the one variant whose values the agent resolves to.")
    agent: agents.Agent = strawberry.field(
        description="The agent that it is a variant of.", resolver=resolve.agent, graphql_type=Agent
    )
    overrides: ConfigOverrides = strawberry.field(description="The values that it sets itself.")
    config: configs.AgentConfig = strawberry.field(
        resolver=resolve.config, graphql_type=AgentConfig, description="As it would resolve if the variant were active."
    )
    history = connection_field(
        page=HISTORY_PAGING,
        graphql_type=AgentEventConnection,
        description="Its changes, activations and deactivations, newest first; at most 100 a page.",
    )(resolve_history.variant_history)
    revision: revisions.VariantRevision | None = strawberry.field(
        resolver=resolve_history.variant_revision,
        graphql_type=VariantRevision | None,
        description="What it was at a version; null if it never had that.",
    )
    version: int = strawberry.field(description="Raised by each change of the variant; activation changes the agent.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    is_type_of = InstancesOf(entities.AgentVariant)


@strawberry.input(description="A new variant.")
class CreateVariantInput:
    name: str = strawberry.field(description="A name for people to read.")
    slug: Maybe[str | None] = strawberry.field(description="Made from the name if left out.")
    description: Maybe[str | None] = strawberry.field(description="A text for people to read; empty if left out.")
    overrides: Maybe[ConfigInput | None] = strawberry.field(
        description="The values that it sets itself; what is left out inherits."
    )


@strawberry.input(description="A new variant that starts from the agent's base, or from another variant.")
class CloneVariantInput:
    source_variant_id: Maybe[strawberry.ID | None] = strawberry.field(description="Left out: the agent's base.")
    name: str = strawberry.field(description="A name for people to read.")
    slug: Maybe[str | None] = strawberry.field(description="Made from the name if left out.")
    description: Maybe[str | None] = strawberry.field(
        description="A text for people to read; the source's if left out."
    )
    overrides: Maybe[ConfigInput | None] = strawberry.field(description="Each given field replaces the source's value.")
    activate: bool = strawberry.field(default=False, description="True makes the new variant the active one.")


@strawberry.input(description="A field that is left out stays as it is.")
class UpdateVariantInput:
    name: Maybe[str | None] = strawberry.field(description="A name for people to read.")
    slug: Maybe[str | None] = strawberry.field(
        description="Unique among the variants of the agent, lowercase kebab-case."
    )
    description: Maybe[str | None] = strawberry.field(description="A text for people to read; may be empty.")
    overrides: Maybe[ConfigInput | None] = strawberry.field(
        description="The fields to change; null makes one inherit again."
    )


VariantResult = result_union("VariantResult", AgentVariant)


@strawberry.type
class VariantQueries:
    variant: entities.AgentVariant | None = root_field(
        description="The variant with this id; null if there is none.",
        arguments={"id": "The variant's id."},
        scopes=READERS,
        graphql_type=AgentVariant | None,
    )(resolve.variant)


@strawberry.type
class VariantMutations:
    @root_field(description="Creates a variant of an agent.", scopes=WRITERS, graphql_type=VariantResult)
    async def create_variant(
        self, info: Info, agent_id: strawberry.ID, input: CreateVariantInput, reason: str | None = None
    ) -> entities.AgentVariant:
        return await resolve.create(info.context, agent_id, parsed(entities.CreateVariant, input), reason)

    @root_field(
        scopes=WRITERS,
        graphql_type=VariantResult,
        description="A copy of the agent's base (all values) or of one of its variants (its overrides as they are).",
    )
    async def clone_variant(
        self, info: Info, agent_id: strawberry.ID, input: CloneVariantInput, reason: str | None = None
    ) -> entities.AgentVariant:
        return await resolve.clone(info.context, agent_id, parsed(entities.CloneVariant, input), reason)

    @root_field(
        arguments={"id": "The variant's id."},
        scopes=WRITERS,
        graphql_type=VariantResult,
        description="Sets the given fields; without a change, changes nothing.",
    )
    async def update_variant(
        self,
        info: Info,
        id: strawberry.ID,
        input: UpdateVariantInput,
        expected_version: int | None = None,
        reason: str | None = None,
    ) -> entities.AgentVariant:
        command = parsed(entities.UpdateVariant, input)
        return await resolve.update(info.context, id, command, expected_version, reason)

    @root_field(
        arguments={"id": "The variant's id."},
        scopes=WRITERS,
        graphql_type=DeleteResult,
        description="The active variant cannot be deleted.",
    )
    async def delete_variant(
        self, info: Info, id: strawberry.ID, expected_version: int | None = None, reason: str | None = None
    ) -> Deleted:
        return Deleted.of(await resolve.delete(info.context, id, expected_version, reason))

    @root_field(
        arguments={"id": "The variant's id."},
        scopes=WRITERS,
        graphql_type=AgentResult,
        description="Makes the variant the active one of its agent. `expectedVersion` is the variant's: what becomes active"
        " is what you have seen.",
    )
    async def activate_variant(
        self, info: Info, id: strawberry.ID, expected_version: int | None = None, reason: str | None = None
    ) -> agents.Agent:
        return await resolve.activate(info.context, id, expected_version, reason)

    @root_field(
        arguments={"id": "The variant's id."},
        scopes=WRITERS,
        graphql_type=VariantResult,
        description="Sets name, description and overrides to what they were at a version; the slug stays.",
    )
    async def revert_variant(
        self,
        info: Info,
        id: strawberry.ID,
        to_version: int,
        expected_version: int | None = None,
        reason: str | None = None,
    ) -> entities.AgentVariant:
        return await resolve.revert(info.context, id, to_version, expected_version, reason)
