"""Segments: the nested fields of meetings that are made of them, and the two writes."""

from collections.abc import Mapping, Sequence
from typing import Any

from db.segments import CURSOR
from domain import segments
from domain.errors import InvalidInput, NotFound
from domain.meetings import Meeting
from domain.pages import Page, page_request
from domain.segments import DeletedSegments, Segment, SpeakerStats, UpsertedSegments, updates_cursor
from domain.transcripts import TranscriptFormat, write_transcript
from domain.validation import checked
from resolvers.context import Context, Info
from resolvers.meetings import meeting_id

DEFAULT_PAGE = 100
MAX_PAGE = 1_000


async def page(
    root: Meeting,
    info: Info,
    first: int | None = DEFAULT_PAGE,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    speaker: str | None = None,
) -> Page[Segment]:
    request = page_request(first, after, last, before, default=DEFAULT_PAGE, maximum=MAX_PAGE, cursor=CURSOR)
    for name, key in (("after", request.after), ("before", request.before)):
        if key is not None and key[0] != root.id:
            raise InvalidInput.of(name, "must be a cursor that this list has given: it is another meeting's")
    if speaker is not None:
        speaker = checked(segments.SPEAKER, speaker, "speaker")
    loaders = info.context.loaders
    found = await loaders.segment_pages(request, speaker).load(root.id)
    assert found is not None  # a meeting without segments has an empty page

    async def total() -> int:
        return await loaders.segment_counts(speaker).load(root.id) or 0

    found.total = total
    return found


async def count(root: Meeting, info: Info) -> int:
    return await info.context.loaders.segment_counts().load(root.id) or 0


async def speakers(root: Meeting, info: Info) -> list[SpeakerStats]:
    return await info.context.loaders.speakers.load(root.id) or []


async def transcript(root: Meeting, info: Info, format: TranscriptFormat) -> str:
    return write_transcript(await info.context.loaders.transcripts.load(root.id) or [], format, title=root.title)


async def cursor(root: Meeting) -> str:
    return updates_cursor(root)


async def meeting(root: Segment, info: Info) -> Meeting:
    found = await info.context.loaders.meetings.load(root.meeting_id)
    if found is None:  # deleted since the segment was read
        raise NotFound("meeting", root.meeting_id)
    return found


async def upsert(context: Context, id: str, inputs: Sequence[Mapping[str, Any]]) -> UpsertedSegments:
    key = meeting_id(id, "meeting_id")
    contents = segments.segment_batch(inputs)
    async with context.writing() as repositories:
        if not context.principal.writes_all and not await repositories.grants.among(context.principal.id, [key]):
            raise NotFound("meeting", key)
        return await repositories.segments.upsert(key, contents)


async def delete(context: Context, id: str, segment_ids: Sequence[int]) -> DeletedSegments:
    key = meeting_id(id, "meeting_id")
    numbers = segments.segment_numbers(segment_ids)
    async with context.unit_of_work() as uow:
        result = await uow.segments.delete(key, numbers)
        await uow.commit()
    return result
