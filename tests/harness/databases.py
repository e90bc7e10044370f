"""Databases for tests: on one embedded PostgreSQL, cloned from a migrated template."""

import asyncio
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from sqlalchemy import make_url

from db.embedded import embedded_postgres
from db.engine import create_engine
from db.migrate import migrate

TEMPLATE = "rapporteur_template"


class TestPostgres:
    """A running PostgreSQL that hands out databases."""

    __test__ = False

    def __init__(self, url: str) -> None:
        self.url = url
        self._numbers = itertools.count(1)

    def run(self, *statements: str) -> None:
        """Run statements as the superuser, each on its own."""
        self.run_in(self.url, *statements)

    def run_in(self, url: str, *statements: str) -> None:
        """Run statements in one of the databases."""

        async def main() -> None:
            connection = await asyncpg.connect(url)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(main())

    def url_of(self, database: str) -> str:
        return make_url(self.url).set(database=database).render_as_string(hide_password=False)

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[str]:
        """A database of its own, dropped afterwards; gives its URL."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url_of(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def postgres_directory() -> Iterator[Path]:
    """A directory for a PostgreSQL; not one of pytest's, which are closed to the user that it is when root runs the tests."""
    with tempfile.TemporaryDirectory(prefix="rapporteur-test-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@contextmanager
def running_postgres(directory: Path) -> Iterator[TestPostgres]:
    """PostgreSQL in `directory` with the migrated template. Nothing in it outlives the tests, so nothing is synced to disk."""
    with embedded_postgres(directory) as url:
        postgres = TestPostgres(url)
        postgres.run(
            "ALTER SYSTEM SET fsync = off",
            "SELECT pg_reload_conf()",
            f"CREATE DATABASE {TEMPLATE} TEMPLATE template0",
        )

        async def migrate_template() -> None:
            engine = create_engine(postgres.url_of(TEMPLATE))
            await migrate(engine)
            await engine.dispose()

        asyncio.run(migrate_template())
        yield postgres
