"""Connections of the driver, asyncpg, with the settings that everything here relies on."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import asyncpg
import asyncpg.protocol.protocol
import orjson
from asyncpg.protocol import NO_TIMEOUT
from sqlalchemy import URL

from db.connection_url import ConnectionUrl
from db.wal_positions import StandbyPosition

logger = logging.getLogger("rapporteur.database")

MIN_BEGIN_TIMEOUT_SECONDS = 1.0
"""The time that a pooler has at least to find a server for a transaction."""


_CURSOR_NUMBERS = itertools.count(1)
_OF_ONE_HOST = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.TargetServerAttributeNotMatched,
)
"""Errors after which another host may take the connection."""


query_loggers: list[Callable[[Any], None]] = []
"""Functions that are told of each statement on connections that are opened from now on (`Connection.add_query_logger`)."""


# The driver asks whether each element of an array is an array itself, and asks abstract classes, which takes it five times as
# long as to encode the elements. Here only lists and tuples are arrays.
for _abstract_class in ("IterableABC", "SizedABC"):
    setattr(asyncpg.protocol.protocol, _abstract_class, (list, tuple))


class Record(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes, too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class DriverConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection, with what `db.pool` judges it by: times of the monotonic clock, in seconds.

    Behind a pooler each transaction may run on another connection of the server, which others use before and after it. So
    nothing is left on it, neither settings nor prepared statements, and every statement runs in a transaction, which begins
    with the settings that other connections are opened with.
    """

    __slots__ = ("_begin", "acquire_deadline", "idle_since", "is_pooled", "opened_at", "running_since", "standby")
    idle_since: float
    opened_at: float
    running_since: float | None
    """The time since which an answer is awaited, or None if none is."""
    acquire_deadline: float
    """The time until which the user of the connection would have waited for it, by the clock of the event loop."""
    is_pooled: bool
    """A pooler stands between this connection and the server."""
    standby: StandbyPosition | None
    """The standby that is read on this connection, and how far it had got when it was last asked."""
    _begin: str

    def get_settings(self) -> Any:
        """Returns what the driver chooses among hosts by, but not `in_hot_standby`: so it asks whether the server is a standby.

        A pooler goes on telling what the server was when the pooler first connected to it, also if it was promoted since.
        """
        name = "default_transaction_read_only"
        return SimpleNamespace(**{name: getattr(super().get_settings(), name, "off")})

    async def begin(self) -> None:
        """Begins a transaction. A pooler must find a server for it in the time that was given for a connection."""
        if not self.is_pooled:
            await self.execute("BEGIN")
            return
        timeout = max(self.acquire_deadline - asyncio.get_running_loop().time(), MIN_BEGIN_TIMEOUT_SECONDS)
        await self.execute(self._begin, timeout=timeout)

    async def fetch_in_transaction(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[Sequence[Record]]:
        """Runs statements with their arguments in one transaction, and returns the rows of each."""
        await self.begin()
        rows = []
        try:
            for text, arguments in statements:
                self.running_since = time.monotonic()
                rows.append(await self.fetch(text, *arguments))
        except (asyncpg.PostgresError, asyncpg.InterfaceError):
            with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
                await self.execute("ROLLBACK")
            raise
        self.running_since = time.monotonic()
        await self.execute("COMMIT")
        return rows

    def fetch_alone(self, text: str, arguments: Sequence[Any]) -> Awaitable[Sequence[Record]]:
        """Runs one statement, which is a transaction of its own, and returns its rows.

        One that is prepared already is given to the driver's protocol at once: the driver's own way there takes as long as the
        protocol does. If the schema has changed since, it raises InvalidCachedStatementError, and nothing was done: after
        `forget_statements` it can be run again. No timer is set for it, as that takes longer than to send it: whoever waits for
        it must bound the time.
        """
        if self.is_pooled:
            return self._fetch_alone_in_transaction(text, arguments)
        statement = self._stmt_cache.get((text, Record, False))
        if statement is None or self._query_loggers:
            running: Awaitable[Sequence[Record]] = self.fetch(text, *arguments)
        else:
            running = self._protocol.bind_execute(statement, arguments, "", 0, False, NO_TIMEOUT)
        return running

    async def _fetch_alone_in_transaction(self, text: str, arguments: Sequence[Any]) -> Sequence[Record]:
        (found,) = await self.fetch_in_transaction([(text, arguments)])
        return found

    def forget_statements(self) -> None:
        """Has all statements prepared anew."""
        self._drop_local_statement_cache()

    async def open_cursor(self, text: str, arguments: Sequence[Any]) -> Callable[[int], Awaitable[Sequence[Record]]]:
        """Opens a cursor in the transaction, and returns the function that fetches its next rows, as many as it is told."""
        if not self.is_pooled:
            cursor = await self.cursor(text, *arguments)
            fetch: Callable[[int], Awaitable[Sequence[Record]]] = cursor.fetch
            return fetch
        name = f"rows_{next(_CURSOR_NUMBERS)}"  # until the transaction ends; the driver's own have prepared statements
        await self.fetch(f"DECLARE {name} NO SCROLL CURSOR FOR {text}", *arguments)
        return lambda count: self.fetch(f"FETCH {count} FROM {name}")


@dataclass
class ConnectionSettings:
    """Says where the database is and how long its answers may take (all times in seconds)."""

    url: str | URL
    connect_timeout: float
    statement_timeout: float
    pooler: bool | None = None
    """A pooler stands before the database; None if that is to be found out."""
    read_only: bool = False
    """The database is only read, so that it may be a standby."""
    _url: ConnectionUrl = field(init=False)
    _last_host: int = 0
    """The position of the host that took the last connection."""

    def __post_init__(self) -> None:
        """Reads the URL. Raises DatabaseUnusable if it cannot be understood."""
        self._url = ConnectionUrl.parse(_text(self.url), read_only=self.read_only)
        if self.pooler is None:
            self.pooler = self._url.pooler
        self.connect_timeout = self._url.connect_timeout or self.connect_timeout

    @property
    def answer_timeout(self) -> float:
        """The time after which a statement has no answer: PostgreSQL should have ended it before."""
        return self.statement_timeout + self.connect_timeout

    async def connect(self) -> DriverConnection:
        """Opens a connection. Raises the driver's errors, and TimeoutError after `connect_timeout`.

        PostgreSQL ends a statement after `statement_timeout` (a little later the driver or the pool does, if it cannot be
        reached), and checks each second that its client is still there, so that a cancelled request leaves nothing running.

        Of several hosts each has its share of the time, as one that is cut off would use up all of it.
        """
        attempts = self._url.attempts()
        first = self._last_host if self._url.leads_to_primary and not self._url.is_balanced else 0
        async with asyncio.timeout(self.connect_timeout):
            for number in range(len(attempts)):
                host = (first + number) % len(attempts)
                is_last = number == len(attempts) - 1
                try:
                    async with asyncio.timeout(None if is_last else self.connect_timeout / len(attempts)):
                        connection = await self._connect_to(attempts[host])
                except _OF_ONE_HOST:
                    if is_last:
                        raise
                else:
                    self._last_host = host
                    return connection
        raise AssertionError("there is always an attempt")

    async def _connect_to(self, arguments: dict[str, Any]) -> DriverConnection:
        if not self.pooler:
            try:
                connection = await self._open(arguments, is_pooled=False)
            except (asyncpg.ProtocolViolationError, asyncpg.FeatureNotSupportedError) as error:
                if self.pooler is False or "startup parameter" not in str(error):
                    raise
            else:
                if self.pooler is False or await _is_direct(connection):
                    return connection
                connection.terminate()
            logger.info("a pooler stands before the database: nothing is left on its connections")
            self.pooler = True
        return await self._open(arguments, is_pooled=True)

    async def _open(self, arguments: dict[str, Any], *, is_pooled: bool) -> DriverConnection:
        settings = {
            "statement_timeout": _milliseconds(self.statement_timeout),
            "idle_in_transaction_session_timeout": _milliseconds(self.statement_timeout),
            "client_connection_check_interval": "1000",
            "jit": "off",  # compiling takes longer than any statement here runs
        }
        connection: DriverConnection = await asyncpg.connect(
            **arguments,
            timeout=None,
            command_timeout=self.answer_timeout,
            connection_class=DriverConnection,
            record_class=Record,
            statement_cache_size=0 if is_pooled else 100,
            server_settings={"timezone": "UTC"} | ({} if is_pooled else settings),
        )
        for query_logger in query_loggers:
            connection.add_query_logger(query_logger)
        connection.is_pooled = is_pooled
        connection._begin = "; ".join(["BEGIN", *(f"SET LOCAL {name} = '{value}'" for name, value in settings.items())])
        # The driver would switch jit off and on again while it reads types, on whichever connections a pooler chooses.
        connection._server_caps = connection._server_caps._replace(jit=False)
        try:
            for name in ("json", "jsonb"):
                await connection.set_type_codec(name, schema="pg_catalog", encoder=_encode_json, decoder=orjson.loads)
        except BaseException:
            connection.terminate()
            raise
        connection.opened_at = connection.idle_since = time.monotonic()
        connection.acquire_deadline = 0.0
        connection.running_since = None
        connection.standby = None
        return connection


async def _is_direct(connection: DriverConnection) -> bool:
    """Checks that the server at the other end is the one that opened the connection: a pooler gives out keys of its own."""
    try:
        return bool(await connection.fetchval("SELECT pg_backend_pid()") == connection.get_server_pid())
    except BaseException:
        connection.terminate()
        raise


def _text(url: str | URL) -> str:
    return url if isinstance(url, str) else url.render_as_string(hide_password=False)


def _encode_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
