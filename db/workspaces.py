"""Workspaces in SQL: they are made and renamed by whoever runs the server, outside any unit of work."""

from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.errors import translate_errors
from db.migrate import MIGRATION_TIMEOUT_SECONDS
from db.tables import segments, workspaces
from domain.ids import WorkspaceId
from domain.search import DEFAULT_LANGUAGE


async def ensure_workspace(engine: AsyncEngine, id: WorkspaceId, name: str, language: str | None = None) -> None:
    """Creates the workspace, or gives an existing one its new name and language.

    `language` None leaves an existing workspace's language alone and gives a new one the default. In a new language all
    segments of the workspace are indexed anew, in the same transaction; writes of segments wait for it.
    """
    new = insert(workspaces).values(id=id, name=name, language=language or DEFAULT_LANGUAGE)
    with translate_errors():
        async with engine.begin() as connection:
            await connection.execute(
                new.on_conflict_do_update(
                    index_elements=["id"], set_={"name": name}, where=workspaces.c.name != new.excluded.name
                )
            )
        if language is not None:
            async with engine.begin() as connection:
                await _change_language(connection, id, language)


async def workspaces_by_age(engine: AsyncEngine) -> list[tuple[UUID, str]]:
    """Returns the id and the name of every workspace, the oldest first."""
    statement = select(workspaces.c.id, workspaces.c.name).order_by(workspaces.c.created_at, workspaces.c.id)
    with translate_errors():
        async with engine.connect() as connection:
            return [(row.id, row.name) for row in await connection.execute(statement)]


async def _change_language(connection: AsyncConnection, id: WorkspaceId, language: str) -> None:
    has_other_language = (workspaces.c.id == id) & (workspaces.c.language != language)
    if (await connection.execute(select(workspaces.c.id).where(has_other_language))).first() is None:
        return
    await connection.execute(text(f"SET LOCAL statement_timeout = '{MIGRATION_TIMEOUT_SECONDS}s'"))
    # The lock comes first, so that no write under way keeps the old language, and those that wait read the new one.
    await connection.execute(text("LOCK TABLE segments IN SHARE ROW EXCLUSIVE MODE"))
    await connection.execute(update(workspaces).where(has_other_language).values(language=language))
    outdated = (segments.c.workspace_id == id) & (segments.c.language != language)
    await connection.execute(update(segments).where(outdated).values(language=language))
