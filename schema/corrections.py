"""The GraphQL types, inputs and root fields of corrections, and of the names of speakers."""

import strawberry
from strawberry import Maybe

from domain import corrections as entities
from domain import meetings
from domain import segments as segment_entities
from executor import InstancesOf
from resolvers import corrections as resolve
from resolvers.context import Info
from schema.field_declarations import WRITERS, Length, SizedBy, declared, root_field
from schema.inputs import provided
from schema.meetings import Meeting, MeetingResult
from schema.results import result_union
from schema.segments import Segment


@strawberry.input(description="The correction of one segment. A field that is left out stays as it is.")
class SegmentCorrectionInput:
    segment_id: int = strawberry.field(description="The segment's segmentId.")
    text: Maybe[str | None] = strawberry.field(description="What was said; null takes the correction back.")
    speaker: Maybe[str | None] = strawberry.field(
        description="Who said it, empty for nobody known; null takes the correction back."
    )
    expected_version: Maybe[int | None] = strawberry.field(
        description="The version of the segment that you have read. If it is not the present one, the result is a Conflict, and"
        " nothing changes."
    )


@strawberry.input(description="The name of a speaker.")
class SpeakerNameInput:
    label: str = strawberry.field(description="The speaker as heard, such as `SPEAKER_00`.")
    name: Maybe[str | None] = strawberry.field(description="The name; null takes it back.")


@strawberry.type(description="What a correction did.")
class CorrectedSegments:
    meeting: meetings.Meeting = strawberry.field(description="The meeting after it.", graphql_type=Meeting)
    cursor: str = strawberry.field(description="The place in segmentUpdates after this write.")
    segments: list[segment_entities.Segment] = strawberry.field(
        description="The segments after it, in the order of the call.",
        graphql_type=list[Segment],
        metadata=declared(length=Length.AS_ASKED),
    )
    updated: int = strawberry.field(description="The number of segments whose corrections changed.")
    unchanged: int = strawberry.field(description="The number of segments that had these corrections already.")

    is_type_of = InstancesOf(entities.CorrectedSegments)


CorrectSegmentsResult = result_union("CorrectSegmentsResult", CorrectedSegments)


@strawberry.type
class CorrectionMutations:
    @root_field(
        arguments={"corrections": "The corrections, at most 1,000, each of another segment."},
        scopes=WRITERS,
        sized_by=SizedBy(("corrections",), segment_entities.MAX_WRITE_SEGMENTS, cost_per_item=10),
        graphql_type=CorrectSegmentsResult,
        description="Corrects up to 1,000 segments, all or none. A correction lies over what was heard, field by field, and"
        " stays whatever is heard later.",
    )
    async def correct_segments(
        self,
        info: Info,
        meeting_id: strawberry.ID,
        corrections: list[SegmentCorrectionInput],
        reason: str | None = None,
    ) -> entities.CorrectedSegments:
        commands = entities.parse_corrections([provided(correction) for correction in corrections])
        return await resolve.correct(info.context, meeting_id, commands, reason)

    @root_field(
        arguments={"names": "The names, at most 1,000, each of another label."},
        scopes=WRITERS,
        sized_by=SizedBy(("names",), segment_entities.MAX_SPEAKERS, cost_per_item=10),
        graphql_type=MeetingResult,
        description="Names the speakers of a meeting by their labels, in the segments that there are and in those to come. Two"
        " labels with one name are one speaker.",
    )
    async def name_speakers(
        self, info: Info, meeting_id: strawberry.ID, names: list[SpeakerNameInput], reason: str | None = None
    ) -> meetings.Meeting:
        commands = entities.parse_speaker_names([provided(name) for name in names])
        return await resolve.name_speakers(info.context, meeting_id, commands, reason)
