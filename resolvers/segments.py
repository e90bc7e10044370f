"""Resolves the fields of meetings that are made of segments, and the mutations of segments."""

from collections.abc import Sequence

from db.unit_of_work import Repositories
from domain.bulk_validation import ValueColumns
from domain.errors import InvalidInput, NotFound, require
from domain.ids import MeetingId
from domain.meetings import Meeting
from domain.ordering import SegmentOrder
from domain.pagination import Page, PageRequest
from domain.principals import Principal
from domain.segments import (
    SPEAKER,
    DeletedSegments,
    Segment,
    SpeakerStats,
    UpsertedSegments,
    segments_cursor,
)
from domain.stream_positions import updates_cursor
from domain.validation import checked
from domain.word_timings import Word
from executor.batching import batch_resolver
from resolvers.context import Context, Info
from resolvers.meetings import load_meetings, meeting_id, visible_meetings
from resolvers.pagination import PageArguments, counted
from resolvers.projections import NO_COLUMNS, Columns, column_fields, connection_fields

_SEGMENTS = connection_fields(
    {
        **dict.fromkeys(("segmentId", "meeting"), NO_COLUMNS),
        **column_fields("id", "text", "speaker", "start_time", "end_time", "is_final", "confidence", "external_id"),
        **column_fields("version", "created_at", "updated_at"),
        "heard": frozenset(("text", "speaker", "heard_text", "heard_speaker")),
        "correction": frozenset(
            ("corrected_text", "corrected_speaker", "corrected_by", "corrected_at", "correction_reason")
        ),
        "words": NO_COLUMNS,
    }
)


async def load_segments(
    repositories: Repositories, keys: list[tuple[MeetingId, int]], principal: Principal
) -> dict[tuple[MeetingId, int], Segment]:
    """Loads the segments of meetings that the principal may see."""
    visible = await visible_meetings(repositories, {meeting_id for meeting_id, _ in keys}, principal)
    return await repositories.segments.by_keys([key for key in keys if key[0] in visible])


async def load_segment_pages(
    repositories: Repositories,
    ids: list[MeetingId],
    request: PageRequest,
    speaker: str | None,
    columns: Columns | None,
    order: SegmentOrder,
) -> dict[MeetingId, Page[Segment]]:
    return await repositories.segments.pages(ids, request, speaker, columns, order)


async def load_segment_counts(
    repositories: Repositories, ids: list[MeetingId], speaker: str | None
) -> dict[MeetingId, int]:
    """Counts all segments of each meeting, or only the segments of one speaker."""
    return await repositories.segments.counts(ids, speaker)


async def load_words(
    repositories: Repositories, keys: list[tuple[MeetingId, int]]
) -> dict[tuple[MeetingId, int], list[Word]]:
    return await repositories.segments.words(keys)


async def load_speakers(repositories: Repositories, ids: list[MeetingId]) -> dict[MeetingId, list[SpeakerStats]]:
    return await repositories.segments.speakers(ids)


async def segment_pages(
    roots: list[Meeting],
    info: Info,
    page: PageArguments,
    speaker: str | None,
    order: SegmentOrder,
) -> list[Page[Segment]]:
    request = page.request(segments_cursor(order))
    for name, key in (("after", request.after), ("before", request.before)):
        if key is not None and any(key[0] != root.id for root in roots):
            raise InvalidInput.of(name, "must be a cursor that this list has given: it is another meeting's")
    if speaker is not None:
        speaker = checked(SPEAKER, speaker, "speaker")
    loaders = info.context.loaders
    counts = loaders.of(load_segment_counts, speaker)
    wanted = info.context.projections.columns(info, _SEGMENTS)
    pages = await loaders.of(load_segment_pages, request, speaker, wanted, order).load_many(root.id for root in roots)
    return [counted(found, counts, root.id) for root, found in zip(roots, pages, strict=True)]


@batch_resolver
async def count(roots: list[Meeting], info: Info) -> list[int]:
    return [
        found or 0
        for found in await info.context.loaders.of(load_segment_counts, None).load_many(root.id for root in roots)
    ]


@batch_resolver
async def speakers(roots: list[Meeting], info: Info) -> list[list[SpeakerStats]]:
    return [found or [] for found in await info.context.loaders.of(load_speakers).load_many(root.id for root in roots)]


def cursor(root: Meeting) -> str:
    return updates_cursor(root)


@batch_resolver
async def meeting(roots: list[Segment], info: Info) -> list[Meeting]:
    found = await info.context.loaders.of(load_meetings, info.context.principal).load_many(
        root.meeting_id for root in roots
    )
    # A meeting that is missing was deleted since the segment was read.
    return [require(meeting, "meeting", root.meeting_id) for root, meeting in zip(roots, found, strict=True)]


@batch_resolver
async def words(roots: list[Segment], info: Info) -> list[list[Word]]:
    keys = ((root.meeting_id, root.segment_id) for root in roots)
    return [found or [] for found in await info.context.loaders.of(load_words).load_many(keys)]


async def upsert(context: Context, id: str, contents: ValueColumns, deleted_ids: Sequence[int]) -> UpsertedSegments:
    key = meeting_id(id, "meeting_id")
    with context.writing() as repositories:
        if not context.principal.writes_all and not await repositories.grants.filter_granted(
            context.principal.id, [key]
        ):
            raise NotFound("meeting", key)
        return await repositories.segments.upsert_columns(key, contents, deleted_ids)


async def delete(context: Context, id: str, segment_ids: Sequence[int]) -> DeletedSegments:
    key = meeting_id(id, "meeting_id")
    with context.writing() as repositories:
        return await repositories.segments.delete(key, segment_ids)
