"""Makes databases for tests: on one embedded PostgreSQL for each worker, copied from a template."""

import asyncio
import itertools
import os
import shutil
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import make_url

from db.embedded import embedded_postgres
from db.engine import create_engine
from db.migrate import migrate

TEMPLATE = "rapporteur_template"
MEMORY = Path("/dev/shm")
"""The file system in memory that Linux has. Copying a database costs a tenth there of what it costs on a disk."""
NEEDED_MEMORY_BYTES = 4 * 1024**3
"""The free space in memory from which on it is used: the workers' databases and logs together take less than half."""
T = TypeVar("T")


class TestPostgres:
    """Hands out databases of a running PostgreSQL, each a copy of a template.

    All its statements run on one connection, in a thread of its own: so a database is dropped, and the next one is made,
    while a test runs.
    """

    __test__ = False

    def __init__(self, url: str) -> None:
        self.url = url
        self._numbers = itertools.count(1)
        self._spare: Future[str] | None = None
        self._loop = asyncio.new_event_loop()
        self._lock = asyncio.Lock()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-postgres", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Waits for the statements that run, and closes the connection."""
        self._submit(self._disconnect()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, *statements: str) -> None:
        """Runs statements as the superuser, each on its own."""
        self._submit(self._execute(*statements)).result()

    def run_in(self, url: str, *statements: str) -> None:
        """Runs statements in one of the databases."""

        async def main() -> None:
            connection = await asyncpg.connect(url)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        self._submit(main()).result()

    def url_of(self, database: str) -> str:
        return make_url(self.url).set(database=database).render_as_string(hide_password=False)

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[str]:
        """Yields the URL of a database of its own, which is dropped afterwards."""
        if template == TEMPLATE:
            made, self._spare = self._spare or self._submit(self._copy(template)), self._submit(self._copy(template))
        else:
            made = self._submit(self._copy(template))
        name = made.result()
        try:
            yield self.url_of(name)
        finally:
            self._submit(self._execute(f"DROP DATABASE {name} WITH (FORCE)"))

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _copy(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        # Copying the template's files takes half the time of writing its pages to the log.
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    async def _execute(self, *statements: str) -> None:
        async with self._lock:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self.url)
            for statement in statements:
                await self._connection.execute(statement)

    async def _disconnect(self) -> None:
        async with self._lock:
            if self._connection is not None:
                await self._connection.close()


@contextmanager
def postgres_directory() -> Iterator[Path]:
    """Yields a directory for a PostgreSQL: those of pytest are closed to the user that it is when root runs the tests."""
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= NEEDED_MEMORY_BYTES
    parent = MEMORY if roomy else None
    with tempfile.TemporaryDirectory(prefix="rapporteur-test-", dir=parent, ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@contextmanager
def running_postgres(directory: Path) -> Iterator[TestPostgres]:
    """Runs PostgreSQL in `directory`, with a migrated template.

    Nothing in it outlives the tests, so nothing is synced to disk.
    """
    with embedded_postgres(directory) as url:
        postgres = TestPostgres(url)
        try:
            postgres.run(
                *(f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "full_page_writes")),
                "ALTER SYSTEM SET max_wal_size = '128MB'",
                "SELECT pg_reload_conf()",
                f"CREATE DATABASE {TEMPLATE} TEMPLATE template0",
            )
            asyncio.run(_migrate(postgres.url_of(TEMPLATE)))
            yield postgres
        finally:
            postgres.close()


async def _migrate(url: str) -> None:
    engine = create_engine(url)
    await migrate(engine)
    await engine.dispose()
