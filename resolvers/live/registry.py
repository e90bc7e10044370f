"""The hubs of the workspaces that somebody in this process reads live, each with its one task; of no others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from db.database import Database
from domain.ids import WorkspaceId
from resolvers.live.hub import Hub


class _Running:
    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.readers = 0
        self.task = asyncio.create_task(hub.run())

    async def end(self) -> None:
        self.task.cancel()
        await self.hub.close()  # first of all it unsubscribes, whatever ends this wait
        await asyncio.gather(self.task, return_exceptions=True)


class Hubs:
    """One for a process and database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._running: dict[WorkspaceId, _Running] = {}

    @asynccontextmanager
    async def of(self, workspace_id: WorkspaceId) -> AsyncIterator[Hub]:
        """The hub of the workspace, which runs at least as long as the block."""
        running = self._running.get(workspace_id)
        if running is None:
            running = self._running[workspace_id] = _Running(Hub(self._database, workspace_id))
        running.readers += 1
        try:
            yield running.hub
        finally:
            running.readers -= 1
            if not running.readers and self._running.get(workspace_id) is running:
                del self._running[workspace_id]
                await running.end()

    async def close(self) -> None:
        """End them all."""
        running, self._running = list(self._running.values()), {}
        await asyncio.gather(*(each.end() for each in running))
