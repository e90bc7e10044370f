"""The database as the floors above see it: read on a connection, or write in a unit of work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import literal, select

from db.change_notifier import ChangeNotifier
from db.connections import AutocommitConnection
from db.credentials import Credentials
from db.engine import create_engine, create_session_factory
from db.unit_of_work import AutocommitRepositories, UnitOfWork
from db.webhook_outbox import Outbox
from domain.errors import Forbidden
from domain.history import Author
from domain.ids import WorkspaceId


class Database:
    """One pool of connections, and the notifier of what is written.

    Safe to share between tasks; what it hands out is not.
    """

    def __init__(
        self,
        url: str,
        *,
        listen_url: str | None = None,
        pooler: bool | None = None,
        read_only: bool = False,
        **options: Any,
    ) -> None:
        """`options` are those of `db.engine.create_engine`. Nothing is connected yet.

        `listen_url` is for notifications, where they do not pass a pooler. With `read_only` nothing is written.
        """
        self.engine = create_engine(url, pooler=pooler, read_only=read_only, **options)
        self.is_read_only = read_only
        self.pool = self.engine.pool
        self._session_factory = create_session_factory(self.engine)
        self.notifier = ChangeNotifier(url, listen_url=listen_url, pooler=pooler, read_only=read_only)

    def reading(self, workspace_id: WorkspaceId) -> AutocommitRepositories:
        """Returns the repositories on a connection of their own, in autocommit.

        Hold it for one statement, and await no dataloader meanwhile.
        """
        return AutocommitRepositories(self.pool, workspace_id)

    def writing(self, workspace_id: WorkspaceId, author: Author | None = None) -> AutocommitRepositories:
        """Returns the repositories as `reading` does, for a write of one statement, which is a transaction already.

        What needs more than one statement to be true needs a unit of work. Raises Forbidden if the database is only read.
        """
        self._check_writable()
        return AutocommitRepositories(self.pool, workspace_id, self.notifier.publish, author)

    def snapshot(self, workspace_id: WorkspaceId) -> UnitOfWork:
        """Returns a transaction for reads of more than one statement."""
        return UnitOfWork(self._session_factory, workspace_id)

    def unit_of_work(self, workspace_id: WorkspaceId, author: Author | None = None) -> UnitOfWork:
        """Returns a transaction. Raises Forbidden if the database is only read."""
        self._check_writable()
        return UnitOfWork(self._session_factory, workspace_id, self.notifier.publish, author)

    @asynccontextmanager
    async def credentials(self) -> AsyncIterator[Credentials]:
        """The keys of all workspaces, on a connection of their own, in autocommit."""
        async with AutocommitConnection(self.pool) as connection:
            yield Credentials(connection)

    @asynccontextmanager
    async def outbox(self) -> AsyncIterator[Outbox]:
        """The deliveries of all workspaces, on a connection of their own, in autocommit."""
        async with AutocommitConnection(self.pool) as connection:
            yield Outbox(connection)

    async def ping(self) -> None:
        """Raises ServiceUnavailable if the database does not answer."""
        async with AutocommitConnection(self.pool) as connection:
            await connection.rows(select(literal(1)), {})

    def _check_writable(self) -> None:
        if self.is_read_only:
            raise Forbidden("this server only reads (RAPPORTEUR_READ_ONLY): send mutations to one that writes")

    async def close(self) -> None:
        await self.engine.dispose()
