"""The pool: the one policy of connections, for reads, writes and units of work alike.

- At most `size` connections are open. Whoever finds none free waits in turn: the first to come is the first served, with the
  connection that is released next, which stays in use meanwhile.
- `timeout` bounds the whole wait, the opening of a new connection included.
- A connection that the server has closed is replaced when it is acquired: the driver knows, and that costs nothing. Nobody
  tells of a server that was cut off, so a connection that was idle for `IDLE_BEFORE_PING_SECONDS` is asked first.
- A connection is thrown away when its statement was cancelled or timed out, as the statement may still be running.
- A connection that proved useless (read-only after a failover, or silent) is thrown away with all that were opened before it.
- If the schema has changed, all connections prepare their statements anew, as a stale one fails the transaction it is in.
- A statement that waits long while no other connection is free may wait for an answer that was lost with the network. The
  server is asked whether it runs; if not, its connection is closed, so that its user need not wait for the timeout.
- A statement that has no answer when PostgreSQL should have ended it is given up: its connection is closed, and all that were
  opened before it. One timer looks after all statements; behind a pooler, the driver sets one for each.
- A pooler before the database may make a transaction wait for a server: that wait counts as the wait for a connection.
"""

import asyncio
import contextlib
import time

import asyncpg

from db.connection_queue import ConnectionQueue, Turn
from db.driver import ConnectionSettings, DriverConnection
from db.errors import DRIVER_ERRORS, TOO_MANY_REQUESTS, translate_errors
from db.statistics import Histogram
from domain.errors import ServiceUnavailable

IDLE_BEFORE_PING_SECONDS = 5.0
RUNNING_BEFORE_CHECK_SECONDS = 3.0
"""The time after which the server is asked whether it runs a statement."""
TIME_BETWEEN_CHECKS_SECONDS = 0.5
PING_TIMEOUT_SECONDS = 2.0
TIME_BETWEEN_LOOKS_SECONDS = 0.5
"""The time between two looks for statements that have no answer."""
CLOSE_TIMEOUT_SECONDS = 2.0
"""The time in which the server must end a cancelled statement and close its connection."""


_RUNNING = "SELECT pid FROM pg_stat_activity WHERE pid = ANY($1::int[]) AND state <> 'idle'"


class ConnectionPool:
    """Lends each connection to one user at a time. Safe to share between tasks; the connections are not."""

    def __init__(self, settings: ConnectionSettings, *, size: int, timeout: float) -> None:
        """`timeout` is in seconds. Nothing is connected yet."""
        self.settings = settings
        self._size = size
        self._timeout = timeout
        self._free = size
        """The number of connections that may be used beside those that are. Nobody waits while there is one."""
        self._queue = ConnectionQueue()
        self._idle: list[DriverConnection] = []
        """The last one released is acquired first: the others may be closed by a proxy."""
        self._in_use: set[DriverConnection] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._check: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._expired_at = 0.0
        self.waits = Histogram()
        """The time until each user of a connection had it."""
        self.timeouts = 0
        """The number of users that have waited in vain."""

    def size(self) -> int:
        """Returns how many connections may be open."""
        return self._size

    def checkedout(self) -> int:
        """Returns how many connections are in use."""
        return len(self._in_use)

    def checkedin(self) -> int:
        """Returns how many connections are idle."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """Returns how many users wait because no connection is free."""
        return len(self._queue)

    def acquire_idle(self) -> DriverConnection | None:
        """Does what `acquire` does where nobody need wait, and no connection be opened or asked; returns None otherwise."""
        if not self._idle or not self._free:
            return None
        connection = self._idle[-1]
        if time.monotonic() - connection.idle_since >= IDLE_BEFORE_PING_SECONDS or connection.is_closed():
            return None
        self._free -= 1
        self._idle.pop()
        self.waits.buckets[0] += 1
        self._in_use.add(connection)
        if connection.is_pooled:
            connection.acquire_deadline = asyncio.get_running_loop().time() + self._timeout
        if self._timer is None:
            self._look_later()
        return connection

    async def acquire(self) -> DriverConnection:
        """Waits for a connection, to be given to `release` or `discard`. Raises ServiceUnavailable."""
        loop = asyncio.get_running_loop()
        deadline = (began := loop.time()) + self._timeout
        connection: DriverConnection | None = None
        if self._free:
            self._free -= 1
        else:
            turn = self._queue.join(deadline, loop)
            try:
                connection = await turn
            except BaseException as error:
                self._leave_queue(deadline, turn, error)
                raise
        if connection is not None and connection.is_closed():  # since it was released
            self._in_use.discard(connection)
            connection = None
        if connection is None:
            try:
                connection = self._pop_recent() or await self._check_or_open(deadline)
            except BaseException:
                self._free_one()
                raise
            self._in_use.add(connection)
        if self._timer is None:
            self._look_later()
        self.waits.observe(loop.time() - began)
        connection.acquire_deadline = deadline
        return connection

    def _leave_queue(self, deadline: float, turn: Turn, error: BaseException) -> None:
        """Waits no more. Raises ServiceUnavailable if that is because the time is over."""
        if isinstance(error, TimeoutError):
            self.timeouts += 1
            raise ServiceUnavailable(TOO_MANY_REQUESTS) from error
        self._queue.leave(deadline, turn)
        if turn.done() and not turn.cancelled() and turn.exception() is None:  # it came at the same time
            if connection := turn.result():
                self.release(connection)
            else:
                self._free_one()

    def _free_one(self) -> None:
        if not self._queue.serve():
            self._free += 1

    def release(self, connection: DriverConnection) -> None:
        """Takes back a connection on which no transaction is open. If others wait, the first of them has it at once."""
        is_expired = connection.opened_at <= self._expired_at
        if not is_expired and self._queue.serve(connection):
            return
        self._in_use.discard(connection)
        if is_expired:
            connection.terminate()
        else:
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
        self._free_one()

    def discard(self, connection: DriverConnection) -> None:
        """Throws away a connection, whose statement or transaction may still be open; the server ends it with the connection.

        This does not wait. Another connection can be opened once this one is closed, after `CLOSE_TIMEOUT_SECONDS` at most.
        """
        self._in_use.discard(connection)
        if connection.is_closed():
            self._free_one()
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

    def forget_statements(self) -> None:
        """Has all statements prepared anew, on all connections."""
        for connection in (*self._idle, *self._in_use):
            connection.forget_statements()

    def terminate(self) -> None:
        """Closes all connections at once, also those in use, whose statements fail. The pool can still be used."""
        self._expired_at = time.monotonic()
        for connection in (*self._idle, *self._in_use):
            connection.terminate()
        self._idle.clear()

    async def close(self) -> None:
        """Closes the connections: idle ones now, those in use when they are released. The pool can still be used."""
        self._expired_at = time.monotonic()
        idle, self._idle = self._idle, []
        closing = [asyncio.create_task(_close(connection)) for connection in idle]
        if self._check is not None:
            self._check.cancel()
        if self._timer is not None and not self._in_use:  # else it still has statements to look after
            self._timer.cancel()
            self._timer = None
        self._queue.close()
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
        self._check_running()
        with translate_errors():
            async with asyncio.timeout_at(deadline):
                while self._idle:
                    connection = self._idle.pop()
                    if await self._answers(connection):
                        return connection
                return await self.settings.connect()

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

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TIME_BETWEEN_LOOKS_SECONDS, self._look)

    def _look(self) -> None:
        """Gives up the statements that have no answer, and asks for those whose answers may be lost while others wait.

        This goes on as long as a connection is in use.
        """
        self._timer = None
        for connection in self._waiting_longer_than(self.settings.answer_timeout):
            self.expire(connection)
            connection.terminate()
        if self._queue:
            self._check_running()
        if self._in_use:
            self._look_later()

    def _check_running(self) -> None:
        """Starts to look for statements whose answers were lost, if some wait long and that is not done already."""
        if self._waiting_longer_than(RUNNING_BEFORE_CHECK_SECONDS) and (self._check is None or self._check.done()):
            self._check = asyncio.get_running_loop().create_task(self._end_unanswered())

    def _waiting_longer_than(self, seconds: float) -> dict[DriverConnection, float]:
        """Returns the connections whose statements have been waiting for longer, and since when.

        Not those of a pooler, which hides the server's: the driver sets a timer for each of their statements.
        """
        latest = time.monotonic() - seconds
        return {
            connection: connection.running_since
            for connection in self._in_use
            if connection.running_since is not None and connection.running_since < latest and not connection.is_pooled
        }

    async def _end_unanswered(self) -> None:
        """Closes the connections on which the server runs nothing though a statement waits, on two looks at them."""
        suspected = self._waiting_longer_than(RUNNING_BEFORE_CHECK_SECONDS)
        with contextlib.suppress(*DRIVER_ERRORS):  # the database does not answer: nothing is known
            observer = await self.settings.connect()
            try:
                for _ in range(2):
                    running = await observer.fetch(_RUNNING, [each.get_server_pid() for each in suspected])
                    pids = {row["pid"] for row in running}
                    await asyncio.sleep(TIME_BETWEEN_CHECKS_SECONDS)  # an answer may be on its way
                    waiting = self._waiting_longer_than(RUNNING_BEFORE_CHECK_SECONDS)
                    suspected = {
                        each: since
                        for each, since in suspected.items()
                        if each.get_server_pid() not in pids and waiting.get(each) == since
                    }
            finally:
                observer.terminate()
            for connection in suspected:
                connection.terminate()

    async def _close(self, connection: DriverConnection) -> None:
        try:
            await _close(connection)
        finally:
            self._free_one()


async def _close(connection: DriverConnection) -> None:
    """Closes a connection, once its cancelled statement has ended; a server that does not answer is not waited for."""
    try:
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await connection.close()
    finally:
        connection.terminate()
