"""The engine with its bounded pool, and the factory of sessions."""

from functools import partial
from typing import Any

import asyncpg
import orjson
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine


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
    when it is taken (pre-ping) and replaced. PostgreSQL ends a statement after `statement_timeout` (a little later we do, if it
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
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(
            asyncpg.connect,
            dsn(url),
            timeout=connect_timeout,
            command_timeout=statement_timeout + connect_timeout,
            server_settings=settings,
        ),
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=pool_timeout,
        pool_pre_ping=True,
        hide_parameters=True,  # from the messages of errors, which are logged
        pool_use_lifo=True,  # idle connections at the end of the queue may be closed by the server or a proxy
        json_serializer=_dump_json,
        json_deserializer=orjson.loads,
    )


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


def autocommit(engine: AsyncEngine) -> AsyncEngine:
    """The same pool, for reads: each statement is its own transaction, without BEGIN and COMMIT."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _dump_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
