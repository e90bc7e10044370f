"""The subscriptions: streams that lose nothing."""

from collections.abc import AsyncGenerator

import strawberry

from domain import agents as agent_entities
from domain import change_stream as entities
from domain import meetings as meeting_entities
from resolvers import subscriptions as resolve
from resolvers.context import Info
from schema.configs import ResolvedConfig
from schema.meetings import Meeting
from schema.segments import Segment


@strawberry.type(description="A batch of changes of a meeting's segments; within it, each segment at its newest.")
class SegmentUpdates:
    cursor: str = strawberry.field(description="Subscribe after this to go on from here, on any server, at any time.")
    segments: list[Segment] = strawberry.field(description="Created or revised.")
    deleted_segment_ids: list[int]
    caught_up: bool = strawberry.field(description="At that moment there was nothing more to send.")
    meeting: meeting_entities.Meeting = strawberry.field(resolver=resolve.meeting, graphql_type=Meeting)


@strawberry.type
class Subscription:
    @strawberry.subscription(
        graphql_type=SegmentUpdates,
        description="Without `after` the transcript from its start, then live; with it, what follows that cursor. The first"
        " batch comes at once. `batchSize`: 1 to 1,000. Completes when the meeting is deleted.",
    )
    def segment_updates(
        self,
        info: Info,
        meeting_id: strawberry.ID,
        after: str | None = None,
        batch_size: int | None = resolve.DEFAULT_BATCH_SIZE,
    ) -> AsyncGenerator[entities.SegmentUpdates, None]:
        return resolve.segment_updates(info.context, meeting_id, after, batch_size)

    @strawberry.subscription(
        graphql_type=ResolvedConfig,
        description="What an agent, named by id or by slug, resolves to now, and then each time that it changes. Completes"
        " when the agent is deleted.",
    )
    def resolved_config_updates(
        self, info: Info, agent_id: strawberry.ID | None = None, agent_slug: str | None = None
    ) -> AsyncGenerator[agent_entities.ResolvedAgentConfig, None]:
        return resolve.resolved_config_updates(info.context, agent_id, agent_slug)
