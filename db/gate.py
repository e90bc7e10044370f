"""The way to the pool's connections, one after the other.

The pool lets those who come overtake those who wait, some of them for seconds; and to wait in it costs as much as a statement.
"""

import asyncio

from sqlalchemy import QueuePool
from sqlalchemy.ext.asyncio import AsyncEngine

from db.errors import TOO_MANY_REQUESTS
from domain.errors import ServiceUnavailable


class Gate:
    """As many places as the pool of an engine has connections."""

    def __init__(self, engine: AsyncEngine) -> None:
        pool = engine.pool
        assert isinstance(pool, QueuePool)
        self._places = asyncio.Semaphore(pool.size())
        self._timeout = pool.timeout()

    async def enter(self) -> None:
        """Wait for a place, which must be given back. Raises ServiceUnavailable if none becomes free in time."""
        if not self._places.locked():
            await self._places.acquire()  # at once
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._places.acquire()
        except TimeoutError as error:
            raise ServiceUnavailable(TOO_MANY_REQUESTS) from error

    def leave(self) -> None:
        self._places.release()
