"""The mutations: each is one transaction and gives the changed entity, or an error as data.

`reason` says in the caller's words why; it stands in the history.
"""

from typing import Annotated, Any

import strawberry

from domain import agents as agent_entities
from domain import api_keys as key_entities
from domain import manifests as manifest_entities
from domain import meetings as meeting_entities
from domain import segments as segment_entities
from domain import variants as variant_entities
from resolvers import agents, manifests, meetings, variants
from resolvers import api_keys as keys
from resolvers import segments as segment_writes
from resolvers.context import Info
from schema.agents import AgentResult, CreateAgentInput, UpdateAgentInput
from schema.api_keys import CreateApiKeyInput, CreateApiKeyResult, RevokeApiKeyResult
from schema.errors import Conflict, InvalidInput, NotFound
from schema.inputs import given
from schema.manifests import AgentManifest, ApplyAgentsResult
from schema.meetings import CreateMeetingInput, MeetingResult, UpdateMeetingInput
from schema.segments import DeleteSegmentsResult, SegmentInput, UpsertSegmentsResult
from schema.variants import CloneVariantInput, CreateVariantInput, UpdateVariantInput, VariantResult


@strawberry.type(description="The thing is gone, with all that it held.")
class Deleted:
    id: strawberry.ID


DeleteResult = Annotated[Deleted | NotFound | InvalidInput | Conflict, strawberry.union("DeleteResult")]


@strawberry.type
class Mutation:
    @strawberry.mutation(graphql_type=AgentResult)
    async def create_agent(
        self, info: Info, input: CreateAgentInput, reason: str | None = None
    ) -> agent_entities.Agent:
        return await agents.create(info.context, given(input), reason)

    @strawberry.mutation(
        graphql_type=AgentResult, description="Sets the given fields; without a change, changes nothing."
    )
    async def update_agent(
        self,
        info: Info,
        id: strawberry.ID,
        input: UpdateAgentInput,
        expected_version: int | None = None,
        reason: str | None = None,
    ) -> agent_entities.Agent:
        return await agents.update(info.context, id, given(input), expected_version, reason)

    @strawberry.mutation(
        graphql_type=DeleteResult, description="With its variants; its meetings stay, without an agent."
    )
    async def delete_agent(
        self, info: Info, id: strawberry.ID, expected_version: int | None = None, reason: str | None = None
    ) -> Deleted:
        return _deleted(await agents.delete(info.context, id, expected_version, reason))

    @strawberry.mutation(graphql_type=VariantResult)
    async def create_variant(
        self, info: Info, agent_id: strawberry.ID, input: CreateVariantInput, reason: str | None = None
    ) -> variant_entities.AgentVariant:
        return await variants.create(info.context, agent_id, given(input), reason)

    @strawberry.mutation(
        graphql_type=VariantResult,
        description="A copy of the agent's base (all twelve values) or of one of its variants (its overrides as they are).",
    )
    async def clone_variant(
        self, info: Info, agent_id: strawberry.ID, input: CloneVariantInput, reason: str | None = None
    ) -> variant_entities.AgentVariant:
        values = given(input)
        source, activate = values.pop("source_variant_id", None), values.pop("activate")
        return await variants.clone(info.context, agent_id, source, values, activate, reason)

    @strawberry.mutation(
        graphql_type=VariantResult, description="Sets the given fields; without a change, changes nothing."
    )
    async def update_variant(
        self,
        info: Info,
        id: strawberry.ID,
        input: UpdateVariantInput,
        expected_version: int | None = None,
        reason: str | None = None,
    ) -> variant_entities.AgentVariant:
        return await variants.update(info.context, id, given(input), expected_version, reason)

    @strawberry.mutation(graphql_type=DeleteResult, description="The active variant cannot be deleted.")
    async def delete_variant(
        self, info: Info, id: strawberry.ID, expected_version: int | None = None, reason: str | None = None
    ) -> Deleted:
        return _deleted(await variants.delete(info.context, id, expected_version, reason))

    @strawberry.mutation(
        graphql_type=AgentResult,
        description="Makes the variant the active one of its agent. `expectedVersion` is the variant's: what becomes active"
        " is what you have seen.",
    )
    async def activate_variant(
        self, info: Info, id: strawberry.ID, expected_version: int | None = None, reason: str | None = None
    ) -> agent_entities.Agent:
        return await variants.activate(info.context, id, expected_version, reason)

    @strawberry.mutation(graphql_type=AgentResult, description="Leaves the agent with its base configuration.")
    async def deactivate_variant(
        self, info: Info, agent_id: strawberry.ID, reason: str | None = None
    ) -> agent_entities.Agent:
        return await agents.deactivate(info.context, agent_id, reason)

    @strawberry.mutation(
        graphql_type=AgentResult,
        description="Makes active what was active before; again, what was before that. Variants deleted since are passed over.",
    )
    async def rollback_activation(
        self, info: Info, agent_id: strawberry.ID, expected_version: int | None = None, reason: str | None = None
    ) -> agent_entities.Agent:
        return await agents.roll_back_activation(info.context, agent_id, expected_version, reason)

    @strawberry.mutation(
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
    ) -> agent_entities.Agent:
        return await agents.revert(info.context, id, to_version, expected_version, reason)

    @strawberry.mutation(
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
    ) -> variant_entities.AgentVariant:
        return await variants.revert(info.context, id, to_version, expected_version, reason)

    @strawberry.mutation(
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
    ) -> manifest_entities.AppliedAgents:
        return await manifests.apply(
            info.context,
            [given(agent) for agent in agents],
            prune=prune,
            dry_run=dry_run,
            expected_state=expected_state,
            reason=reason,
        )

    @strawberry.mutation(graphql_type=MeetingResult)
    async def create_meeting(
        self, info: Info, input: CreateMeetingInput, reason: str | None = None
    ) -> meeting_entities.Meeting:
        return await meetings.create(info.context, given(input), reason)

    @strawberry.mutation(
        graphql_type=MeetingResult,
        description="Sets the given fields, under optimistic locking: of concurrent writers one succeeds.",
    )
    async def update_meeting(
        self,
        info: Info,
        id: strawberry.ID,
        input: UpdateMeetingInput,
        expected_version: int | None = None,
        reason: str | None = None,
    ) -> meeting_entities.Meeting:
        return await meetings.update(info.context, id, given(input), expected_version, reason)

    @strawberry.mutation(graphql_type=DeleteResult, description="With its segments.")
    async def delete_meeting(
        self, info: Info, id: strawberry.ID, expected_version: int | None = None, reason: str | None = None
    ) -> Deleted:
        return _deleted(await meetings.delete(info.context, id, expected_version, reason))

    @strawberry.mutation(
        graphql_type=UpsertSegmentsResult,
        description="Creates or revises up to 1,000 segments, all or none, in any state of the meeting. Idempotent: content"
        " that is already there changes nothing.",
    )
    async def upsert_segments(
        self, info: Info, meeting_id: strawberry.ID, segments: list[SegmentInput]
    ) -> segment_entities.UpsertedSegments:
        return await segment_writes.upsert(info.context, meeting_id, [_segment(segment) for segment in segments])

    @strawberry.mutation(graphql_type=DeleteSegmentsResult, description="Deletes up to 1,000 segments, all or none.")
    async def delete_segments(
        self, info: Info, meeting_id: strawberry.ID, segment_ids: list[int]
    ) -> segment_entities.DeletedSegments:
        return await segment_writes.delete(info.context, meeting_id, segment_ids)

    @strawberry.mutation(
        graphql_type=CreateApiKeyResult, description="Makes a key for this workspace, and shows its token this once."
    )
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> key_entities.CreatedApiKey:
        return await keys.create(info.context, given(input))

    @strawberry.mutation(
        graphql_type=RevokeApiKeyResult,
        description="From now on the key is refused, and its open subscriptions end within seconds. Again: no change.",
    )
    async def revoke_api_key(self, info: Info, id: strawberry.ID) -> key_entities.ApiKey:
        return await keys.revoke(info.context, id)


def _deleted(id: object) -> Deleted:
    return Deleted(id=strawberry.ID(str(id)))


def _segment(input: SegmentInput) -> dict[str, Any]:
    """Null says as much as leaving out: the default."""
    return {name: value for name, value in given(input).items() if value is not None}
