"""The database as the floors above see it: read on a connection, or write in a unit of work."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import QueuePool, literal, select

from db.change_notifier import ChangeNotifier
from db.connections import AutocommitConnection
from db.credentials import Credentials
from db.engine import ANSWER, create_engine, create_session_factory
from db.pool import Gate
from db.unit_of_work import Autocommit, UnitOfWork
from domain.history import Author
from domain.ids import WorkspaceId

_PING = select(literal(1))


class Database:
    """One pool of connections, and the notifier of what is written.

    Safe to share between tasks; what it hands out is not.
    """

    def __init__(self, url: str, **options: Any) -> None:
        """`options` are those of `db.engine.create_engine`. Nothing is connected yet."""
        self.engine = create_engine(url, **options)
        self._session_factory = create_session_factory(self.engine)
        self._gate = Gate(self.engine)
        self.notifier = ChangeNotifier(url)

    def reading(self, workspace_id: WorkspaceId) -> Autocommit:
        """The repositories on a connection of their own, in autocommit. Hold it for one statement, and await no loader."""
        return Autocommit(self._gate, workspace_id)

    def writing(self, workspace_id: WorkspaceId, author: Author | None = None) -> Autocommit:
        """As `reading`, for a write of one statement: that is a transaction already, and has happened when it is done.

        What needs more than one statement to be true needs a unit of work.
        """
        return Autocommit(self._gate, workspace_id, self.notifier.publish, author)

    @asynccontextmanager
    async def credentials(self) -> AsyncIterator[Credentials]:
        """The keys of all workspaces, on a connection of their own, in autocommit."""
        async with AutocommitConnection(self._gate) as connection:
            yield Credentials(connection)

    def unit_of_work(self, workspace_id: WorkspaceId, author: Author | None = None) -> UnitOfWork:
        return UnitOfWork(self._session_factory, workspace_id, self.notifier.publish, author, self._gate)

    async def ping(self) -> None:
        """Raise ServiceUnavailable if the database does not answer."""
        async with AutocommitConnection(self._gate) as connection:
            await connection.rows(_PING, {})

    def connections(self) -> tuple[int, int]:
        """How many connections the pool has open, and how many of them are in use."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)
        out = pool.checkedout()
        return out + pool.checkedin(), out - self._gate.ready

    async def close(self) -> None:
        """Close the connections that are not in use. A server that does not answer is not waited for."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER):
                await self.engine.dispose()
