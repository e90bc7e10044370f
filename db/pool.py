"""The way to the pool's connections, one after the other."""

import asyncio
import time

from sqlalchemy import PoolProxiedConnection, QueuePool
from sqlalchemy.ext.asyncio import AsyncEngine

from db.engine import TRUSTED, checkout
from db.errors import TOO_MANY_REQUESTS, translate_errors
from domain.errors import ServiceUnavailable


class Gate:
    """As many places as the pool of an engine has connections, given in turn.

    The pool itself lets those who come overtake those who wait, some of them for seconds. It also takes half as long as a small
    statement: a reader's connection goes to the next reader at once, and back to the pool when nobody is inside, or when a unit
    of work comes, which takes its connection from there.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        pool = engine.pool
        assert isinstance(pool, QueuePool)
        self.engine = engine
        self._timeout = pool.timeout()
        self._places = asyncio.Semaphore(pool.size())
        self._inside = 0
        self._ready: list[tuple[PoolProxiedConnection, float]] = []
        """And since when."""

    @property
    def ready(self) -> int:
        """Connections that are out of the pool, and in nobody's use."""
        return len(self._ready)

    async def enter(self) -> None:
        """Wait for a place, to be left, of one who takes a connection from the pool. Raises ServiceUnavailable."""
        await self._admitted()
        if self._ready:
            self._ready.pop(0)[0].close()

    def leave(self) -> None:
        self._inside -= 1
        if not self._inside:
            for pooled, _ in self._ready:
                pooled.close()
            self._ready.clear()
        self._places.release()

    async def take(self) -> PoolProxiedConnection:
        """Wait for a place, and a connection, to be given back or invalidated. Raises ServiceUnavailable."""
        await self._admitted()
        try:
            with translate_errors():
                return self._readiest() or await checkout(self.engine)
        except BaseException:
            self.leave()
            raise

    def give(self, pooled: PoolProxiedConnection) -> None:
        """Leave the place, and the connection to the next reader. No transaction may be open."""
        self._ready.append((pooled, time.monotonic()))
        self.leave()

    def _readiest(self) -> PoolProxiedConnection | None:
        while self._ready:
            pooled, since = self._ready.pop()
            driver = pooled.driver_connection
            assert driver is not None
            if time.monotonic() - since < TRUSTED and not driver.is_closed():
                return pooled
            pooled.close()  # the pool finds out about it
        return None

    async def _admitted(self) -> None:
        if not self._places.locked():
            await self._places.acquire()  # at once
        else:
            try:
                async with asyncio.timeout(self._timeout):
                    await self._places.acquire()
            except TimeoutError as error:
                raise ServiceUnavailable(TOO_MANY_REQUESTS) from error
        self._inside += 1
