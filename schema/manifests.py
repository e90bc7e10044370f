"""The GraphQL types, inputs and root field of manifests of agents."""

import strawberry
from strawberry import Maybe

from domain import history as events
from domain import manifests as entities
from executor import InstancesOf
from resolvers import manifests as resolve
from resolvers.context import Info
from schema.configs import ConfigInput, NewConfigInput
from schema.field_declarations import WRITERS, SizedBy, declared, root_field
from schema.history import AgentEvent
from schema.inputs import provided
from schema.results import result_union


@strawberry.input(description="All that a variant is; what is left out has its default or inherits.")
class VariantManifest:
    slug: str = strawberry.field(description="Says which variant of the agent it is; one that is not there is made.")
    name: str = strawberry.field(description="A name for people to read.")
    description: Maybe[str | None] = strawberry.field(description="A text for people to read; empty if left out.")
    overrides: Maybe[ConfigInput | None] = strawberry.field(
        description="The values that it sets itself; what is left out inherits."
    )


@strawberry.input(
    description="All that an agent is, under names that mean the same on every server; what is left out has its default."
)
class AgentManifest:
    slug: str = strawberry.field(description="Says which agent it is; one that is not there is made.")
    name: str = strawberry.field(description="A name for people to read.")
    description: Maybe[str | None] = strawberry.field(description="A text for people to read; empty if left out.")
    config: NewConfigInput = strawberry.field(description="The base configuration.")
    variants: Maybe[list[VariantManifest] | None] = strawberry.field(
        description="Its variants; left out: none are written."
    )
    active_variant: Maybe[str | None] = strawberry.field(
        description="The slug of one of these variants; null: the base. Left out: what is active stays."
    )


@strawberry.type(description="One change of applying manifests, and of what it is.")
class AppliedChange:
    agent_slug: str = strawberry.field(description="The agent that changed.")
    variant_slug: str | None = strawberry.field(description="The variant that changed, was activated or deactivated.")
    active_before: str | None = strawberry.field(
        description="In an activation or deactivation: the variant that was active before; null: the base."
    )
    event: events.Event = strawberry.field(
        description="The change, as it stands in the history.", graphql_type=AgentEvent
    )


@strawberry.type(
    description="What applying manifests did, or would do. The events of a dry run never happened: their ids and times will"
    " not be those of the events when it is done, and the ids of what they create will be others, too."
)
class AppliedAgents:
    changes: list[AppliedChange] = strawberry.field(
        description="Each change, in the order in which they were done.", metadata=declared(length=100)
    )
    state: str = strawberry.field(description="What was stored before; for `expectedState`.")
    dry_run: bool = strawberry.field(description="True if nothing was changed.")

    is_type_of = InstancesOf(entities.AppliedAgents)


ApplyAgentsResult = result_union("ApplyAgentsResult", AppliedAgents)


@strawberry.type
class ManifestMutations:
    @root_field(
        arguments={
            "agents": "The manifests, at most 1,000 with their variants.",
            "prune": "True deletes what has no manifest.",
            "dry_run": "True changes nothing, and tells what would change.",
            "expected_state": "The `state` of a dry run.",
        },
        scopes=WRITERS,
        sized_by=SizedBy(("agents",), entities.MAX_ENTITIES, cost_per_item=50),
        graphql_type=ApplyAgentsResult,
        description="Makes agents what these manifests say, in one transaction; applied again, they change nothing. `prune`"
        " deletes agents without a manifest, and variants that their agent's has not, where at most 1,000 of both are stored."
        " `dryRun` tells what would change."
        " `expectedState` is that of a dry run: a Conflict if something has changed since.",
    )
    async def apply_agents(
        self,
        info: Info,
        agents: list[AgentManifest],
        prune: bool = False,
        dry_run: bool = False,
        expected_state: str | None = None,
        reason: str | None = None,
    ) -> entities.AppliedAgents:
        return await resolve.apply(
            info.context,
            entities.parse_manifests([provided(agent) for agent in agents]),
            prune=prune,
            dry_run=dry_run,
            expected_state=expected_state,
            reason=reason,
        )
