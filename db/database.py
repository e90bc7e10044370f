"""The database as the floors above see it: read on a connection, or write in a unit of work."""

import logging
from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import literal, select

from db.change_notifier import ChangeNotifier
from db.connections import AutocommitConnection, Connection
from db.credentials import Credentials
from db.engine import create_engine, create_session_factory
from db.replica_reads import ReplicaConnection, TokenConnection
from db.replicas import Replicas
from db.unit_of_work import Repositories, SingleWrite, UnitOfWork
from db.wal_positions import WRITTEN_POSITION, token_of
from db.webhook_outbox import Outbox
from domain.consistency_tokens import PRIMARY, ConsistencyToken
from domain.errors import Forbidden, ServiceUnavailable
from domain.history import Author
from domain.ids import WorkspaceId

logger = logging.getLogger("rapporteur.database")


class Reads(Protocol):
    """Gives an operation what it reads: from the database itself, or from a replica of it."""

    def repositories(self, workspace_id: WorkspaceId) -> Repositories:
        """Returns the repositories for single statements."""

    def snapshot(self, workspace_id: WorkspaceId) -> UnitOfWork:
        """Returns a transaction for reads of more than one statement."""


class Database:
    """One pool of connections, and the notifier of what is written.

    Safe to share between tasks, as are the repositories for single statements; a unit of work is not.
    """

    def __init__(
        self,
        url: str,
        *,
        listen_url: str | None = None,
        pooler: bool | None = None,
        read_only: bool = False,
        replica_urls: Sequence[str] = (),
        replica_max_lag: float = 5.0,
        **options: Any,
    ) -> None:
        """`options` are passed to `db.engine.create_engine`. Nothing is connected yet.

        `listen_url` is for notifications, where they do not pass a pooler. With `read_only` nothing is written. Replicas that
        are up to `replica_max_lag` seconds behind are read by `reads_of`, once `replicas` runs.
        """
        self.engine = create_engine(url, pooler=pooler, read_only=read_only, **options)
        self.replicas = Replicas(self.engine.pool, replica_urls, replica_max_lag, pooler) if replica_urls else None
        self.is_read_only = read_only
        self.pool = self.engine.pool
        self._statements = AutocommitConnection(self.pool)
        self.credentials = Credentials(self._statements)
        """The keys of all workspaces."""
        self.outbox = Outbox(self._statements)
        """The deliveries of all workspaces."""
        self._session_factory = create_session_factory(self.engine)
        self.notifier = ChangeNotifier(url, listen_url=listen_url, pooler=pooler, read_only=read_only)

    def repositories(self, workspace_id: WorkspaceId) -> Repositories:
        """Returns the repositories for reads of one statement each, which take a connection only while they run."""
        return Repositories(self._statements, workspace_id)

    def reads_of(self, token: ConsistencyToken | None) -> Reads:
        """Returns where an operation that only reads may read what was written before the token: replicas, if there are any.

        A database that is only read has no primary beside it: what it has not got yet raises ServiceUnavailable.
        """
        if self.replicas is not None:
            return _ConnectionReads(self, ReplicaConnection(self.replicas, self.pool, token))
        if self.is_read_only and token is not None:
            return _ConnectionReads(self, TokenConnection(self.pool, token))
        return self

    async def written_token(self) -> ConsistencyToken:
        """Returns a token for everything that was written before. Any reader is to use the primary if it cannot be told."""
        try:
            (row,) = await self._statements.rows(WRITTEN_POSITION, {})
        except ServiceUnavailable as error:
            logger.warning("what was written has no place in the log: %s", error)
            return PRIMARY
        return token_of(row)

    def writing(self, workspace_id: WorkspaceId, author: Author | None = None) -> SingleWrite:
        """Returns the repositories for a write of one statement. Raises Forbidden if the database is only read."""
        self._check_writable()
        return SingleWrite(self._statements, workspace_id, self.notifier.publish, author)

    def snapshot(self, workspace_id: WorkspaceId) -> UnitOfWork:
        """Returns a transaction for reads of more than one statement."""
        return UnitOfWork(self._session_factory, workspace_id)

    def unit_of_work(self, workspace_id: WorkspaceId, author: Author | None = None) -> UnitOfWork:
        """Returns a transaction. Raises Forbidden if the database is only read."""
        self._check_writable()
        return UnitOfWork(self._session_factory, workspace_id, self.notifier.publish, author)

    async def ping(self) -> None:
        """Raises ServiceUnavailable if the database does not answer."""
        await self._statements.rows(select(literal(1)), {})

    def _check_writable(self) -> None:
        if self.is_read_only:
            raise Forbidden("this server only reads (RAPPORTEUR_READ_ONLY): send mutations to one that writes")

    async def close(self) -> None:
        if self.replicas is not None:
            await self.replicas.close()
        await self.engine.dispose()


class _ConnectionReads:
    """Reads on another connection than the database's own. Transactions stay there: their parts could not be read again."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection

    def repositories(self, workspace_id: WorkspaceId) -> Repositories:
        return Repositories(self._connection, workspace_id)

    def snapshot(self, workspace_id: WorkspaceId) -> UnitOfWork:
        return self._database.snapshot(workspace_id)
