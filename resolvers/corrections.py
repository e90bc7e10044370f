"""Resolves the corrections of transcripts, and the names of their speakers."""

from collections.abc import Sequence

from domain import corrections as rules
from domain.corrections import CorrectedSegments, CorrectSegment, NameSpeaker, SpeakerName
from domain.errors import require
from domain.meetings import Meeting
from resolvers.context import Context
from resolvers.meetings import meeting_id


def speaker_names(root: Meeting) -> list[SpeakerName]:
    return rules.speaker_names(root)


async def correct(
    context: Context, id: str, corrections: Sequence[CorrectSegment], reason: str | None
) -> CorrectedSegments:
    key = meeting_id(id, "meeting_id")
    keys = [(key, correction.segment_id) for correction in corrections]
    async with context.unit_of_work(reason) as uow:
        meeting = await uow.meetings.get_for_update(key)
        stored = await uow.segments.by_keys(keys)
        present = [require(stored.get(each), "segment", f"{key}:{each[1]}") for each in keys]
        wanted = [correction.apply(segment) for correction, segment in zip(corrections, present, strict=True)]
        changed = [segment for segment in wanted if segment != stored[key, segment.segment_id]]
        if changed:
            meeting = await uow.corrections.correct(key, changed)
            stored = await uow.segments.by_keys(keys)
        await uow.commit()
    segments = [stored[each] for each in keys]
    return CorrectedSegments(meeting, segments, updated=len(changed), unchanged=len(segments) - len(changed))


async def name_speakers(context: Context, id: str, names: Sequence[NameSpeaker], reason: str | None) -> Meeting:
    key = meeting_id(id, "meeting_id")
    async with context.unit_of_work(reason) as uow:
        meeting = await uow.meetings.get_for_update(key)
        named = rules.name_speakers(meeting, names)
        if named != meeting:
            await uow.meetings.update(named)
            meeting = await uow.corrections.rename_speakers(key, [each.label for each in names])
        await uow.commit()
    return meeting
