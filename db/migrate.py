"""Brings a database to the newest schema, from code."""

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from db.engine import Engine
from db.errors import WRONG_SCHEMA, driver_error, translate_errors
from db.schema_revisions import MIGRATION_TIMEOUT_SECONDS, MIGRATIONS, head
from db.search_index import index_segments
from domain.errors import DatabaseUnusable

_ADVISORY_LOCK_KEY = 5_729_463_018
"""The lock lets several servers start at once: one of them migrates, and the others wait."""

_DEPENDED_ON = (asyncpg.FeatureNotSupportedError, asyncpg.DependentObjectsStillExistError)
"""Errors of changes to columns and types that something is made of which is not of Rapporteur, such as a view."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


async def migrate(engine: Engine, revision: str = "head") -> None:
    """Steps the database up (or down, to an older revision or `base`), in one transaction: all of it or nothing.

    At the newest revision, segments that were indexed by the rules of an older one are then indexed anew.

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
            if not isinstance(cause, (*WRONG_SCHEMA, *_DEPENDED_ON)):
                raise
            reason = str(cause).partition("\n")[0]
            if isinstance(cause, _DEPENDED_ON) and cause.detail:
                reason += ": " + cause.detail.replace("\n", "; ")
            raise DatabaseUnusable(f"the database cannot be migrated to {revision}: {reason}") from error
    if revision in ("head", head()):
        await index_segments(engine)
