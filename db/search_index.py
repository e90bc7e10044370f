"""Indexes segments anew after a migration has changed the rules of search, while everybody reads and writes."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, func, select, text, update

from db.connections import Session
from db.engine import Engine
from db.schema_revisions import MIGRATION_TIMEOUT_SECONDS
from db.tables import meetings, segments, workspaces
from domain.ids import MeetingId, WorkspaceId

INDEX_VERSION = 2
"""The version of the rules of `search_vector`. Each migration that changes them raises it, and the default in the table."""
_PAGE_SIZE = 1_000

_WORKSPACE = bindparam("of_workspace", type_=Uuid)
_MEETING = bindparam("of_meeting", type_=Uuid)
_VERSION = bindparam("to_version", type_=Integer)

_ALLOW_LONG_STATEMENTS = text(f"SET LOCAL statement_timeout = '{MIGRATION_TIMEOUT_SECONDS}s'")
_OUTDATED = select(workspaces.c.id).where(workspaces.c.index_version < _VERSION)
# Whoever began to write by the rules of before has committed when the lock is there.
_WAIT_BRIEFLY = text("SET LOCAL lock_timeout = '5s'")
_AWAIT_WRITERS = text("LOCK TABLE segments IN SHARE ROW EXCLUSIVE MODE")
_MEETINGS = (
    select(meetings.c.id)
    .where(meetings.c.workspace_id == _WORKSPACE, meetings.c.id > _MEETING)
    .order_by(meetings.c.id)
    .limit(_PAGE_SIZE)
)
_LOCK_MEETING = (
    select(meetings.c.id)
    .where(meetings.c.workspace_id == _WORKSPACE, meetings.c.id == _MEETING)
    .with_for_update(key_share=True)
)
_INDEX = (
    update(segments)
    .where(
        segments.c.workspace_id == _WORKSPACE,
        segments.c.meeting_id == _MEETING,
        ~segments.c.deleted,
        segments.c.search_vector.is_distinct_from(func.search_vector(segments.c.language, segments.c.text)),
    )
    .values(language=segments.c.language)
)
_FINISH = (
    update(workspaces)
    .where(workspaces.c.id == _WORKSPACE, workspaces.c.index_version < _VERSION)
    .values(index_version=_VERSION)
)


async def index_segments(engine: Engine) -> None:
    """Indexes the segments that were written by older rules, one meeting after the other, under its lock.

    Searches go on meanwhile, and find what is not indexed yet by the older rules. If it is interrupted, or runs in several
    servers at once, nothing is lost but time.
    """
    async with Session(engine.pool) as session:
        outdated = [row.id for row in await session.rows(_OUTDATED, {"to_version": INDEX_VERSION})]
        if not outdated:
            return
        await session.rows(_WAIT_BRIEFLY, {})
        await session.rows(_AWAIT_WRITERS, {})
        await session.commit()
        for workspace_id in outdated:
            async for meeting_id in _meetings(session, workspace_id):
                values = {"of_workspace": workspace_id, "of_meeting": meeting_id}
                await session.rows(_ALLOW_LONG_STATEMENTS, {})
                await session.rows(_LOCK_MEETING, values)
                await session.rows(_INDEX, values)
                await session.commit()
            await session.rows(_FINISH, {"of_workspace": workspace_id, "to_version": INDEX_VERSION})
            await session.commit()


async def _meetings(session: Session, workspace_id: WorkspaceId) -> AsyncIterator[MeetingId]:
    """Yields the meetings of a workspace. Meetings that are made meanwhile are indexed by the newest rules."""
    last = MeetingId(UUID(int=0))
    while page := await session.rows(_MEETINGS, {"of_workspace": workspace_id, "of_meeting": last}):
        for row in page:
            yield row.id
        last = page[-1].id
