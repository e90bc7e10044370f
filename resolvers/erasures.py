"""Resolves erasures."""

import logging
from datetime import datetime

from db.unit_of_work import UnitOfWork
from domain.erasures import Erasure
from domain.history import REASON
from domain.ids import MeetingId
from domain.validation import checked
from resolvers.context import Context
from resolvers.meetings import meeting_id

logger = logging.getLogger("rapporteur.erasures")


async def erase_meeting(context: Context, id: str, reason: str | None) -> Erasure:
    """Deletes the meeting if it exists, and erases its history. The reason is logged, as nothing else keeps it."""
    key = meeting_id(id)
    why = None if reason is None else checked(REASON, reason, "reason")
    async with context.unit_of_work() as uow:
        erasure = await erase(uow, key, context.principal.id)
        await uow.commit()
    logger.info("erased the meeting %s for %s: %s", key, context.principal.id, why or "no reason given")
    return erasure


async def erase(uow: UnitOfWork, id: MeetingId, erased_by: str, erased_at: datetime | None = None) -> Erasure:
    """Deletes the meeting if it exists, and erases its history; `erased_at` is when that was done first, by default now.

    Raises NotFound if there never was such a meeting.
    """
    if await uow.meetings.lock(id):
        await uow.meetings.delete(id)
    return await uow.erasures.erase_history(id, erased_by, erased_at)
