"""The hubs of the workspaces that somebody in this process reads live."""

import asyncio
import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from db.database import Database
from domain.ids import WorkspaceId
from resolvers.live.hub import Hub
from resolvers.live.statistics import LiveStatistics


class _RunningHub:
    """Counts the readers of a hub, and runs the task in which it polls."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.readers = 0
        # It polls for all readers: it must not count as work of the first one, whose context would be its own.
        self.task = asyncio.create_task(hub.run(), context=contextvars.Context())

    async def stop(self) -> None:
        self.task.cancel()
        await self.hub.close()  # unsubscribes first of all, whatever ends this wait
        await asyncio.gather(self.task, return_exceptions=True)


class HubRegistry:
    """Runs one hub for each workspace that has readers. A process has one registry for its database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.statistics = LiveStatistics()
        self._running: dict[WorkspaceId, _RunningHub] = {}

    @asynccontextmanager
    async def hub_of(self, workspace_id: WorkspaceId) -> AsyncIterator[Hub]:
        """Gives the hub of the workspace, which runs at least as long as the block."""
        running = self._running.get(workspace_id)
        if running is None:
            running = self._running[workspace_id] = _RunningHub(Hub(self._database, workspace_id, self.statistics))
        running.readers += 1
        try:
            yield running.hub
        finally:
            running.readers -= 1
            if not running.readers and self._running.get(workspace_id) is running:
                del self._running[workspace_id]
                await running.stop()

    @property
    def open_hubs(self) -> int:
        """The number of workspaces that somebody in this process reads live."""
        return len(self._running)

    async def close(self) -> None:
        """Stops all hubs."""
        running, self._running = list(self._running.values()), {}
        await asyncio.gather(*(each.stop() for each in running))
