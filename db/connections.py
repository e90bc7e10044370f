"""The connections that repositories run their statements on: in autocommit, or in a transaction."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import asyncpg
from sqlalchemy import Executable

from db.compiled_statements import DriverStatement, driver_statement
from db.driver import DriverConnection, Record
from db.errors import WRONG_SCHEMA, connection_has_ended, translate_errors
from db.pool import ConnectionPool
from domain.errors import ServiceUnavailable

T = TypeVar("T")

MIN_REPLACED_AGE_SECONDS = 1.0
"""The age from which a read-only connection is replaced: where all are read-only, new ones are not opened all the time."""


class Connection(Protocol):
    """Runs statements: on one connection, which concurrent tasks must not use at once, or on whichever of a pool is free."""

    async def rows(self, statement: Executable, values: Mapping[str, Any]) -> Sequence[Record]:
        """Runs one statement with these parameters and returns its rows. Raises the domain's errors, not the driver's."""

    async def rows_after(self, lock: Executable, statement: Executable, values: Mapping[str, Any]) -> Sequence[Record]:
        """Runs two statements with these parameters in one transaction, and returns the rows of the second.

        The second sees all that was committed before the first got its lock. Raises as `rows` does.
        """


class PooledConnection:
    """Holds a connection of the pool while the block lasts."""

    def __init__(self, pool: ConnectionPool, driver: DriverConnection | None = None) -> None:
        """`driver` is a connection that was acquired already."""
        self.pool = pool
        self._driver = driver
        self._is_interrupted = False

    async def __aenter__(self) -> Self:
        if self._driver is None:
            self._driver = self.pool.acquire_idle() or await self.pool.acquire()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        driver, self._driver = self._driver, None
        if driver is None:
            return
        if self._is_interrupted or driver.is_closed():
            self.pool.discard(driver)
        else:
            self.pool.release(driver)

    def expire(self) -> None:
        """Has the connection closed after the block, and with it all that were opened before it."""
        assert self._driver is not None, "the block has been left"
        self.pool.expire(self._driver)

    async def _run(self, use: Callable[[DriverConnection], Awaitable[T]]) -> T:
        """Uses the connection, and finds out by the errors whether it is good for anything else."""
        driver = self._in_use()
        driver.running_since = time.monotonic()
        try:
            return await use(driver)
        except BaseException as error:
            self._judge(driver, error)
            raise
        finally:
            driver.running_since = None

    def _in_use(self) -> DriverConnection:
        assert self._driver is not None, "the block has been left"
        return self._driver

    def _judge(self, driver: DriverConnection, error: BaseException) -> None:
        """Finds out by an error what the connection is good for."""
        if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
            if _is_replaceable(driver):  # after a failover: a new connection leads to the new primary
                self.pool.expire(driver)
        elif isinstance(error, WRONG_SCHEMA):
            self.pool.forget_statements()
        elif isinstance(error, TimeoutError):  # of the driver: the server should have ended the statement before
            self._is_interrupted = True
            if not driver.is_pooled:  # a pooler may have had no server for it
                self.pool.expire(driver)
        elif not isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
            self._is_interrupted = True  # cancelled or timed out: the statement may still be running

    async def run_first(self, use: Callable[[DriverConnection], Awaitable[T]]) -> T:
        """Runs the first statement of a transaction, and once more if that may be of use."""
        if self._in_use().is_closed():  # since it was acquired
            await self._replace()
        try:
            return await self._run(use)
        except Exception as error:
            await self._prepare_to_run_again(error)
        return await self._run(use)

    async def run_after(self, error: BaseException, use: Callable[[DriverConnection], Awaitable[T]]) -> T:
        """Runs the first statement of a transaction once more after its error, if that may be of use, or raises the error."""
        driver = self._in_use()
        driver.running_since = None
        self._judge(driver, error)
        await self._prepare_to_run_again(error)
        return await self._run(use)

    async def _prepare_to_run_again(self, error: BaseException) -> None:
        """Raises the error of a first statement unless it may be of use to run it again: if nothing was done.

        That is on another connection if nothing could be sent, or if the server was found to be read-only.
        """
        ended = self._in_use()
        if isinstance(error, asyncpg.InvalidCachedStatementError):  # the schema has changed, and it is prepared anew
            return
        if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
            is_of_use = _is_replaceable(ended)
        else:
            is_of_use = connection_has_ended(error)
        if not is_of_use:
            raise error
        await self._replace()

    async def _replace(self) -> None:
        """Acquires another connection in the place of one that has ended."""
        ended = self._in_use()
        self._driver = None
        ended.terminate()
        self.pool.expire(ended)
        self.pool.release(ended)
        self._driver = await self.pool.acquire()
        self._is_interrupted = False


async def _counted(statement: DriverStatement, running: Awaitable[Sequence[Record]]) -> Sequence[Record]:
    """Returns the rows of a statement that is running, and counts it once they are there."""
    started = time.monotonic()
    rows = await running
    statement.note_run(rows, time.monotonic() - started)
    return rows


async def _last(running: Awaitable[Sequence[Sequence[Record]]]) -> Sequence[Record]:
    return (await running)[-1]


def _is_replaceable(connection: DriverConnection) -> bool:
    return time.monotonic() - connection.opened_at > MIN_REPLACED_AGE_SECONDS


class AutocommitConnection:
    """Each statement is a transaction of its own, on a connection of the pool that it has for itself meanwhile.

    So this is safe for use in concurrent tasks, and holds nothing.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self.pool = pool

    async def rows(self, statement: Executable, values: Mapping[str, Any]) -> Sequence[Record]:
        compiled = driver_statement(statement)
        arguments = compiled.arguments(values)
        pool = self.pool
        driver = pool.acquire_idle() or await pool.acquire()
        driver.running_since = started = time.monotonic()
        try:  # nearly all statements come here: each call between takes some time
            rows = await driver.fetch_alone(compiled.text, arguments)
        except BaseException as error:
            async with PooledConnection(pool, driver) as connection:
                with translate_errors():
                    rows = await connection.run_after(
                        error, lambda driver: driver.fetch_alone(compiled.text, arguments)
                    )
        else:
            driver.running_since = None
            pool.release(driver)
        compiled.note_run(rows, time.monotonic() - started)
        return rows

    async def rows_after(self, lock: Executable, statement: Executable, values: Mapping[str, Any]) -> Sequence[Record]:
        compiled = [driver_statement(each) for each in (lock, statement)]
        statements = [(each.text, each.arguments(values)) for each in compiled]
        async with PooledConnection(self.pool) as connection:
            with translate_errors():
                running = connection.run_first(lambda driver: driver.fetch_in_transaction(statements))
                return await _counted(compiled[-1], _last(running))


class Session(PooledConnection):
    """A transaction, which begins with its first statement. Leaving the block without a commit rolls it back."""

    _is_open = False

    async def rows(self, statement: Executable, values: Mapping[str, Any]) -> Sequence[Record]:
        compiled = driver_statement(statement)
        arguments = compiled.arguments(values)
        with translate_errors():
            await self._begin()
            return await _counted(compiled, self._run(lambda driver: driver.fetch(compiled.text, *arguments)))

    async def rows_after(self, lock: Executable, statement: Executable, values: Mapping[str, Any]) -> Sequence[Record]:
        await self.rows(lock, values)
        return await self.rows(statement, values)

    async def stream(
        self, statement: Executable, values: Mapping[str, Any], size: int
    ) -> AsyncGenerator[Sequence[Record], None]:
        """Yields the rows of one statement in parts of `size`, all as of the moment at which it began."""
        compiled = driver_statement(statement)
        arguments = compiled.arguments(values)
        with translate_errors():
            await self._begin()
            fetch = await self._run(lambda driver: driver.open_cursor(compiled.text, arguments))
        while True:
            with translate_errors():
                rows: Sequence[Record] = await _counted(compiled, self._run(lambda _: fetch(size)))
            if rows:
                yield rows
            if len(rows) < size:
                return

    async def _begin(self) -> None:
        if not self._is_open:
            await self.run_first(lambda driver: driver.begin())
            self._is_open = True

    async def commit(self) -> None:
        if self._is_open:
            self._is_open = False
            with translate_errors():
                status = await self._run(lambda driver: driver.execute("COMMIT"))
            assert status == "COMMIT", "a statement had failed, so the transaction was rolled back"

    async def rollback(self) -> None:
        if self._is_open:
            self._is_open = False
            with translate_errors():
                await self._run(lambda driver: driver.execute("ROLLBACK"))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if not self._is_interrupted:
                await self.rollback()
        except ServiceUnavailable:  # the connection is lost, and the transaction with it
            self._is_interrupted = True
        finally:
            await super().__aexit__(kind, error, traceback)
