"""Resolves the mutation that imports a transcript file."""

from collections.abc import Sequence
from dataclasses import replace

from db.unit_of_work import UnitOfWork
from domain.corrections import CorrectSegment, name_speakers
from domain.errors import Conflict
from domain.filters import MeetingFilter
from domain.meetings import Meeting, MeetingState, change_state
from domain.pagination import PageRequest
from domain.segments import MAX_WRITE_SEGMENTS, Segment, SegmentContent
from domain.transcript_imports import ImportedTranscript, ImportTranscript, renamed_segments
from domain.transcripts import ReadTranscript, SpeakerTurns
from resolvers.context import Context
from resolvers.worker_threads import run_in_worker

LARGE_CONTENT_CHARS = 256 * 1024
"""The length from which reading a file is large work, which few operations may do at once: it takes a tenth of a second."""


async def import_transcript(context: Context, command: ImportTranscript, reason: str | None) -> ImportedTranscript:
    """Reads the file, and writes all of it in one transaction."""
    if len(command.content) > LARGE_CONTENT_CHARS:
        await context.budget.wait_for_turn()
    read, _ = await run_in_worker(lambda: (command.read(), command.sha256))  # the hash is kept, and used below
    async with context.unit_of_work(reason) as uow:
        if isinstance(read, SpeakerTurns):
            imported = await _name_speakers(uow, command, read)
        elif command.into is not None:
            meeting = await uow.meetings.get_for_update(command.into)
            imported = await _write(uow, meeting, await run_in_worker(command.added_segments, read), read)
        else:
            imported = await _import_meeting(uow, command, read)
        await uow.commit()
    return imported


async def _import_meeting(uow: UnitOfWork, command: ImportTranscript, read: ReadTranscript) -> ImportedTranscript:
    """Imports the file into a meeting of its own. A meeting that is complete is left as it is.

    Raises Conflict if the external id is that of a meeting which another file became.
    """
    meeting = await _known_meeting(uow, command) or await uow.meetings.create(command.new_meeting(read))
    if meeting.state is not MeetingState.CREATED:
        source = meeting.metadata.get("import")
        if not isinstance(source, dict) or source.get("sha256") != command.sha256:
            raise Conflict("the externalId is taken by another meeting: name it by into, to add to it", meeting.version)
        return ImportedTranscript(meeting, 0, 0, len(read.segments), read.dialect, read.notes)
    imported = await _write(uow, meeting, read.segments, read)
    named = name_speakers(imported.meeting, read.speaker_names)
    meeting = await uow.meetings.update(change_state(named, MeetingState.COMPLETED))
    if read.speaker_names:
        meeting = await uow.corrections.rename_speakers(meeting.id, [each.label for each in read.speaker_names])
    for start in range(0, len(read.corrections), MAX_WRITE_SEGMENTS):
        meeting = await _correct(uow, meeting, read.corrections[start : start + MAX_WRITE_SEGMENTS])
    return replace(imported, meeting=meeting)


async def _correct(uow: UnitOfWork, meeting: Meeting, corrections: Sequence[CorrectSegment]) -> Meeting:
    stored = await uow.segments.by_keys([(meeting.id, each.segment_id) for each in corrections])
    return await uow.corrections.correct(
        meeting.id,
        [each.apply(stored[meeting.id, each.segment_id]) for each in corrections],
        [each.reason for each in corrections],
    )


async def _known_meeting(uow: UnitOfWork, command: ImportTranscript) -> Meeting | None:
    """Returns the meeting with the external id, or without one the meeting that the file became before."""
    if command.external_id is not None:
        return await uow.meetings.by_external_id(command.external_id)
    filter = MeetingFilter(metadata={"import": {"sha256": command.sha256}})
    found = (await uow.meetings.page(PageRequest(1), filter)).nodes
    return found[0] if found else None


async def _name_speakers(uow: UnitOfWork, command: ImportTranscript, read: SpeakerTurns) -> ImportedTranscript:
    """Gives the segments of a meeting the speakers that the file names for their times."""
    assert command.into is not None  # speaker turns are read for an existing meeting only
    meeting = await uow.meetings.get_for_update(command.into)
    segments = (await uow.segments.by_meetings([meeting.id], with_words=True))[meeting.id]
    renamed = await run_in_worker(renamed_segments, read.turns, segments)
    imported = await _write(uow, meeting, renamed, read)
    unchanged = len(segments) - imported.updated
    return ImportedTranscript(imported.meeting, 0, imported.updated, unchanged, read.dialect, read.notes)


async def _write(
    uow: UnitOfWork,
    meeting: Meeting,
    segments: Sequence[SegmentContent | Segment],
    read: ReadTranscript | SpeakerTurns,
) -> ImportedTranscript:
    created = updated = unchanged = 0
    for start in range(0, len(segments), MAX_WRITE_SEGMENTS):
        written = await uow.segments.upsert(meeting.id, segments[start : start + MAX_WRITE_SEGMENTS])
        meeting = written.meeting
        created, updated = created + written.created, updated + written.updated
        unchanged += written.unchanged + written.ignored
    return ImportedTranscript(meeting, created, updated, unchanged, read.dialect, read.notes)
