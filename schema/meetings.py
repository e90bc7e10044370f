"""The GraphQL types, inputs and root fields of meetings."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

import strawberry
from strawberry import Maybe
from strawberry.scalars import JSON

from domain import agents, change_stream, corrections, filters, ordering
from domain import meetings as entities
from domain import pagination as pages
from domain import segments as segment_entities
from domain.meetings import MeetingState
from domain.transcripts import TranscriptFormat
from executor import InstancesOf
from executor.batching import batch_resolver
from resolvers import corrections as resolve_corrections
from resolvers import history as resolve_history
from resolvers import meetings as resolve
from resolvers import segments as resolve_segments
from resolvers import subscriptions as resolve_subscriptions
from resolvers import transcripts as resolve_transcripts
from resolvers.context import Info
from resolvers.pagination import PageArguments, Paging
from schema.agents import Agent
from schema.connections import Connection
from schema.enums import describe_enum
from schema.field_declarations import (
    ADMINISTRATORS,
    COUNTED,
    READERS,
    READERS_AND_BOTS,
    WRITERS,
    WRITERS_AND_BOTS,
    Cost,
    connection_field,
    declared,
    root_field,
    visible_to_bots,
)
from schema.history import HISTORY_PAGING, MeetingEventConnection
from schema.inputs import parsed
from schema.nodes import Node
from schema.ordering import MeetingOrder, SegmentOrder
from schema.results import Deleted, DeleteResult, result_union

describe_enum(
    MeetingState,
    "The states in the life of a meeting.",
    {
        "CREATED": "It has not begun.",
        "RECORDING": "It is being recorded.",
        "STOPPING": "It is about to stop.",
        "STOPPED": "It has stopped, and can resume.",
        "COMPLETED": "It is over.",
        "ERROR": "Its recording has failed.",
    },
)
describe_enum(
    TranscriptFormat,
    "The file formats of transcripts.",
    {
        "VTT": "WebVTT, with the speakers as voices.",
        "SRT": "SubRip subtitles.",
        "TEXT": "Plain text for people.",
        "JSON": "A JSON document with every segment.",
    },
)

_SEGMENT_CONNECTION: Any = strawberry.LazyType("SegmentConnection", "schema.segments")  # its module imports this one


@batch_resolver
async def segment_page(
    roots: list[entities.Meeting],
    info: Info,
    page: PageArguments,
    speaker: str | None = None,
    order_by: SegmentOrder | None = None,
) -> list[pages.Page[segment_entities.Segment]]:
    order = parsed(ordering.SegmentOrder, order_by, "order_by") if order_by else ordering.SegmentOrder()
    return await resolve_segments.segment_pages(roots, info, page, speaker, order)


@visible_to_bots
@strawberry.type(description="What one speaker said in a meeting; times are seconds from its start.")
class SpeakerStats:
    speaker: str = strawberry.field(description="Empty where the speaker is not known.")
    segment_count: int = strawberry.field(description="The number of the speaker's segments.")
    speaking_time: float = strawberry.field(description="The sum of the lengths of the speaker's segments.")
    first_start_time: float = strawberry.field(description="When the speaker's first segment starts.")
    last_end_time: float = strawberry.field(description="When the speaker's last segment ends.")


@visible_to_bots
@strawberry.type(description="The name that was given to a speaker.")
class SpeakerName:
    label: str = strawberry.field(description="The speaker as heard, such as `SPEAKER_00`.")
    name: str = strawberry.field(description="The name.")


@visible_to_bots
@strawberry.type(description="A meeting and its transcript.")
class Meeting(Node):
    external_id: str | None = strawberry.field(
        description="The id that its creator gave it, unique in the workspace; it never changes."
    )
    title: str = strawberry.field(description="A title for people to read.")
    state: MeetingState = strawberry.field(description="The state in the life of the meeting.")
    metadata: JSON = strawberry.field(description="An object of your own, such as ids in other systems.")
    speaker_names: list[corrections.SpeakerName] = strawberry.field(
        resolver=resolve_corrections.speaker_names,
        graphql_type=list[SpeakerName],
        metadata=declared(length=20),
        description="The names given to speakers, by label; at most 1,000.",
    )
    version: int = strawberry.field(description="Raised by each change of the meeting; its segments have their own.")
    agent: agents.Agent | None = strawberry.field(
        description="The agent that takes part; null: none.", resolver=resolve.agent, graphql_type=Agent | None
    )
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it last changed; its segments have times of their own.")
    started_at: datetime | None = strawberry.field(description="When it first recorded.")
    ended_at: datetime | None = strawberry.field(description="When it last stopped; null again when it resumes.")
    held_at: datetime | None = strawberry.field(
        description="Since when it is held, so that it can be neither deleted nor erased; null: it is not."
    )
    history = connection_field(
        page=HISTORY_PAGING,
        graphql_type=MeetingEventConnection,
        description="Its edits and changes of state, newest first; at most 100 a page.",
    )(resolve_history.meeting_history)
    segments = connection_field(
        page=Paging(100, 1_000),
        graphql_type=_SEGMENT_CONNECTION,
        description="By segmentId, unless ordered otherwise; at most 1,000 a page.",
    )(segment_page)
    segment_count: int = strawberry.field(
        description="The number of its segments, counted when asked for.",
        resolver=resolve_segments.count,
        metadata=declared(cost=COUNTED),
    )
    speakers: list[segment_entities.SpeakerStats] = strawberry.field(
        resolver=resolve_segments.speakers,
        graphql_type=list[SpeakerStats],
        metadata=declared(cost=Cost(500, 20), length=20),
        description="Who spoke longest first; at most 1,000.",
    )
    updates_cursor: str = strawberry.field(
        resolver=resolve_segments.cursor, description="Subscribe to segmentUpdates after this to miss nothing."
    )
    transcript: str = strawberry.field(
        resolver=resolve_transcripts.transcript,
        metadata=declared(cost=Cost(500, 1_000)),
        description="The whole transcript as a file, in the order of time.",
    )

    is_type_of = InstancesOf(entities.Meeting)


@strawberry.input(description="Every given condition must hold.")
class MeetingFilter:
    text: Maybe[str | None] = strawberry.field(description="In the title, ignoring case.")
    external_id: Maybe[str | None] = strawberry.field(description="The externalId, exactly.")
    state: Maybe[MeetingState | None] = strawberry.field(description="The state, exactly.")
    agent_id: Maybe[strawberry.ID | None] = strawberry.field(description="The agent that takes part.")
    created_after: Maybe[datetime | None] = strawberry.field(description="Included.")
    created_before: Maybe[datetime | None] = strawberry.field(description="Not included.")
    metadata: Maybe[JSON | None] = strawberry.field(description="An object that the metadata must contain.")


@strawberry.input(description="A new meeting.")
class CreateMeetingInput:
    title: str = strawberry.field(description="A title for people to read.")
    external_id: Maybe[str | None] = strawberry.field(
        description="An id of your own, 1 to 200 characters. If a meeting has it already, the result is that meeting,"
        " unchanged."
    )
    agent_id: Maybe[strawberry.ID | None] = strawberry.field(description="The agent that takes part; left out: none.")
    metadata: Maybe[JSON | None] = strawberry.field(description="An object.")


@strawberry.input(description="A field that is left out stays as it is.")
class UpdateMeetingInput:
    title: Maybe[str | None] = strawberry.field(description="A title for people to read.")
    agent_id: Maybe[strawberry.ID | None] = strawberry.field(description="Null: no agent.")
    metadata: Maybe[JSON | None] = strawberry.field(description="Replaces the whole object.")
    state: Maybe[MeetingState | None] = strawberry.field(description="The next state, if the present one allows it.")


MeetingConnection = Connection[Meeting]
MeetingResult = result_union("MeetingResult", Meeting)


@visible_to_bots
@strawberry.type(description="A change of a meeting: either `meeting` or `deletedMeetingId` is there.")
class MeetingUpdate:
    meeting: entities.Meeting | None = strawberry.field(
        description="The meeting as it is after the change; null: it was deleted.", graphql_type=Meeting | None
    )
    deleted_meeting_id: strawberry.ID | None = strawberry.field(
        description="The id of a meeting that was deleted or erased."
    )


@strawberry.type
class MeetingQueries:
    meeting: entities.Meeting | None = root_field(
        description="The meeting with this id; null if there is none.",
        arguments={"id": "The meeting's id."},
        scopes=READERS_AND_BOTS,
        graphql_type=Meeting | None,
    )(resolve.meeting)
    meeting_by_external_id: entities.Meeting | None = root_field(
        description="The meeting with this externalId; null if there is none.",
        arguments={"external_id": "The externalId that the meeting was created with."},
        scopes=READERS_AND_BOTS,
        graphql_type=Meeting | None,
    )(resolve.meeting_by_external_id)
    meeting_count: int = root_field(
        arguments={"state": "Only meetings in this state."},
        scopes=READERS,
        cost=COUNTED,
        description="Of all meetings, or those in a state.",
    )(resolve.count)

    @root_field(
        scopes=READERS,
        page=Paging(20, 100),
        graphql_type=MeetingConnection,
        description="From the newest to the oldest, unless ordered otherwise; at most 100 a page.",
    )
    async def meetings(
        self,
        info: Info,
        page: PageArguments,
        filter: MeetingFilter | None = None,
        order_by: MeetingOrder | None = None,
    ) -> pages.Page[entities.Meeting]:
        conditions = parsed(filters.MeetingFilter, filter, "filter") if filter else filters.MeetingFilter()
        order = parsed(ordering.MeetingOrder, order_by, "order_by") if order_by else None
        return await resolve.meeting_page(info, page, conditions, order)


@strawberry.type
class MeetingMutations:
    @root_field(
        description="Creates a meeting. Idempotent where the input has an externalId.",
        scopes=WRITERS_AND_BOTS,
        graphql_type=MeetingResult,
    )
    async def create_meeting(
        self, info: Info, input: CreateMeetingInput, reason: str | None = None
    ) -> entities.Meeting:
        return await resolve.create(info.context, parsed(entities.CreateMeeting, input), reason)

    @root_field(
        arguments={"id": "The meeting's id."},
        scopes=WRITERS,
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
        command = parsed(entities.UpdateMeeting, input)
        return await resolve.update(info.context, id, command, expected_version, reason)

    @root_field(
        arguments={"id": "The meeting's id.", "hold": "False releases the meeting."},
        scopes=ADMINISTRATORS,
        graphql_type=MeetingResult,
        description="Holds a meeting, or releases it. One that is held can be neither deleted nor erased, be it by"
        " eraseMeeting, by eraseSpeaker or for its age; it can still be written. Idempotent.",
    )
    async def hold_meeting(
        self, info: Info, id: strawberry.ID, hold: bool = True, reason: str | None = None
    ) -> entities.Meeting:
        return await resolve.hold(info.context, id, reason, is_held=hold)

    @root_field(
        arguments={"id": "The meeting's id."},
        scopes=WRITERS,
        graphql_type=DeleteResult,
        description="With its segments. The result is a Conflict if the meeting is held.",
    )
    async def delete_meeting(
        self, info: Info, id: strawberry.ID, expected_version: int | None = None, reason: str | None = None
    ) -> Deleted:
        return Deleted.of(await resolve.delete(info.context, id, expected_version, reason))


@strawberry.type
class MeetingSubscriptions:
    @root_field(
        arguments={
            "meeting_id": "Only this meeting; left out: all meetings of the workspace, for which a key needs READ."
        },
        scopes=READERS_AND_BOTS,
        is_subscription=True,
        graphql_type=MeetingUpdate,
        description="Each meeting that was created, changed (its state, title, metadata, agent or names) or deleted: its newest"
        " state. What changed in the last minute comes at once, so subscribe, then read the list, and nothing is missed; after"
        " a longer break, read it again. With `meetingId`, the meeting as it is comes at once; completes when it is deleted.",
    )
    def meeting_updates(
        self, info: Info, meeting_id: strawberry.ID | None = None
    ) -> AsyncGenerator[change_stream.MeetingUpdate, None]:
        return resolve_subscriptions.meeting_updates(info.context, meeting_id)
