"""Meetings in GraphQL."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Maybe
from strawberry.scalars import JSON

from domain import agents
from domain import meetings as entities
from domain import pagination as pages
from domain import segments as segment_entities
from domain.meetings import MeetingState
from domain.transcripts import TranscriptFormat
from executor import InstancesOf
from resolvers import history as resolve_history
from resolvers import meetings as resolve
from resolvers import segments as resolve_segments
from resolvers.context import Info
from schema.agents import Agent
from schema.connections import Connection
from schema.history import MeetingEventConnection
from schema.inputs import given
from schema.nodes import Node
from schema.ordering import MeetingOrder
from schema.results import Deleted, DeleteResult, result_union

strawberry.enum(
    MeetingState,
    name="MeetingState",
    description="CREATED, RECORDING, STOPPING, STOPPED (from where it can resume), COMPLETED; or ERROR.",
)
strawberry.enum(TranscriptFormat, name="TranscriptFormat", description="The file formats of transcripts.")

if TYPE_CHECKING:
    from schema.segments import Segment

LazySegment = Annotated["Segment", strawberry.lazy("schema.segments")]


@strawberry.type(description="What one speaker said in a meeting; times are seconds from its start.")
class SpeakerStats:
    speaker: str = strawberry.field(description="Empty where the speaker is not known.")
    segment_count: int
    speaking_time: float = strawberry.field(description="The sum of the lengths of the speaker's segments.")
    first_start_time: float
    last_end_time: float


@strawberry.type(description="A meeting and its transcript.")
class Meeting(Node):
    title: str
    state: MeetingState
    metadata: JSON
    version: int = strawberry.field(description="Raised by each change of the meeting; its segments have their own.")
    agent: agents.Agent | None = strawberry.field(resolver=resolve.agent, graphql_type=Agent | None)
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = strawberry.field(description="When it first recorded.")
    ended_at: datetime | None = strawberry.field(description="When it last stopped; null again when it resumes.")
    history = strawberry.field(  # no annotation: Strawberry would look into the generic one
        resolver=resolve_history.history,
        graphql_type=MeetingEventConnection,
        description="Its edits and changes of state, newest first; at most 100 a page.",
    )
    segments = strawberry.field(  # no annotation: Strawberry would look into the generic one
        resolver=resolve_segments.page,
        graphql_type=Connection[LazySegment],
        description="By segmentId; at most 1,000 a page.",
    )
    segment_count: int = strawberry.field(resolver=resolve_segments.count)
    speakers: list[segment_entities.SpeakerStats] = strawberry.field(
        resolver=resolve_segments.speakers,
        graphql_type=list[SpeakerStats],
        description="Who spoke longest first; at most 1,000.",
    )
    updates_cursor: str = strawberry.field(
        resolver=resolve_segments.cursor, description="Subscribe to segmentUpdates after this to miss nothing."
    )
    transcript: str = strawberry.field(
        resolver=resolve_segments.transcript, description="The whole transcript as a file, by segmentId."
    )

    is_type_of = InstancesOf(entities.Meeting)


@strawberry.input(description="Every given condition must hold.")
class MeetingFilter:
    text: Maybe[str | None] = strawberry.field(description="In the title, ignoring case.")
    state: Maybe[MeetingState | None]
    agent_id: Maybe[strawberry.ID | None]
    created_after: Maybe[datetime | None] = strawberry.field(description="Included.")
    created_before: Maybe[datetime | None] = strawberry.field(description="Not included.")
    metadata: Maybe[JSON | None] = strawberry.field(description="An object that the metadata must contain.")


@strawberry.input
class CreateMeetingInput:
    title: str
    agent_id: Maybe[strawberry.ID | None]
    metadata: Maybe[JSON | None] = strawberry.field(description="An object.")


@strawberry.input(description="A field that is left out stays as it is.")
class UpdateMeetingInput:
    title: Maybe[str | None]
    agent_id: Maybe[strawberry.ID | None] = strawberry.field(description="Null: no agent.")
    metadata: Maybe[JSON | None] = strawberry.field(description="Replaces the whole object.")
    state: Maybe[MeetingState | None]


MeetingConnection = Connection[Meeting]
MeetingResult = result_union("MeetingResult", Meeting)


@strawberry.type
class MeetingQueries:
    meeting: entities.Meeting | None = strawberry.field(resolver=resolve.meeting, graphql_type=Meeting | None)
    meeting_count: int = strawberry.field(resolver=resolve.count, description="Of all meetings, or those in a state.")

    @strawberry.field(
        graphql_type=MeetingConnection,
        description="From the newest to the oldest, unless ordered otherwise; at most 100 a page.",
    )
    async def meetings(
        self,
        info: Info,
        first: int | None = resolve.DEFAULT_PAGE,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: MeetingFilter | None = None,
        order_by: MeetingOrder | None = None,
    ) -> pages.Page[entities.Meeting]:
        conditions, order = given(filter) if filter else {}, given(order_by) if order_by else None
        return await resolve.page(info.context, first, after, last, before, conditions, order)


@strawberry.type
class MeetingMutations:
    @strawberry.mutation(graphql_type=MeetingResult)
    async def create_meeting(
        self, info: Info, input: CreateMeetingInput, reason: str | None = None
    ) -> entities.Meeting:
        return await resolve.create(info.context, given(input), reason)

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
    ) -> entities.Meeting:
        return await resolve.update(info.context, id, given(input), expected_version, reason)

    @strawberry.mutation(graphql_type=DeleteResult, description="With its segments.")
    async def delete_meeting(
        self, info: Info, id: strawberry.ID, expected_version: int | None = None, reason: str | None = None
    ) -> Deleted:
        return Deleted.of(await resolve.delete(info.context, id, expected_version, reason))
