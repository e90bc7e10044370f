"""Resolves erasures of speakers."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from db.unit_of_work import UnitOfWork
from domain.erasures import ERASURE
from domain.errors import InvalidInput, NotFound
from domain.ids import MeetingId
from domain.meetings import Meeting
from domain.speaker_erasures import (
    MAX_MEETINGS,
    ErasedSpeaker,
    EraseSpeaker,
    MeetingEvent,
    Pseudonymization,
    SpeakerErasure,
    SpeakerErasureMode,
    last_speaker_names,
    pseudonym_of,
)
from resolvers.context import Context
from resolvers.erasures import checked_reason, lock_for_erasure

logger = logging.getLogger("rapporteur.erasures")


async def erase_speaker(context: Context, command: EraseSpeaker, reason: str | None) -> ErasedSpeaker:
    """Erases the speaker in all of the meetings, or in none. The reason is logged, as nothing else keeps it.

    Raises NotFound if there never was one of the meetings, or if none of them has the speaker, and Conflict if one that has
    the speaker is held.
    """
    why, erased_by = checked_reason(reason), context.principal.id
    async with context.unit_of_work(author=ERASURE) as uow:
        ids = await _known_meetings(uow, command.meeting_ids)
        meetings = await lock_for_erasure(uow, ids)
        key = await uow.speaker_erasures.key()
        earlier = await uow.speaker_erasures.of_meetings(ids)
        pseudonym = pseudonym_of(command.name, earlier) or key.pseudonym(command.name)
        events = await uow.speaker_erasures.events_for_update(ids)
        names = await uow.speaker_erasures.names(ids)
        found, segment_count, now = [], 0, datetime.now(UTC)
        for id in ids:
            speaker = Pseudonymization.of(command.name, pseudonym, last_speaker_names(events[id]))
            present = names.get(id, [])
            if speaker.is_in([*present, *(name for event in events[id] for name in event.names)]):
                if id in meetings:
                    meetings[id].expect_not_held()
                found.append(id)
                fingerprints = speaker.fingerprints(key, id, earlier)
                erasure = SpeakerErasure(id, pseudonym, command.mode, fingerprints, erased_by, now)
                segment_count += await _erase(uow, erasure, speaker, meetings.get(id), present)
        records = [each for each in await uow.speaker_erasures.of_meetings(found) if each.pseudonym == pseudonym]
        if not records:
            raise NotFound("speaker", command.name)
        await uow.commit()
    where = ", ".join(map(str, found))
    logger.info("erased %s (%s) for %s: %s; in %s", pseudonym, command.mode.name, erased_by, why, where)
    last = records[-1]
    return ErasedSpeaker(pseudonym, last.mode, found, segment_count, last.erased_by, last.erased_at)


async def erase_speaker_again(uow: UnitOfWork, erasure: SpeakerErasure, key_id: str) -> bool:
    """Does a recorded erasure again, in a database that was restored from a backup.

    Returns False if the database has another key than the record was made with, so that it cannot tell the names. Raises
    NotFound if there never was such a meeting.
    """
    id = erasure.meeting_id
    if not await uow.speaker_erasures.known_meetings([id]):
        raise NotFound("meeting", id)
    key = await uow.speaker_erasures.key()
    if key.id != key_id:
        return False
    meeting = (await lock_for_erasure(uow, [id])).get(id)
    events = (await uow.speaker_erasures.events_for_update([id]))[id]
    present = (await uow.speaker_erasures.names([id])).get(id, [])
    named = [name for event in events for name in event.names]
    speaker = Pseudonymization.again(erasure, key, [*present, *named])
    await _erase(uow, erasure, speaker, meeting, present, is_new=False)
    return True


async def _known_meetings(uow: UnitOfWork, ids: Sequence[MeetingId] | None) -> Sequence[MeetingId]:
    if ids is None:
        found = await uow.speaker_erasures.first_meetings(MAX_MEETINGS + 1)
        if len(found) > MAX_MEETINGS:
            raise InvalidInput.of("meeting_ids", f"is needed: the workspace has more than {MAX_MEETINGS:,} meetings")
        return found
    if not ids:
        raise InvalidInput.of("meeting_ids", "must not be empty: leave it out for all meetings")
    known = set(await uow.speaker_erasures.known_meetings(ids))
    for id in ids:
        if id not in known:
            raise NotFound("meeting", id)
    return sorted(known)


async def _erase(
    uow: UnitOfWork,
    erasure: SpeakerErasure,
    speaker: Pseudonymization,
    meeting: Meeting | None,
    present: Collection[str],
    *,
    is_new: bool = True,
) -> int:
    """Replaces the speaker's names in one meeting, which is locked, or deleted (None). Returns how many segments changed.

    `present` are the names in the meeting's segments. The erasure is recorded if it changes something. An erasure that is
    done again had seen the meeting released, and leaves it held if it is.
    """
    id, segment_count, is_renamed = erasure.meeting_id, 0, False
    is_held = meeting is not None and meeting.held_at is not None
    if meeting is not None:
        speaker_names = speaker.in_speaker_names(meeting.speaker_names)
        if is_renamed := speaker_names != meeting.speaker_names:
            await uow.meetings.update(replace(meeting, speaker_names=speaker_names))
        reasons = await uow.speaker_erasures.correction_reasons(id)
        segment_count = await uow.speaker_erasures.erase_in_segments(
            id,
            [name for name in present if speaker.is_named(name)],
            speaker.pseudonym,
            with_text=erasure.mode is SpeakerErasureMode.TEXT,
            reasons=[number for number, reason in reasons.items() if speaker.is_mentioned(reason)],
        )
    events = (await uow.speaker_erasures.events_for_update([id]))[id]
    erased: list[MeetingEvent] = [after for event in events if (after := speaker.in_event(event)) != event]
    if segment_count or is_renamed or erased:
        if is_held:
            await uow.meetings.update((await uow.meetings.get_for_update(id)).release())
        await uow.speaker_erasures.record(erasure, is_new=is_new)
        await uow.speaker_erasures.replace_events(id, erased)
        if is_held:
            await uow.meetings.update((await uow.meetings.get_for_update(id)).hold())
    return segment_count
