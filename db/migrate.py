"""Bringing a database to the newest schema, from code."""

from functools import cache
from pathlib import Path
from uuid import UUID

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.errors import translated
from db.tables import segments, workspaces
from domain.ids import WorkspaceId
from domain.search import DEFAULT_LANGUAGE

LONGEST = 3600.0
"""Seconds that a statement of a migration may take: of the engine too, as the driver has a timeout of its own."""
_ONE_AT_A_TIME = 5_729_463_018
"""Key of the advisory lock that lets several servers start at once."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def head() -> str:
    """The newest revision."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


@cache
def _revisions() -> tuple[str, ...]:
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def is_current(revision: str | None) -> bool:
    """Whether this code can use a database at the revision: the newest that it knows, or one that only a newer server knows."""
    return revision is not None and revision not in _revisions()[1:]


async def migrate(engine: AsyncEngine, revision: str = "head") -> None:
    """Step the database up (or down, to an older revision or `base`), in one transaction: all of it or nothing."""

    def step(connection: Connection) -> None:
        connection.execute(text(f"SET LOCAL statement_timeout = '{LONGEST}s'"))  # another server may be migrating
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        config = _config()
        config.attributes["connection"] = connection
        current = MigrationContext.configure(connection).get_current_revision()
        scripts = ScriptDirectory.from_config(config)
        upwards = revision == "head" or current is None
        if not upwards and revision != "base":
            upwards = revision not in {script.revision for script in scripts.iterate_revisions(current, "base")}
        (command.upgrade if upwards else command.downgrade)(config, revision)

    with translated():
        async with engine.begin() as connection:
            await connection.run_sync(step)


async def current_revision(engine: AsyncEngine) -> str | None:
    """The revision that the database is at; None: nothing was ever migrated."""
    with translated():
        async with engine.connect() as connection:
            return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def ensure_workspace(engine: AsyncEngine, id: WorkspaceId, name: str, language: str | None = None) -> None:
    """Make the workspace, or give it its new name and language; None: as it is, and the default in a new one.

    In a new language the workspace's segments are indexed anew, in the same transaction; writes of segments wait for it.
    """
    new = insert(workspaces).values(id=id, name=name, language=language or DEFAULT_LANGUAGE)
    with translated():
        async with engine.begin() as connection:
            await connection.execute(
                new.on_conflict_do_update(
                    index_elements=["id"], set_={"name": name}, where=workspaces.c.name != new.excluded.name
                )
            )
        if language is not None:
            async with engine.begin() as connection:
                await _speak(connection, id, language)


async def workspaces_by_age(engine: AsyncEngine) -> list[tuple[UUID, str]]:
    """The id and name of each, the oldest first."""
    statement = select(workspaces.c.id, workspaces.c.name).order_by(workspaces.c.created_at, workspaces.c.id)
    with translated():
        async with engine.connect() as connection:
            return [(row.id, row.name) for row in await connection.execute(statement)]


async def _speak(connection: AsyncConnection, id: WorkspaceId, language: str) -> None:
    other = (workspaces.c.id == id) & (workspaces.c.language != language)
    if (await connection.execute(select(workspaces.c.id).where(other))).first() is None:
        return
    await connection.execute(text(f"SET LOCAL statement_timeout = '{LONGEST}s'"))
    # First, so that no write under way keeps the old language, and those that wait read the new one.
    await connection.execute(text("LOCK TABLE segments IN SHARE ROW EXCLUSIVE MODE"))
    await connection.execute(update(workspaces).where(other).values(language=language))
    old = (segments.c.workspace_id == id) & (segments.c.language != language)
    await connection.execute(update(segments).where(old).values(language=language))
