"""The connections that repositories have: each runs a statement and gives its rows."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

import asyncpg
from sqlalchemy import Executable, PoolProxiedConnection, Row
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.util import greenlet_spawn

from db.engine import checkout
from db.errors import CONNECTION_ENDED, driver_error, translate_errors
from db.pool import Gate

_DIALECT = PGDialect_asyncpg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class Record(asyncpg.Record):  # type: ignore[misc]
    """The driver's row, whose columns can be had by their names as those of SQLAlchemy's rows can."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


AnyRow = Row[*tuple[Any, ...]] | Record


class Connection(Protocol):
    """Not safe for use in concurrent tasks."""

    async def rows(self, statement: Executable, values: Mapping[str, Any]) -> Sequence[AnyRow]:
        """The rows of one statement with these parameters. Raises the domain's errors, not the driver's."""


class SessionConnection:
    """A session's, in its transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def rows(self, statement: Executable, values: Mapping[str, Any]) -> Sequence[AnyRow]:
        began = self._session.in_transaction()
        with translate_errors():
            try:
                return (await self._session.execute(statement, values)).all()
            except DBAPIError as error:
                if began or not isinstance(driver_error(error), CONNECTION_ENDED):
                    raise
                await self._session.invalidate()
                return (await self._session.execute(statement, values)).all()


class AutocommitConnection:
    """One of the pool's, while the block lasts. Each statement is a transaction of its own.

    Statements go to the driver in their text, which is made once, and its rows come back as they are: all that SQLAlchemy
    does for one statement costs three times as much as the driver does. So statements must be few: built when a module is
    imported, or kept by what they are made of.
    """

    def __init__(self, gate: Gate) -> None:
        self.engine = gate.engine
        self._gate = gate

    async def __aenter__(self) -> Self:
        self._use(await self._gate.take())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._pooled is not None and not self._broken:
            self._gate.give(self._pooled)
            return
        try:
            await self._invalidate()
        finally:
            self._gate.leave()

    async def rows(self, statement: Executable, values: Mapping[str, Any]) -> Sequence[AnyRow]:
        text, arguments = driver_statement(statement).filled(values)
        with translate_errors():
            try:
                return await self._fetch(text, arguments)
            except CONNECTION_ENDED as error:
                if (
                    type(error) is not CONNECTION_ENDED
                ):  # its kinds can be met after sending, when a write may have happened
                    raise
                await self._invalidate()
                self._use(await checkout(self.engine))
                return await self._fetch(text, arguments)

    def _use(self, pooled: PoolProxiedConnection) -> None:
        self._pooled: PoolProxiedConnection | None = pooled
        self._driver: Any = pooled.driver_connection
        self._broken = False

    async def _invalidate(self) -> None:
        pooled, self._pooled = self._pooled, None
        if pooled is not None:
            await greenlet_spawn(pooled.invalidate)

    async def _fetch(self, text: str, arguments: list[Any]) -> list[Record]:
        try:
            return await self._driver.fetch(text, *arguments, record_class=Record)  # type: ignore[no-any-return]
        except (asyncpg.PostgresError, asyncpg.InterfaceError):
            raise
        except BaseException:  # cancelled or timed out: the statement may still be running
            self._broken = True
            raise


class DriverStatement(NamedTuple):
    """A statement as the driver takes it: a text with `$1`, `$2`, ..., and which parameters these are."""

    text: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    """The values that the statement brings itself."""

    def filled(self, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
        fixed = self.fixed
        return self.text, [fixed[name] if name in fixed else values[name] for name in self.names]


@lru_cache(maxsize=1_000)
def driver_statement(statement: Executable) -> DriverStatement:
    compiled = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
    required = {name for name, bind in compiled.binds.items() if bind.required}
    fixed = {name: value for name, value in compiled.params.items() if name not in required}
    return DriverStatement(compiled.string, tuple(compiled.positiontup), fixed)
