"""Checks while a server runs that its database can be used: that it is migrated, and can be written to."""

from sqlalchemy import text

from db.connections import Session
from db.database import Database
from db.schema_revisions import current_revision, is_current
from domain.errors import ServiceUnavailable

_READ_ONLY = text("SELECT current_setting('transaction_read_only') = 'on' AS is_read_only")


async def usable_revision(database: Database) -> str:
    """Returns the revision of the schema. Raises ServiceUnavailable with the reason if the database cannot be used now.

    A read-only connection is replaced first, because it may lead to a server that was the primary before.
    """
    if not database.is_read_only and await _is_read_only(database) and await _is_read_only(database):
        raise ServiceUnavailable("the database can only be read now")
    revision = await current_revision(database.engine)
    if revision is None or not is_current(revision):
        raise ServiceUnavailable("the database is not migrated")
    return revision


async def _is_read_only(database: Database) -> bool:
    async with Session(database.pool) as connection:
        (row,) = await connection.rows(_READ_ONLY, {})
        if row.is_read_only:
            connection.expire()
    return bool(row.is_read_only)
