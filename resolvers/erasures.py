"""Resolves erasures."""

import logging

from domain.erasures import Erasure
from domain.history import REASON
from domain.validation import checked
from resolvers.context import Context
from resolvers.meetings import meeting_id

logger = logging.getLogger("rapporteur.erasures")


async def erase_meeting(context: Context, id: str, reason: str | None) -> Erasure:
    """Deletes the meeting if it exists, and erases its history. The reason is logged, as nothing else keeps it."""
    key = meeting_id(id)
    why = None if reason is None else checked(REASON, reason, "reason")
    async with context.unit_of_work() as uow:
        if await uow.meetings.lock(key):
            await uow.meetings.delete(key)
        erasure = await uow.erasures.erase_history(key, context.principal.id)
        await uow.commit()
    logger.info("erased the meeting %s for %s: %s", key, context.principal.id, why or "no reason given")
    return erasure
