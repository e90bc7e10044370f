"""The entry of Alembic: on the connection that `db.migrate` gives, or from its command line on RAPPORTEUR_DATABASE_URL."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, text

import db.webhook_tables  # noqa: F401  # adds its tables to those of `db.tables`
from db.engine import create_engine
from db.schema_revisions import MIGRATION_TIMEOUT_SECONDS
from db.tables import metadata

LOCK_TIMEOUT_SECONDS = 5
"""The time that a migration waits for each lock: it rather fails, and is tried again, than queue all traffic behind it."""


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True, compare_server_default=True)
    with context.begin_transaction():
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"))
        connection.execute(text(f"SET LOCAL statement_timeout = '{MIGRATION_TIMEOUT_SECONDS}s'"))
        context.run_migrations()


async def run_alone() -> None:
    engine = create_engine(os.environ["RAPPORTEUR_DATABASE_URL"], statement_timeout=MIGRATION_TIMEOUT_SECONDS)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    asyncio.run(run_alone())
