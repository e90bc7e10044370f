"""The GraphQL types and root fields of erasures."""

from datetime import datetime

import strawberry

from domain import erasures as entities
from domain import speaker_erasures as speakers
from domain.ids import MeetingId
from domain.speaker_erasures import MAX_MEETINGS, EraseSpeaker, SpeakerErasureMode
from domain.validation import parse
from executor import InstancesOf
from resolvers import erasures as resolve
from resolvers.context import Info
from resolvers.speaker_erasures import erase_speaker
from schema.enums import describe_enum
from schema.field_declarations import ADMINISTRATORS, Cost, Length, SizedBy, declared, root_field
from schema.results import result_union

describe_enum(
    SpeakerErasureMode,
    "The extent of the erasure of a speaker.",
    {
        "PSEUDONYM": "A pseudonym replaces the speaker's names. What was said stays.",
        "TEXT": "What the speaker said is removed, too.",
    },
)


@strawberry.type(description="The record that a meeting was erased.")
class Erasure:
    meeting_id: strawberry.ID = strawberry.field(description="The id that the meeting had.")
    erased_by: str = strawberry.field(
        description="The id of the key or of the token's subject that erased it, which is no name; `local` on a server without"
        " authentication, and `retention` where it was erased for its age."
    )
    erased_at: datetime = strawberry.field(description="When it was erased first.")

    is_type_of = InstancesOf(entities.Erasure)


EraseMeetingResult = result_union("EraseMeetingResult", Erasure)


@strawberry.type(description="The record that a speaker was erased.")
class ErasedSpeaker:
    pseudonym: str = strawberry.field(
        description="What the speaker is called now. It is the same for a name in all meetings of the workspace."
    )
    mode: SpeakerErasureMode = strawberry.field(description="How much was erased last.")
    meeting_ids: list[MeetingId] = strawberry.field(
        description="The meetings in which the speaker was found, also if all was erased before.",
        graphql_type=list[strawberry.ID],
        metadata=declared(length=Length.AS_ASKED),
    )
    segment_count: int = strawberry.field(description="The number of segments that this call changed.")
    erased_by: str = strawberry.field(description="The id of the one who erased something last, as in `Erasure`.")
    erased_at: datetime = strawberry.field(description="When something was erased last.")

    is_type_of = InstancesOf(speakers.ErasedSpeaker)


EraseSpeakerResult = result_union("EraseSpeakerResult", ErasedSpeaker)


@strawberry.type
class ErasureMutations:
    @root_field(
        arguments={
            "id": "The id of a meeting, also of one that was deleted.",
            "reason": "The reason, in your own words. It goes to the server's log only: the database keeps no words of an"
            " erasure.",
        },
        scopes=ADMINISTRATORS,
        graphql_type=EraseMeetingResult,
        description="Deletes a meeting with its segments, and removes from its history what was said and named, and who made"
        " the changes. Kinds, states, times and versions stay. Nothing takes it back. Idempotent.",
    )
    async def erase_meeting(self, info: Info, id: strawberry.ID, reason: str | None = None) -> entities.Erasure:
        return await resolve.erase_meeting(info.context, id, reason)

    @root_field(
        arguments={
            "name": "The name of the speaker, a label, or the pseudonym of an earlier erasure. Case makes no difference.",
            "mode": "How much is erased.",
            "meeting_ids": f"The meetings, at most {MAX_MEETINGS:,}, also deleted ones; left out: all, if they are no more than"
            " that.",
            "reason": "The reason, in your own words. It goes to the server's log only.",
        },
        scopes=ADMINISTRATORS,
        cost=Cost(5_000),
        sized_by=SizedBy(("meetingIds",), MAX_MEETINGS, cost_per_item=10),
        graphql_type=EraseSpeakerResult,
        description="Replaces a speaker's labels and names by a pseudonym, in the segments, corrections, names and histories of"
        " meetings, all or none; with the mode TEXT also what the speaker said. Nothing takes it back. Idempotent.",
    )
    async def erase_speaker(
        self,
        info: Info,
        name: str,
        mode: SpeakerErasureMode,
        meeting_ids: list[strawberry.ID] | None = None,
        reason: str | None = None,
    ) -> speakers.ErasedSpeaker:
        command = parse(EraseSpeaker, {"name": name, "mode": mode, "meeting_ids": meeting_ids})
        return await erase_speaker(info.context, command, reason)
