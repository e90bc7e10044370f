"""How callers get at the repositories: in a unit of work to write, or on a connection in autocommit to read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from db.agents import AgentRepository
from db.engine import autocommit
from db.errors import translated
from db.meetings import MeetingRepository
from db.repository import Connection
from db.segments import SegmentRepository
from db.variants import VariantRepository
from domain.ids import DEFAULT_WORKSPACE_ID, WorkspaceId


class Repositories:
    """The repositories of one workspace, all on one connection: not safe for use in concurrent tasks."""

    agents: AgentRepository
    variants: VariantRepository
    meetings: MeetingRepository
    segments: SegmentRepository

    def _connect(self, connection: Connection, workspace_id: WorkspaceId) -> None:
        self.agents = AgentRepository(connection, workspace_id)
        self.variants = VariantRepository(connection, workspace_id)
        self.meetings = MeetingRepository(connection, workspace_id)
        self.segments = SegmentRepository(connection, workspace_id)


class UnitOfWork(Repositories):
    """One transaction. Rollback is the default: what is not committed when the block is left did not happen.

        async with UnitOfWork(session_factory) as uow:
            meeting = await uow.meetings.create(Meeting.create(title="Weekly"))
            await uow.commit()

    Leaving the block, also by an exception or a cancellation, gives the connection back to the pool.
    """

    session: AsyncSession

    def __init__(
        self, session_factory: async_sessionmaker[AsyncSession], workspace_id: WorkspaceId = DEFAULT_WORKSPACE_ID
    ) -> None:
        self._session_factory = session_factory
        self._workspace_id = workspace_id

    async def __aenter__(self) -> Self:
        self.session = self._session_factory()
        self._connect(self.session, self._workspace_id)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with translated():
            await self.session.__aexit__(kind, error, traceback)
            if error is not None:
                raise error

    async def commit(self) -> None:
        with translated():
            await self.session.commit()

    async def rollback(self) -> None:
        with translated():
            await self.session.rollback()


@asynccontextmanager
async def reading(engine: AsyncEngine, workspace_id: WorkspaceId) -> AsyncIterator[Repositories]:
    """The repositories on a connection of their own, in autocommit: for reads, and for as short as possible."""
    with translated():
        async with autocommit(engine).connect() as connection:
            repositories = Repositories()
            repositories._connect(connection, workspace_id)
            yield repositories
