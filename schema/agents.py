"""The GraphQL types, inputs and root fields of agents."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any

import strawberry
from strawberry import Maybe
from strawberry.scalars import JSON
from strawberry.types.base import StrawberryList

from domain import agents as entities
from domain import config_sets, filters, ordering, revisions
from domain import pagination as pages
from domain.variants import AgentVariant as AgentVariantEntity
from executor import InstancesOf
from resolvers import agents as resolve
from resolvers import config_sets as resolve_sets
from resolvers import history as resolve_history
from resolvers import subscriptions as resolve_subscriptions
from resolvers.context import Info
from resolvers.pagination import PageArguments, Paging
from schema.configs import AgentConfig, ConfigInput, NewConfigInput, RenderedPrompt, ResolvedConfig, ResolvedConfigSet
from schema.connections import Connection
from schema.field_declarations import (
    READERS,
    WRITERS,
    SizedBy,
    connection_field,
    declared,
    root_field,
)
from schema.history import HISTORY_PAGING, AgentEventConnection, AgentRevision
from schema.inputs import parsed
from schema.nodes import Node
from schema.ordering import AgentOrder
from schema.results import Deleted, DeleteResult, result_union

_AGENT_VARIANT: Any = strawberry.LazyType("AgentVariant", "schema.variants")  # its module imports this one


@strawberry.type(description="An LLM configuration with variants, of which at most one is active.")
class Agent(Node):
    slug: str = strawberry.field(description="Unique, lowercase kebab-case.")
    name: str = strawberry.field(description="A name for people to read.")
    description: str = strawberry.field(description="A text for people to read; may be empty.")
    config: AgentConfig = strawberry.field(description="The base configuration.")
    variants: Sequence[AgentVariantEntity] = strawberry.field(
        resolver=resolve.variants,
        graphql_type=StrawberryList(_AGENT_VARIANT),
        metadata=declared(length=20),
        description="Oldest first; at most 200.",
    )
    variant: AgentVariantEntity | None = strawberry.field(
        resolver=resolve.variant, graphql_type=_AGENT_VARIANT | None, description="One of its variants."
    )
    active_variant: AgentVariantEntity | None = strawberry.field(
        description="The variant whose values lie over the base; null: the base alone.",
        resolver=resolve.active_variant,
        graphql_type=_AGENT_VARIANT | None,
    )
    resolved_config: entities.ResolvedAgentConfig = strawberry.field(
        resolver=resolve.resolved_config,
        graphql_type=ResolvedConfig,
        description="What a worker must run with now.",
    )
    history = connection_field(
        page=HISTORY_PAGING,
        graphql_type=AgentEventConnection,
        description="Its changes and those of its variants, newest first; at most 100 a page. With `variantId` those of a"
        " variant, its activations and deactivations included.",
    )(resolve_history.agent_history)
    revision: revisions.AgentRevision | None = strawberry.field(
        resolver=resolve_history.agent_revision,
        graphql_type=AgentRevision | None,
        description="What it was at a version; null if it never had that.",
    )
    version: int = strawberry.field(description="Raised by each change of the agent, activations included.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    is_type_of = InstancesOf(entities.Agent)


@strawberry.input(description="Every given condition must hold.")
class AgentFilter:
    text: Maybe[str | None] = strawberry.field(description="In name, slug or description, ignoring case.")
    model_provider: Maybe[str | None] = strawberry.field(description="The base's provider, exactly.")
    model_name: Maybe[str | None] = strawberry.field(description="The base's model, exactly.")
    has_active_variant: Maybe[bool | None] = strawberry.field(
        description="True: a variant is active. False: the base is."
    )


@strawberry.input(description="A new agent.")
class CreateAgentInput:
    name: str = strawberry.field(description="A name for people to read.")
    slug: Maybe[str | None] = strawberry.field(description="Made from the name if left out.")
    description: Maybe[str | None] = strawberry.field(description="A text for people to read; empty if left out.")
    config: NewConfigInput = strawberry.field(description="The base configuration.")


@strawberry.input(description="A field that is left out stays as it is.")
class UpdateAgentInput:
    name: Maybe[str | None] = strawberry.field(description="A name for people to read.")
    slug: Maybe[str | None] = strawberry.field(description="Unique, lowercase kebab-case.")
    description: Maybe[str | None] = strawberry.field(description="A text for people to read; may be empty.")
    config: Maybe[ConfigInput | None] = strawberry.field(description="The fields of the base configuration to change.")


AgentConnection = Connection[Agent]
AgentResult = result_union("AgentResult", Agent)


_AGENT_SLUGS = {
    "agent_slugs": "Only these agents; unknown slugs are left out. Without it: all agents. At most 1,000 in either case."
}
_SET_SIZE = SizedBy(("agentSlugs",), config_sets.MAX_CONFIGS, usual=100)


@strawberry.type
class AgentQueries:
    agent: entities.Agent | None = root_field(
        description="The agent with this id; null if there is none.",
        arguments={"id": "The agent's id."},
        scopes=READERS,
        graphql_type=Agent | None,
    )(resolve.agent)
    agent_by_slug: entities.Agent | None = root_field(
        description="The agent with this slug; null if there is none.",
        arguments={"slug": "The agent's slug."},
        scopes=READERS,
        graphql_type=Agent | None,
    )(resolve.agent_by_slug)

    @root_field(
        arguments={"variables": "An object with a value for each variable."},
        scopes=READERS,
        graphql_type=RenderedPrompt | None,
        description="What the agent resolves to now, with a value for each {{name}} in its two prompts: a text, a number"
        " or a boolean. One that is missing or unknown is an error.",
    )
    async def render_prompt(
        self, info: Info, agent_id: strawberry.ID, variables: JSON | None = None
    ) -> entities.RenderedPrompt | None:
        return await resolve.render_prompt(info.context, agent_id, variables)

    @root_field(
        arguments=_AGENT_SLUGS,
        scopes=READERS,
        sized_by=_SET_SIZE,
        graphql_type=ResolvedConfigSet,
        description="What many agents resolve to now, as of one moment, in the order of their slugs.",
    )
    async def resolved_configs(self, info: Info, agent_slugs: list[str] | None = None) -> config_sets.ResolvedConfigSet:
        return await resolve_sets.resolved_configs(info.context, agent_slugs)

    @root_field(
        scopes=READERS,
        page=Paging(20, 100),
        graphql_type=AgentConnection,
        description="From the oldest to the newest, unless ordered otherwise; at most 100 a page.",
    )
    async def agents(
        self,
        info: Info,
        page: PageArguments,
        filter: AgentFilter | None = None,
        order_by: AgentOrder | None = None,
    ) -> pages.Page[entities.Agent]:
        conditions = parsed(filters.AgentFilter, filter, "filter") if filter else filters.AgentFilter()
        order = parsed(ordering.AgentOrder, order_by, "order_by") if order_by else None
        return await resolve.agent_page(info, page, conditions, order)


@strawberry.type
class AgentMutations:
    @root_field(description="Creates an agent.", scopes=WRITERS, graphql_type=AgentResult)
    async def create_agent(self, info: Info, input: CreateAgentInput, reason: str | None = None) -> entities.Agent:
        return await resolve.create(info.context, parsed(entities.CreateAgent, input), reason)

    @root_field(
        arguments={"id": "The agent's id."},
        scopes=WRITERS,
        graphql_type=AgentResult,
        description="Sets the given fields; without a change, changes nothing.",
    )
    async def update_agent(
        self,
        info: Info,
        id: strawberry.ID,
        input: UpdateAgentInput,
        expected_version: int | None = None,
        reason: str | None = None,
    ) -> entities.Agent:
        command = parsed(entities.UpdateAgent, input)
        return await resolve.update(info.context, id, command, expected_version, reason)

    @root_field(
        arguments={"id": "The agent's id."},
        scopes=WRITERS,
        graphql_type=DeleteResult,
        description="With its variants; its meetings stay, without an agent.",
    )
    async def delete_agent(
        self, info: Info, id: strawberry.ID, expected_version: int | None = None, reason: str | None = None
    ) -> Deleted:
        return Deleted.of(await resolve.delete(info.context, id, expected_version, reason))

    @root_field(scopes=WRITERS, graphql_type=AgentResult, description="Leaves the agent with its base configuration.")
    async def deactivate_variant(
        self, info: Info, agent_id: strawberry.ID, reason: str | None = None
    ) -> entities.Agent:
        return await resolve.deactivate(info.context, agent_id, reason)

    @root_field(
        scopes=WRITERS,
        graphql_type=AgentResult,
        description="Makes active what was active before; again, what was before that. Variants deleted since are passed over.",
    )
    async def rollback_activation(
        self, info: Info, agent_id: strawberry.ID, expected_version: int | None = None, reason: str | None = None
    ) -> entities.Agent:
        return await resolve.roll_back_activation(info.context, agent_id, expected_version, reason)

    @root_field(
        arguments={"id": "The agent's id."},
        scopes=WRITERS,
        graphql_type=AgentResult,
        description="Sets name, description and base configuration to what they were at a version; the slug and what is"
        " active stay.",
    )
    async def revert_agent(
        self,
        info: Info,
        id: strawberry.ID,
        to_version: int,
        expected_version: int | None = None,
        reason: str | None = None,
    ) -> entities.Agent:
        return await resolve.revert(info.context, id, to_version, expected_version, reason)


@strawberry.type
class AgentSubscriptions:
    @root_field(
        scopes=READERS,
        is_subscription=True,
        graphql_type=ResolvedConfig,
        description="What an agent, named by id or by slug, resolves to now, and then each time that it changes. Completes"
        " when the agent is deleted.",
    )
    def resolved_config_updates(
        self, info: Info, agent_id: strawberry.ID | None = None, agent_slug: str | None = None
    ) -> AsyncGenerator[entities.ResolvedAgentConfig, None]:
        return resolve_subscriptions.resolved_config_updates(info.context, agent_id, agent_slug)

    @root_field(
        arguments=_AGENT_SLUGS,
        scopes=READERS,
        sized_by=_SET_SIZE,
        is_subscription=True,
        graphql_type=ResolvedConfigSet,
        description="What many agents resolve to now, and then, each time that this changes, what is new, changed or gone. Who"
        " reads slowly gets the newest, not each in between. After a break the whole set comes again.",
    )
    def resolved_configs_updates(
        self, info: Info, agent_slugs: list[str] | None = None
    ) -> AsyncGenerator[config_sets.ResolvedConfigSet, None]:
        return resolve_subscriptions.resolved_configs_updates(info.context, agent_slugs)
