"""Connections of the driver, asyncpg, with the settings that everything here relies on."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
from sqlalchemy import URL, make_url


class Record(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes, too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class DriverConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection with two times of the monotonic clock, in seconds, by which `db.pool` judges it."""

    __slots__ = ("idle_since", "opened_at")
    idle_since: float
    opened_at: float


@dataclass(frozen=True)
class ConnectionSettings:
    """Says where the database is and how long its answers may take (all times in seconds)."""

    url: str | URL
    connect_timeout: float
    statement_timeout: float

    async def connect(self) -> DriverConnection:
        """Opens a connection. Raises the driver's errors, and TimeoutError after `connect_timeout`.

        PostgreSQL ends a statement after `statement_timeout` (a little later the driver does, if the server cannot be
        reached), and checks each second that its client is still there, so that a cancelled request leaves nothing running.
        """
        async with asyncio.timeout(self.connect_timeout):
            connection: DriverConnection = await asyncpg.connect(
                dsn(self.url),
                timeout=None,
                command_timeout=self.statement_timeout + self.connect_timeout,
                connection_class=DriverConnection,
                record_class=Record,
                server_settings={
                    "application_name": "rapporteur",
                    "statement_timeout": _milliseconds(self.statement_timeout),
                    "idle_in_transaction_session_timeout": _milliseconds(self.statement_timeout),
                    "client_connection_check_interval": "1000",
                    "timezone": "UTC",
                    "jit": "off",  # compiling takes longer than any statement here runs
                },
            )
            try:
                for name in ("json", "jsonb"):
                    await connection.set_type_codec(
                        name, schema="pg_catalog", encoder=_encode_json, decoder=orjson.loads
                    )
            except BaseException:
                connection.terminate()
                raise
        connection.opened_at = connection.idle_since = time.monotonic()
        return connection


_ONLY_LIBPQ = (
    *("channel_binding", "connect_timeout", "gssencmode", "sslcompression", "sslsni"),
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
)
"""Parameters that hosted PostgreSQL puts into its URLs, and that the driver would take for settings of the server."""


def dsn(url: str | URL) -> str:
    """Returns the URL as the driver reads it, which knows most that libpq does (`sslmode`, a socket's directory as `host`).

    The name of a driver in the URL (`postgresql+...`) is ignored.
    """
    parsed = make_url(url).set(drivername="postgresql").difference_update_query(_ONLY_LIBPQ)
    return parsed.render_as_string(hide_password=False)


def _encode_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
