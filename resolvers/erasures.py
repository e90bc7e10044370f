"""Resolves erasures of meetings."""

import logging
from collections.abc import Collection
from datetime import datetime

from db.unit_of_work import UnitOfWork
from domain.erasures import ERASURE, Erasure
from domain.history import REASON
from domain.ids import MeetingId
from domain.meetings import Meeting
from domain.validation import checked
from resolvers.context import Context
from resolvers.meetings import meeting_id

logger = logging.getLogger("rapporteur.erasures")


async def erase_meeting(context: Context, id: str, reason: str | None) -> Erasure:
    """Deletes the meeting if it exists, and erases its history. The reason is logged, as nothing else keeps it."""
    key = meeting_id(id)
    why = checked_reason(reason)
    async with context.unit_of_work(author=ERASURE) as uow:
        erasure = await erase(uow, key, context.principal.id)
        await uow.commit()
    logger.info("erased the meeting %s for %s: %s", key, context.principal.id, why)
    return erasure


async def erase(uow: UnitOfWork, id: MeetingId, erased_by: str, erased_at: datetime | None = None) -> Erasure:
    """Deletes the meeting if it exists, and erases its history.

    `erased_at` is when that was done first, in a database of which this one is an earlier backup; by default now. Raises
    NotFound if there never was such a meeting, and Conflict if it is held.
    """
    if meeting := (await lock_for_erasure(uow, [id])).get(id):
        if erased_at is None:
            meeting.expect_not_held()
        elif meeting.held_at:  # before it was erased, it was released
            await uow.meetings.update(meeting.release())
        await uow.meetings.delete(id)
    return await uow.erasures.erase_history(id, erased_by, erased_at)


async def lock_for_erasure(uow: UnitOfWork, ids: Collection[MeetingId]) -> dict[MeetingId, Meeting]:
    """Returns the meetings that exist, and locks them. Every erasure starts here."""
    return await uow.meetings.find_for_update(ids)


def checked_reason(reason: str | None) -> str:
    """Returns the reason of an erasure for the log. Raises InvalidInput."""
    return "no reason given" if reason is None else checked(REASON, reason, "reason")
