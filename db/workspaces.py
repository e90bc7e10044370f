"""Workspaces in SQL: they are made and renamed by whoever runs the server."""

from uuid import UUID

from sqlalchemy import Text, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert

from db.connections import Session
from db.engine import Engine
from db.repository import ID
from db.schema_revisions import MIGRATION_TIMEOUT_SECONDS
from db.tables import segments, workspaces
from domain.ids import WorkspaceId
from domain.search import DEFAULT_LANGUAGE

_NAME, _LANGUAGE = bindparam("new_name", type_=Text), bindparam("new_language", type_=Text)


_CREATE = insert(workspaces).values(id=ID, name=_NAME, language=_LANGUAGE)
_CREATE_OR_RENAME = _CREATE.on_conflict_do_update(
    index_elements=["id"], set_={"name": _NAME}, where=workspaces.c.name != _NAME
)


async def ensure_workspace(engine: Engine, id: WorkspaceId, name: str, language: str | None = None) -> None:
    """Creates the workspace, or gives an existing one its new name and language.

    `language` None leaves an existing workspace's language alone and gives a new one the default. In a new language all
    segments of the workspace are indexed anew, in the same transaction; writes of segments wait for it.
    """
    async with Session(engine.pool) as session:
        values = {"id": id, "new_name": name, "new_language": language or DEFAULT_LANGUAGE}
        await session.rows(_CREATE_OR_RENAME, values)
        await session.commit()
        if language is not None:
            await _change_language(session, id, language)
            await session.commit()


_KEY = bindparam("key", type_=workspaces.c.id.type)
_HAS_OTHER_LANGUAGE = select(workspaces.c.id).where(workspaces.c.id == _KEY, workspaces.c.language != _LANGUAGE)
_ALLOW_LONG_STATEMENTS = text(f"SET LOCAL statement_timeout = '{MIGRATION_TIMEOUT_SECONDS}s'")
_LOCK_SEGMENTS = text("LOCK TABLE segments IN SHARE ROW EXCLUSIVE MODE")
_SET_LANGUAGE = update(workspaces).where(workspaces.c.id == _KEY).values(language=_LANGUAGE)
_INDEX_SEGMENTS = (
    update(segments).where(segments.c.workspace_id == _KEY, segments.c.language != _LANGUAGE).values(language=_LANGUAGE)
)


async def _change_language(session: Session, id: WorkspaceId, language: str) -> None:
    values = {"key": id, "new_language": language}
    if not await session.rows(_HAS_OTHER_LANGUAGE, values):
        return
    await session.rows(_ALLOW_LONG_STATEMENTS, {})
    # The lock comes first, so that no write under way keeps the old language, and those that wait read the new one.
    await session.rows(_LOCK_SEGMENTS, {})
    await session.rows(_SET_LANGUAGE, values)
    await session.rows(_INDEX_SEGMENTS, values)


_BY_AGE = select(workspaces.c.id, workspaces.c.name).order_by(workspaces.c.created_at, workspaces.c.id)


async def workspaces_by_age(engine: Engine) -> list[tuple[UUID, str]]:
    """Returns the id and the name of every workspace, the oldest first."""
    async with Session(engine.pool) as session:
        return [(row.id, row.name) for row in await session.rows(_BY_AGE, {})]
