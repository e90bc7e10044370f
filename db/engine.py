"""The engine, which has the pool of connections and what migrations need of SQLAlchemy; and the factory of sessions."""

from collections.abc import Callable
from functools import partial

from sqlalchemy import URL, NullPool
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from db.connections import Session
from db.driver import ConnectionSettings
from db.pool import ConnectionPool

_DBAPI = PGDialect_asyncpg.import_dbapi()  # type: ignore[no-untyped-call]
SessionFactory = Callable[[], Session]


class Engine(AsyncEngine):
    """SQLAlchemy's engine with a pool of our own, which everything but migrations runs on.

    What runs on SQLAlchemy's side (`connect`, `begin`) opens a connection for each use, and closes it afterwards.
    """

    def __init__(self, settings: ConnectionSettings, pool: ConnectionPool) -> None:
        engine = create_async_engine(
            "postgresql+asyncpg://",
            # Behind a pooler, a statement that SQLAlchemy keeps prepared is another one by its next use.
            creator=partial(_DBAPI.connect, async_creator_fn=settings.connect, prepared_statement_cache_size=0),
            poolclass=NullPool,
            hide_parameters=True,  # from the messages of errors, which are logged
        )
        super().__init__(engine.sync_engine)
        self._pool = pool

    @property  # type: ignore[misc]
    def pool(self) -> ConnectionPool:  # type: ignore[override]
        """The pool that repositories and units of work run on."""
        return self._pool

    async def dispose(self, close: bool = True) -> None:
        """Closes the connections: idle ones now, and used ones when they are released. The engine can still be used."""
        await self.pool.close()
        await super().dispose(close)


def create_engine(
    url: str | URL,
    *,
    pool_size: int = 10,
    max_overflow: int = 0,
    pool_timeout: float = 5.0,
    connect_timeout: float = 5.0,
    statement_timeout: float = 30.0,
    pooler: bool | None = None,
    read_only: bool = False,
) -> Engine:
    """Returns an engine whose every wait is bounded (all times in seconds). Nothing is connected yet.

    At most `pool_size + max_overflow` connections are open; who finds none free waits up to `pool_timeout`. PostgreSQL ends
    a statement after `statement_timeout`. `url` is any URL of libpq's kind; a driver that it names is ignored.
    Whether a pooler such as PgBouncer stands before the database is found out, unless `pooler` says so. With `read_only`
    the database may be a standby. Raises DatabaseUnusable if the URL cannot be understood.
    """
    settings = ConnectionSettings(url, connect_timeout, statement_timeout, pooler, read_only)
    return Engine(settings, ConnectionPool(settings, size=pool_size + max_overflow, timeout=pool_timeout))


def create_session_factory(engine: Engine) -> SessionFactory:
    """Returns the function that makes the sessions of units of work, on the connections of the engine."""
    return lambda: Session(engine.pool)
