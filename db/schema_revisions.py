"""Revisions of the database's schema: the ones that this code knows, and the one that a database is at.

A revision is one of the names of the files in `migrations/versions`, so that a server does not need Alembic unless it migrates.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import text

from db.connections import AutocommitConnection
from db.engine import Engine

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_TIMEOUT_SECONDS = 3600.0
"""The time that one statement of a migration may take. The engine needs it too, as the driver has a timeout of its own."""

_IS_MIGRATED = text("SELECT to_regclass('alembic_version') IS NOT NULL AS migrated")
_CURRENT_REVISION = text("SELECT version_num AS revision FROM alembic_version")


@cache
def revisions() -> tuple[str, ...]:
    """Returns the revisions that this code knows, the newest first."""
    return tuple(
        sorted((file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")), reverse=True)
    )


def head() -> str:
    """Returns the newest revision."""
    return revisions()[0]


def is_known(revision: str) -> bool:
    """Checks that this code knows the revision; one that it does not know is a newer server's."""
    return revision in revisions()


def is_current(revision: str | None) -> bool:
    """Checks that this code can use a database at the revision: its newest one, or one that only a newer server knows."""
    return revision is not None and revision not in revisions()[1:]


async def current_revision(engine: Engine) -> str | None:
    """Returns the revision that the database is at, or None if it was never migrated. Raises ServiceUnavailable."""
    connection = AutocommitConnection(engine.pool)
    if not (await connection.rows(_IS_MIGRATED, {}))[0].migrated:
        return None
    rows = await connection.rows(_CURRENT_REVISION, {})
    return rows[0].revision if rows else None
