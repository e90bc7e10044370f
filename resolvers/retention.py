"""Erases meetings that ended longer ago than they may be kept, in the background of a server."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection

from db.database import Database
from db.retention import DueMeeting
from domain.erasures import ERASURE, RETENTION
from domain.errors import ServiceUnavailable
from domain.ids import WorkspaceId
from resolvers.erasures import erase

logger = logging.getLogger("rapporteur.erasures")

INTERVAL_SECONDS = 600.0
"""The time between two searches for what is due."""
MAX_DUE_PER_READ = 5_000
"""The number of meetings of a workspace that are looked up at once: some 10 minutes of erasures.

A look-up passes over all deletions of the workspace, so a look-up for every few erasures would cost more than they do.
"""
PAUSE_SECONDS = 0.1
"""The time between two erasures, each of which is a transaction, so that the database has time for others."""

Workspaces = Callable[[], Awaitable[Collection[WorkspaceId]]]


class Retention:
    """Erases what is due in some workspaces. Of all servers on a database, one does so at a time."""

    def __init__(self, database: Database, days: int, workspaces: Workspaces) -> None:
        """`days` is the time after its end for which a meeting is kept."""
        self._database = database
        self._days = days
        self._workspaces = workspaces

    async def run(self) -> None:
        """Erases what is due, again and again, until it is cancelled."""
        logger.info("meetings are erased %d days after their end", self._days)
        while True:
            try:
                await self.erase_due()
            except Exception as error:  # the next search may succeed
                logger.warning("retention waits: %s", error, exc_info=not isinstance(error, ServiceUnavailable))
            await asyncio.sleep(INTERVAL_SECONDS)

    async def erase_due(self) -> int:
        """Erases everything that is due now, and returns how many meetings that were.

        It stops when another server is at it. A meeting that cannot be erased now is left for the next time.
        """
        count = 0
        for workspace_id in await self._workspaces():
            after: DueMeeting | None = None
            while due := await self._due(workspace_id, after):
                for meeting in due:
                    try:
                        if not await self._erase(workspace_id, meeting):
                            return count
                        count += 1
                    except Exception as error:
                        logger.warning(
                            *("retention cannot erase the meeting %s now: %s", meeting.id, error),
                            exc_info=not isinstance(error, ServiceUnavailable),
                        )
                    await asyncio.sleep(PAUSE_SECONDS)
                after = due[-1]
        return count

    async def _due(self, workspace_id: WorkspaceId, after: DueMeeting | None) -> list[DueMeeting]:
        return await self._database.repositories(workspace_id).retention.due(self._days, MAX_DUE_PER_READ, after)

    async def _erase(self, workspace_id: WorkspaceId, meeting: DueMeeting) -> bool:
        """Erases a meeting if it is still due. Returns False if another server is at it."""
        async with self._database.unit_of_work(workspace_id, ERASURE) as uow:
            if not await uow.retention.take_turn():
                return False
            if meeting.is_deleted or await uow.retention.lock_due(meeting.id, self._days):
                await erase(uow, meeting.id, RETENTION)
                await uow.commit()
                logger.info(
                    "erased the meeting %s for %s: it ended on %s", meeting.id, RETENTION, meeting.ended_at.date()
                )
        return True
