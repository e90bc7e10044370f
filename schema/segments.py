"""The GraphQL types, inputs and root fields of segments."""

from collections.abc import AsyncGenerator
from datetime import datetime

import strawberry
from strawberry import Maybe

from domain import change_stream, meetings
from domain import segments as entities
from domain import word_timings as word_entities
from executor import InstancesOf, in_columns
from resolvers import segments as resolve
from resolvers import subscriptions as resolve_subscriptions
from resolvers.context import Info
from schema.connections import Connection
from schema.field_declarations import (
    READERS_AND_BOTS,
    WRITERS,
    WRITERS_AND_BOTS,
    Length,
    SizedBy,
    declared,
    root_field,
    visible_to_bots,
)
from schema.inputs import provided, provided_columns
from schema.meetings import Meeting
from schema.nodes import Node
from schema.results import result_union


@visible_to_bots
@strawberry.type(description="What a recogniser heard.")
class HeardSegment:
    text: str = strawberry.field(description="The text.")
    speaker: str = strawberry.field(description="The speaker's label, such as `SPEAKER_00`; empty where there is none.")


@visible_to_bots
@strawberry.type(description="A person's correction of a segment.")
class SegmentCorrection:
    text: str | None = strawberry.field(description="What was said; null: the text is not corrected.")
    speaker: str | None = strawberry.field(description="Who said it; null: the speaker is not corrected.")
    by: str = strawberry.field(description="Who corrected it last.")
    at: datetime = strawberry.field(description="When it was last corrected.")
    reason: str | None = strawberry.field(description="Why, in the corrector's words.")


@visible_to_bots
@strawberry.type(description="A word with its times, as a recogniser gave it.")
class Word:
    text: str = strawberry.field(description="The word.")
    start_time: float = strawberry.field(description="Seconds from the start of the meeting.")
    end_time: float = strawberry.field(description="Seconds from the start of the meeting.")
    confidence: float | None = strawberry.field(description="0 to 1.")


@visible_to_bots
@strawberry.type(description="One utterance; times are seconds from the start of the meeting.")
class Segment(Node):
    segment_id: int = strawberry.field(description="Unique in its meeting.")
    external_id: str | None = strawberry.field(
        description="The id that its source gave it, unique in its meeting; it never changes."
    )
    text: str = strawberry.field(description="What was said: the correction, else what was heard.")
    speaker: str = strawberry.field(
        description="The correction, else the name given to the label, else the label as heard; empty where the speaker is not"
        " known."
    )
    heard: entities.HeardSegment = strawberry.field(
        description="What the recogniser heard last.", graphql_type=HeardSegment
    )
    correction: entities.SegmentCorrection | None = strawberry.field(
        description="What a person said instead; null: nothing.", graphql_type=SegmentCorrection | None
    )
    words: list[word_entities.Word] = strawberry.field(
        resolver=resolve.words,
        graphql_type=list[Word],
        metadata=declared(length=10),
        description="The words as they were heard, with their times; empty where none were given.",
    )
    start_time: float = strawberry.field(description="Seconds from the start of the meeting.")
    end_time: float = strawberry.field(description="Seconds from the start of the meeting.")
    is_final: bool = strawberry.field(description="False for a hypothesis that will be revised.")
    confidence: float | None = strawberry.field(description="0 to 1.")
    version: int = strawberry.field(description="Raised by each revision of the segment.")
    created_at: datetime = strawberry.field(description="When it was first written.")
    updated_at: datetime = strawberry.field(description="When it was last revised.")
    meeting: meetings.Meeting = strawberry.field(
        description="The meeting that it is a part of.", resolver=resolve.meeting, graphql_type=Meeting
    )

    is_type_of = InstancesOf(entities.Segment)


@strawberry.input(description="A word with its times.")
class WordInput:
    text: str = strawberry.field(description="The word, 1 to 200 characters.")
    start_time: float = strawberry.field(description="Seconds from the start of the meeting.")
    end_time: float = strawberry.field(description="Seconds from the start of the meeting, not before the start.")
    confidence: Maybe[float | None] = strawberry.field(description="0 to 1.")


@in_columns
@strawberry.input(
    description="All that is to be known of a segment: what is left out gets its default, also in a revision."
)
class SegmentInput:
    segment_id: Maybe[int | None] = strawberry.field(
        description="Left out: that of the segment with the externalId, or the next free number. Without both, the same call"
        " again would add the segment again."
    )
    external_id: Maybe[str | None] = strawberry.field(
        description="An id of your own, 1 to 200 characters, by which the segment is found again."
    )
    text: str = strawberry.field(description="What was said.")
    speaker: Maybe[str | None] = strawberry.field(description="Empty or left out where the speaker is not known.")
    start_time: float = strawberry.field(description="Seconds from the start of the meeting.")
    end_time: float = strawberry.field(description="Seconds from the start of the meeting, not before the start.")
    is_final: Maybe[bool | None] = strawberry.field(description="True if left out.")
    confidence: Maybe[float | None] = strawberry.field(description="0 to 1, as the recogniser gives it.")
    words: Maybe[list[WordInput] | None] = strawberry.field(description="The words with their times, at most 1,000.")


@visible_to_bots
@strawberry.type(description="What an upsert did, in numbers of segments.")
class UpsertedSegments:
    meeting: Meeting = strawberry.field(description="The meeting after the write.")
    cursor: str = strawberry.field(description="The place in segmentUpdates after this write.")
    created: int = strawberry.field(description="The number of new segments.")
    updated: int = strawberry.field(description="The number of revised segments.")
    unchanged: int = strawberry.field(description="The number of segments whose content was there already.")
    ignored: int = strawberry.field(description="The number of hypotheses that came after the final text.")
    deleted: int = strawberry.field(description="The number of deleted segments.")

    is_type_of = InstancesOf(entities.UpsertedSegments)


@strawberry.type(description="What a deletion did; segments that were not there are not counted.")
class DeletedSegments:
    meeting: Meeting = strawberry.field(description="The meeting after the deletion.")
    cursor: str = strawberry.field(description="The place in segmentUpdates after this write.")
    deleted: int = strawberry.field(description="The number of deleted segments.")

    is_type_of = InstancesOf(entities.DeletedSegments)


@visible_to_bots
@strawberry.type(description="One page of a list.")
class SegmentConnection(Connection[Segment]):
    """Is a class of its own because a lazily typed field can name a class, but no generic alias."""


UpsertSegmentsResult = result_union("UpsertSegmentsResult", UpsertedSegments)
DeleteSegmentsResult = result_union("DeleteSegmentsResult", DeletedSegments)


@visible_to_bots
@strawberry.type(
    description="A batch of changes of a meeting's segments; within it, each segment at its newest. An empty one says that the"
    " meeting itself has changed."
)
class SegmentUpdates:
    cursor: str = strawberry.field(description="Subscribe after this to go on from here, on any server, at any time.")
    segments: list[Segment] = strawberry.field(
        metadata=declared(length=Length.AS_ASKED), description="Created or revised."
    )
    deleted_segment_ids: list[int] = strawberry.field(
        description="The segmentIds of deleted segments.", metadata=declared(length=Length.AS_ASKED)
    )
    caught_up: bool = strawberry.field(description="At that moment there was nothing more to send.")
    meeting: meetings.Meeting = strawberry.field(
        description="The meeting as it is now.", resolver=resolve_subscriptions.meeting, graphql_type=Meeting
    )


@strawberry.type
class SegmentMutations:
    @root_field(
        arguments={
            "segments": "The segments, at most 1,000.",
            "delete_segment_ids": "The segmentIds of segments to delete, at most 1,000.",
        },
        scopes=WRITERS_AND_BOTS,
        sized_by=SizedBy(("segments", "deleteSegmentIds"), entities.MAX_WRITE_SEGMENTS, cost_per_item=10),
        graphql_type=UpsertSegmentsResult,
        description="Creates or revises up to 1,000 segments, all or none, in any state of the meeting. Idempotent: content"
        " that is already there changes nothing. Deletes others in the same write, as where segments are split or merged.",
    )
    async def upsert_segments(
        self,
        info: Info,
        meeting_id: strawberry.ID,
        segments: list[SegmentInput],
        delete_segment_ids: list[int] | None = None,
    ) -> entities.UpsertedSegments:
        deleted = delete_segment_ids or []
        if deleted:
            deleted = entities.parse_segment_ids(deleted, "delete_segment_ids")
        if segments:
            entities.check_item_count(len(segments), "segments")  # before anything is made of them
        contents = segments and entities.valid_segment_columns(provided_columns(segments), deleted)
        contents = contents or entities.parse_segments([provided(segment) for segment in segments], deleted)
        return await resolve.upsert(info.context, meeting_id, contents, deleted)

    @root_field(
        arguments={"segment_ids": "The segmentIds, at most 1,000."},
        scopes=WRITERS,
        sized_by=SizedBy(("segmentIds",), entities.MAX_WRITE_SEGMENTS, cost_per_item=5),
        graphql_type=DeleteSegmentsResult,
        description="Deletes up to 1,000 segments, all or none.",
    )
    async def delete_segments(
        self, info: Info, meeting_id: strawberry.ID, segment_ids: list[int]
    ) -> entities.DeletedSegments:
        return await resolve.delete(info.context, meeting_id, entities.parse_segment_ids(segment_ids))


@strawberry.type
class SegmentSubscriptions:
    @root_field(
        arguments={
            "after": "A cursor of this meeting: only what comes after it.",
            "batch_size": "How many segments an event has at most.",
        },
        scopes=READERS_AND_BOTS,
        sized_by=SizedBy(("batchSize",), change_stream.MAX_UPDATE_SEGMENTS),
        is_subscription=True,
        graphql_type=SegmentUpdates,
        description="Without `after` the transcript from its start, then live; with it, what follows that cursor. The first"
        " batch comes at once. An event without segments comes when the meeting itself has changed, such as its state, title or"
        " names. `batchSize`: 1 to 1,000. Completes when the meeting is deleted.",
    )
    def segment_updates(
        self,
        info: Info,
        meeting_id: strawberry.ID,
        after: str | None = None,
        batch_size: int | None = resolve_subscriptions.DEFAULT_BATCH_SIZE,
    ) -> AsyncGenerator[change_stream.SegmentUpdates, None]:
        return resolve_subscriptions.segment_updates(info.context, meeting_id, after, batch_size)
