"""The pool: the one policy of connections, for reads, writes and units of work alike.

- At most `size` connections are open. Whoever finds none free waits in turn: the first to come is the first served.
- `timeout` bounds the whole wait, the opening of a new connection included.
- A connection that the server has closed is replaced when it is acquired: the driver knows, and that costs nothing. Nobody
  tells of a server that was cut off, so a connection that was idle for `IDLE_BEFORE_PING_SECONDS` is asked first.
- A connection is thrown away when its statement was cancelled or timed out, as the statement may still be running.
- A connection that proved useless (read-only after a failover, or silent) is thrown away with all that were opened before it.
- A pooler before the database may make a transaction wait for a server: that wait counts as the wait for a connection.
"""

import asyncio
import contextlib
import time

import asyncpg

from db.driver import ConnectionSettings, DriverConnection
from db.errors import TOO_MANY_REQUESTS, translate_errors
from domain.errors import ServiceUnavailable

IDLE_BEFORE_PING_SECONDS = 5.0
PING_TIMEOUT_SECONDS = 2.0
CLOSE_TIMEOUT_SECONDS = 2.0
"""The time in which the server must end a cancelled statement and close its connection."""


class ConnectionPool:
    """Lends each connection to one user at a time. Safe to share between tasks; the connections are not."""

    def __init__(self, settings: ConnectionSettings, *, size: int, timeout: float) -> None:
        """`timeout` is in seconds. Nothing is connected yet."""
        self._size = size
        self._settings = settings
        self._timeout = timeout
        self._slots = asyncio.Semaphore(size)  # it serves those who wait in turn
        self._idle: list[
            DriverConnection
        ] = []  # the last one released is acquired first: the others may be closed by a proxy
        self._closing: set[asyncio.Task[None]] = set()
        self._expired_at = 0.0
        self._acquired = 0

    def size(self) -> int:
        """Returns how many connections may be open."""
        return self._size

    def checkedout(self) -> int:
        """Returns how many connections are in use."""
        return self._acquired

    def checkedin(self) -> int:
        """Returns how many connections are idle."""
        return len(self._idle)

    async def acquire(self) -> DriverConnection:
        """Waits for a connection, to be given to `release` or `discard`. Raises ServiceUnavailable."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        if self._slots.locked():
            try:
                async with asyncio.timeout_at(deadline):
                    await self._slots.acquire()
            except TimeoutError as error:
                raise ServiceUnavailable(TOO_MANY_REQUESTS) from error
        else:
            await self._slots.acquire()  # returns at once
        try:
            connection = self._pop_recent() or await self._check_or_open(deadline)
        except BaseException:
            self._slots.release()
            raise
        self._acquired += 1
        connection.acquire_deadline = deadline
        return connection

    def release(self, connection: DriverConnection) -> None:
        """Takes back a connection on which no transaction is open."""
        self._acquired -= 1
        if connection.opened_at <= self._expired_at:
            connection.terminate()
        elif not connection.is_closed():
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
        self._slots.release()

    def discard(self, connection: DriverConnection) -> None:
        """Throws away a connection, whose statement or transaction may still be open; the server ends it with the connection.

        This does not wait. Another connection can be opened once this one is closed, after `CLOSE_TIMEOUT_SECONDS` at most.
        """
        self._acquired -= 1
        if connection.is_closed():
            self._slots.release()
            return
        task = asyncio.get_running_loop().create_task(self._close(connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def expire(self, connection: DriverConnection) -> None:
        """Throws away all that were opened up to this one: idle ones now, those in use when they are released."""
        self._expired_at = max(self._expired_at, connection.opened_at)
        idle, self._idle = self._idle, []
        for each in idle:
            if each.opened_at <= self._expired_at:
                each.terminate()
            else:
                self._idle.append(each)

    async def close(self) -> None:
        """Closes the connections: idle ones now, those in use when they are released. The pool can still be used."""
        self._expired_at = time.monotonic()
        idle, self._idle = self._idle, []
        closing = [asyncio.create_task(_close(connection)) for connection in idle]
        await asyncio.gather(*closing, *self._closing)

    def _pop_recent(self) -> DriverConnection | None:
        """Returns an idle connection that needs no check, if there is one."""
        while self._idle:
            connection = self._idle[-1]
            if connection.is_closed():
                self._idle.pop()
            elif time.monotonic() - connection.idle_since < IDLE_BEFORE_PING_SECONDS:
                return self._idle.pop()
            else:
                return None  # those below it have been idle for longer
        return None

    async def _check_or_open(self, deadline: float) -> DriverConnection:
        with translate_errors():
            async with asyncio.timeout_at(deadline):
                while self._idle:
                    connection = self._idle.pop()
                    if await self._answers(connection):
                        return connection
                return await self._settings.connect()

    async def _answers(self, connection: DriverConnection) -> bool:
        try:
            await connection.execute("SELECT 1", timeout=PING_TIMEOUT_SECONDS)
        except BaseException as error:
            connection.terminate()
            if not isinstance(
                error, (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
            ):
                raise
            self.expire(connection)
            return False
        return True

    async def _close(self, connection: DriverConnection) -> None:
        try:
            await _close(connection)
        finally:
            self._slots.release()


async def _close(connection: DriverConnection) -> None:
    """Closes a connection, once its cancelled statement has ended; a server that does not answer is not waited for."""
    try:
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await connection.close()
    finally:
        connection.terminate()
