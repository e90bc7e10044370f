"""Segments in GraphQL."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import Maybe

from domain import meetings
from domain import segments as entities
from executor import InstancesOf
from resolvers import segments as resolve
from schema.errors import Conflict, InvalidInput, NotFound
from schema.meetings import Meeting
from schema.nodes import Node


@strawberry.type(description="One utterance; times are seconds from the start of the meeting.")
class Segment(Node):
    segment_id: int = strawberry.field(description="Unique in its meeting.")
    text: str
    speaker: str = strawberry.field(description="Empty where the speaker is not known.")
    start_time: float
    end_time: float
    is_final: bool = strawberry.field(description="False for a hypothesis that will be revised.")
    confidence: float | None = strawberry.field(description="0 to 1.")
    version: int
    created_at: datetime
    updated_at: datetime
    meeting: meetings.Meeting = strawberry.field(resolver=resolve.meeting, graphql_type=Meeting)

    is_type_of = InstancesOf(entities.Segment)


@strawberry.input(
    description="All that is to be known of a segment: what is left out gets its default, also in a revision."
)
class SegmentInput:
    segment_id: Maybe[int | None] = strawberry.field(
        description="Left out: the next free number, so that the same call again would add the segment again."
    )
    text: str
    speaker: Maybe[str | None]
    start_time: float
    end_time: float
    is_final: Maybe[bool | None] = strawberry.field(description="True if left out.")
    confidence: Maybe[float | None]


@strawberry.type(description="What an upsert did, in numbers of segments.")
class UpsertedSegments:
    meeting: Meeting
    cursor: str = strawberry.field(description="The place in segmentUpdates after this write.")
    created: int
    updated: int
    unchanged: int

    is_type_of = InstancesOf(entities.UpsertedSegments)


@strawberry.type(description="What a deletion did; segments that were not there are not counted.")
class DeletedSegments:
    meeting: Meeting
    cursor: str = strawberry.field(description="The place in segmentUpdates after this write.")
    deleted: int

    is_type_of = InstancesOf(entities.DeletedSegments)


UpsertSegmentsResult = Annotated[
    UpsertedSegments | NotFound | InvalidInput | Conflict, strawberry.union("UpsertSegmentsResult")
]
DeleteSegmentsResult = Annotated[
    DeletedSegments | NotFound | InvalidInput | Conflict, strawberry.union("DeleteSegmentsResult")
]
