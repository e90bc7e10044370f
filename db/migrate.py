"""Brings a database to the newest schema, from code."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from db.connections import AutocommitConnection
from db.engine import Engine
from db.errors import WRONG_SCHEMA, driver_error, translate_errors
from domain.errors import DatabaseUnusable

MIGRATION_TIMEOUT_SECONDS = 3600.0
"""The time that one statement of a migration may take. The engine needs it too, as the driver has a timeout of its own."""
_ADVISORY_LOCK_KEY = 5_729_463_018
"""The lock lets several servers start at once: one of them migrates, and the others wait."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def head() -> str:
    """Returns the newest revision."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


@cache
def _revisions() -> tuple[str, ...]:
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def is_known(revision: str) -> bool:
    """Checks that this code knows the revision; one that it does not know is a newer server's."""
    return revision in _revisions()


def is_current(revision: str | None) -> bool:
    """Checks that this code can use a database at the revision: its newest one, or one that only a newer server knows."""
    return revision is not None and revision not in _revisions()[1:]


async def migrate(engine: Engine, revision: str = "head") -> None:
    """Steps the database up (or down, to an older revision or `base`), in one transaction: all of it or nothing.

    Raises DatabaseUnusable if something in the database is in the way.
    """

    def step(connection: Connection) -> None:
        connection.execute(
            text(f"SET LOCAL statement_timeout = '{MIGRATION_TIMEOUT_SECONDS}s'")
        )  # to wait for the lock
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK_KEY})
        config = _config()
        config.attributes["connection"] = connection
        current = MigrationContext.configure(connection).get_current_revision()
        scripts = ScriptDirectory.from_config(config)
        upwards = revision == "head" or current is None
        if not upwards and revision != "base":
            upwards = revision not in {script.revision for script in scripts.iterate_revisions(current, "base")}
        (command.upgrade if upwards else command.downgrade)(config, revision)

    with translate_errors():
        try:
            async with engine.begin() as connection:
                await connection.run_sync(step)
        except DBAPIError as error:
            cause = driver_error(error)
            if not isinstance(cause, WRONG_SCHEMA):
                raise
            reason = str(cause).partition("\n")[0]
            raise DatabaseUnusable(f"the database cannot be migrated to {revision}: {reason}") from error


_IS_MIGRATED = text("SELECT to_regclass('alembic_version') IS NOT NULL AS migrated")
_CURRENT_REVISION = text("SELECT version_num AS revision FROM alembic_version")


async def current_revision(engine: Engine) -> str | None:
    """Returns the revision that the database is at, or None if it was never migrated. Raises ServiceUnavailable."""
    async with AutocommitConnection(engine.pool) as connection:
        if not (await connection.rows(_IS_MIGRATED, {}))[0].migrated:
            return None
        rows = await connection.rows(_CURRENT_REVISION, {})
    return rows[0].revision if rows else None
