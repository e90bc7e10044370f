"""The engine with its bounded pool, and the factory of sessions."""

import math
import time
from typing import Any

import asyncpg
import orjson
from sqlalchemy import URL, PoolProxiedConnection, QueuePool, event, make_url
from sqlalchemy.exc import DisconnectionError, MissingGreenlet
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.util import greenlet_spawn
from sqlalchemy.util.concurrency import in_greenlet

TRUSTED = 5.0
"""Seconds for which an idle connection that nobody has closed is taken for alive; after them it is asked."""
ANSWER = 5.0
"""Seconds in which it must answer."""


def create_engine(
    url: str | URL,
    *,
    pool_size: int = 10,
    max_overflow: int = 0,
    pool_timeout: float = 5.0,
    connect_timeout: float = 5.0,
    statement_timeout: float = 30.0,
) -> AsyncEngine:
    """An engine whose every wait is bounded (all times in seconds).

    At most `pool_size + max_overflow` connections; who finds none waits `pool_timeout`. A connection that died is noticed
    when it is taken, and replaced. PostgreSQL ends a statement after `statement_timeout` (a little later we do, if it
    cannot be reached), and looks each second whether its client is still there, so that a cancelled request leaves nothing
    running.

    `url` is any URL of libpq's kind; what it says of a driver (`postgresql+...`) is ignored.
    """
    settings = {
        "application_name": "rapporteur",
        "statement_timeout": _milliseconds(statement_timeout),
        "idle_in_transaction_session_timeout": _milliseconds(statement_timeout),
        "client_connection_check_interval": "1000",
        "timezone": "UTC",
        "jit": "off",  # compiling takes longer than any statement here runs
    }

    def connect() -> Any:
        if not in_greenlet():
            raise MissingGreenlet("nobody could wait for the connection")
        command_timeout = statement_timeout + connect_timeout
        return asyncpg.connect(
            dsn(url), timeout=connect_timeout, command_timeout=command_timeout, server_settings=settings
        )

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=pool_size + max_overflow,
        max_overflow=0,  # all are kept, so that none has to be closed, which takes time, by who gives it back
        pool_timeout=pool_timeout,
        hide_parameters=True,  # from the messages of errors, which are logged
        pool_use_lifo=True,  # idle connections at the end of the queue may be closed by the server or a proxy
        json_serializer=_as_it_is,
        json_deserializer=_as_it_is,
    )
    event.listen(engine.sync_engine, "connect", _connected)
    event.listen(engine.sync_engine, "checkin", _returned)
    event.listen(engine.sync_engine, "checkout", _taken)
    return engine


def _connected(connection: Any, _record: Any) -> None:
    """JSON is made and read by the driver, with or without SQLAlchemy above it."""

    async def set_codecs(driver: Any) -> None:
        for name in ("json", "jsonb"):
            await driver.set_type_codec(name, schema="pg_catalog", encoder=_dump_json, decoder=orjson.loads)

    connection.run_async(set_codecs)


def _returned(_connection: Any, record: Any) -> None:
    record.info["idle_since"] = time.monotonic()


def _taken(connection: Any, record: Any, _proxy: Any) -> None:
    """Have the pool replace a connection that is dead.

    Most often the driver knows, as the server has closed it: that costs nothing, where a ping each time (`pool_pre_ping`) would
    cost a small read as much again. Nobody tells of a server that is cut off, so who was idle for long is asked.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the server has closed the connection")
    if in_greenlet() and _is_doubtful(record.info):
        try:
            connection.run_async(_ask)
        except _NO_ANSWER as error:
            raise DisconnectionError("the connection does not answer") from error


_NO_ANSWER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


def _is_doubtful(info: Any) -> bool:
    since: float = info.get("idle_since", math.inf)
    return time.monotonic() - since > TRUSTED


async def _ask(driver: Any) -> None:
    await driver.execute("SELECT 1", timeout=ANSWER)


async def checkout(engine: AsyncEngine) -> PoolProxiedConnection:
    """A connection of the pool, to be closed or invalidated.

    One that waits in the pool is taken without the greenlet that SQLAlchemy would wait in, which takes twice as long.
    """
    pool = engine.sync_engine.pool
    if isinstance(pool, QueuePool) and pool.checkedin():
        try:
            pooled = pool.connect()
        except MissingGreenlet:  # it is dead, and another one is to be made
            return await engine.raw_connection()
        if not _is_doubtful(pooled.info):
            return pooled
        try:
            await _ask(pooled.driver_connection)
        except BaseException as error:
            await greenlet_spawn(pooled.invalidate, error)
            if not isinstance(error, _NO_ANSWER):
                raise
        else:
            return pooled
    return await engine.raw_connection()


_ONLY_LIBPQ = (
    *("channel_binding", "connect_timeout", "gssencmode", "sslcompression", "sslsni"),
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
)
"""Parameters that hosted PostgreSQL puts into its URLs, and that the driver would take for settings of the server."""


def dsn(url: str | URL) -> str:
    """The URL as the driver reads it, which knows most that libpq does (`sslmode`, a socket's directory as `host`)."""
    parsed = make_url(url).set(drivername="postgresql").difference_update_query(_ONLY_LIBPQ)
    return parsed.render_as_string(hide_password=False)


def create_session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """The sessions that units of work run in. A session is not safe for use in concurrent tasks."""
    return async_sessionmaker(engine, expire_on_commit=False)


def _as_it_is(value: Any) -> Any:
    return value


def _dump_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
