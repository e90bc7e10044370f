"""The end of an operation before it is done: its time is up, or its client has left.

Either way it is cancelled, down to its statement in PostgreSQL: asyncpg asks PostgreSQL to cancel it, and the pool replaces the
connection. What was not committed has not happened.
"""

import asyncio
from types import TracebackType

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from domain.errors import ServiceUnavailable
from resolvers.context import Context

PATIENCE = 0.05
"""Seconds before we look whether the client is still there: most operations are done sooner, and a look costs a task."""


class Limit:
    """Raise ServiceUnavailable from the block when it takes longer. With `context`, nothing of that goes on after the block.

    (A class and no generator: each operation pays for this.)
    """

    def __init__(self, seconds: float, context: Context | None = None) -> None:
        self._seconds = seconds
        self._context = context
        self._deadline = asyncio.timeout(seconds)

    async def __aenter__(self) -> asyncio.Timeout:
        return await self._deadline.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._deadline.__aexit__(kind, error, traceback)
        except TimeoutError as late:
            raise ServiceUnavailable(f"the operation took longer than {self._seconds:g} seconds") from late
        finally:
            if self._context is not None:
                self._context.end()


class Watch:
    """Looks whether the client of a request, whose body has been read, is still there."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = False
        self._task: asyncio.Task[None] | None = None

    def start(self, deadline: asyncio.Timeout) -> None:
        """Bring the deadline forward to the moment when the client leaves."""
        self._starting = asyncio.get_running_loop().call_later(PATIENCE, self._start, deadline)

    def stop(self) -> None:
        """What happens from here on is none of the operation's."""
        self._starting.cancel()
        if self._task is not None:
            self._task.cancel()

    def check(self) -> None:
        """Raises ClientDisconnect if the client has left."""
        if self._left:
            raise ClientDisconnect

    def _start(self, deadline: asyncio.Timeout) -> None:
        self._task = asyncio.create_task(self._look(deadline))

    async def _look(self, deadline: asyncio.Timeout) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left = True
        if not deadline.expired():
            deadline.reschedule(asyncio.get_running_loop().time())
