"""Resolves the transcripts of meetings as files.

A transcript grows with its meeting. So a long one is read in parts, each of which is written in a worker thread, and what
all transcripts of an operation come to is bounded by its budget. Each file is written once, however often it is asked for.
"""

from collections.abc import Iterable, Sequence
from contextlib import aclosing
from itertools import groupby
from operator import attrgetter

from db.database import Reads
from domain.ids import MeetingId, WorkspaceId
from domain.meetings import Meeting
from domain.segments import Segment
from domain.transcripts import TranscriptFormat, TranscriptWriter
from executor.batching import batch_resolver
from resolvers.context import Info
from resolvers.operation_budget import OperationBudget
from resolvers.worker_threads import run_in_worker

MAX_SEGMENTS_AT_ONCE = 2_000
"""The number of segments, of all meetings, that are read by one statement; more are read in parts."""
SEGMENTS_PER_PART = 2_000
_SIZES_WITH_WORDS = (500, 100)
"""The same numbers for segments with their words, of which each may have a thousand."""
MAX_INLINE_SEGMENTS = 200
"""The number of segments that are written in the event loop, which takes a millisecond."""


TranscriptKey = tuple[MeetingId, str]
"""A meeting, and the title of its transcript."""


@batch_resolver
async def transcript(
    roots: list[Meeting], info: Info, format: TranscriptFormat, final_only: bool | None = False
) -> list[str]:
    context = info.context
    loader = context.loaders.of_many(write_transcripts, format, bool(final_only), context.budget)
    found = await loader.load_many((root.id, root.title) for root in roots)
    return [text or "" for text in found]


async def write_transcripts(
    reads: Reads,
    workspace_id: WorkspaceId,
    keys: list[TranscriptKey],
    format: TranscriptFormat,
    final_only: bool,
    budget: OperationBudget,
) -> dict[TranscriptKey, str]:
    """Writes the transcript of each meeting. Raises AnswerTooLarge."""
    writing = {id: _Writing(TranscriptWriter(format, title), budget) for id, title in keys}
    with_words = format is TranscriptFormat.JSON  # no other format has a place for them
    at_once, part_size = _SIZES_WITH_WORDS if with_words else (MAX_SEGMENTS_AT_ONCE, SEGMENTS_PER_PART)
    segments = await reads.repositories(workspace_id).segments.first_by_meetings(
        list(writing), at_once + 1, with_words=with_words, final_only=final_only
    )
    unread: list[MeetingId] = []
    if len(segments) > at_once:  # the last meeting has more, and those after it were not reached
        unread = [id for id in writing if id >= segments[-1].meeting_id]
        segments = [segment for segment in segments if segment.meeting_id < segments[-1].meeting_id]
    await _write(segments, writing)
    if unread:
        del segments
        await budget.wait_for_turn()
        async with (
            reads.snapshot(workspace_id) as snapshot,
            aclosing(
                snapshot.segments.stream_by_meetings(unread, part_size, with_words=with_words, final_only=final_only)
            ) as parts,
        ):
            async for part in parts:
                budget.charge(len(part))
                await _write(part, writing)
    return {key: await writing[key[0]].text() for key in keys}


class _Writing:
    """Collects the parts of one transcript."""

    def __init__(self, writer: TranscriptWriter, budget: OperationBudget) -> None:
        self._writer = writer
        self._budget = budget
        self._parts: list[str] = []
        self._size = 0

    async def write(self, segments: Sequence[Segment]) -> None:
        if len(segments) <= MAX_INLINE_SEGMENTS:
            part = self._writer.write(segments)
        else:
            part = await run_in_worker(self._writer.write, segments)
        self._size += len(segments)
        self._add(part)

    async def text(self) -> str:
        end = self._writer.end() if self._size <= MAX_INLINE_SEGMENTS else await run_in_worker(self._writer.end)
        self._add(end)
        return "".join(self._parts)

    def _add(self, part: str) -> None:
        self._budget.spend_bytes(len(part))
        self._parts.append(part)


async def _write(segments: Iterable[Segment], writing: dict[MeetingId, _Writing]) -> None:
    for meeting_id, group in groupby(segments, attrgetter("meeting_id")):
        rest = list(group)
        for start in range(0, len(rest), SEGMENTS_PER_PART):
            await writing[meeting_id].write(rest[start : start + SEGMENTS_PER_PART])
