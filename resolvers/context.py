"""The context of one operation: it knows who asks, and gives access to the data of its workspace."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cached_property

import strawberry

from db.database import Database, Reads
from db.unit_of_work import Repositories, SingleWrite, UnitOfWork
from domain.consistency_tokens import ConsistencyToken
from domain.history import REASON, Author
from domain.ids import WorkspaceId
from domain.principals import Principal
from domain.validation import checked
from resolvers.dataloaders import ENDED_BATCHES, Loaders, RunningBatches
from resolvers.live.hub import Hub
from resolvers.live.registry import HubRegistry
from resolvers.operation_budget import OperationBudget
from resolvers.projections import Projections

_UNLIMITED = OperationBudget()
CheckDocument = Callable[[str, WorkspaceId], None]


class Context:
    """Holds what the resolvers of one operation share. They read and write in the principal's workspace only."""

    def __init__(
        self,
        database: Database,
        hubs: HubRegistry,
        principal: Principal,
        actor: str | None = None,
        check_webhook_document: CheckDocument = lambda document, workspace_id: None,
    ) -> None:
        """`actor` is the name that history records; None: the principal's name.

        `check_webhook_document` raises InvalidInput for a document that cannot be executed for a webhook.
        """
        self.check_webhook_document = check_webhook_document
        self._database = database
        self._reads: Reads = database
        self._hubs = hubs
        self.principal = principal
        self.actor = actor or principal.name
        self.budget = _UNLIMITED
        self.has_read = False
        """True once something was read from the database, which may be different later."""
        self.has_written = False
        self.written: ConsistencyToken | None = None
        """A token for everything that the operation has written, which its answer gives to the client."""
        self._loaders: Loaders | None = None
        self._batches: RunningBatches | None = None

    @cached_property
    def projections(self) -> Projections:
        """The projections of the document, which its next execution uses again."""
        return Projections()

    @property
    def loaders(self) -> Loaders:
        self.has_read = True
        if self._loaders is None:
            self._batches = self._batches or RunningBatches()
            self._loaders = Loaders(self._reads, self.principal.workspace_id, self._batches)
        return self._loaders

    def renew_loaders(self) -> None:
        """Lets resolvers load again, so that they see what was written since."""
        self._loaders = None

    def end(self) -> None:
        """Cancels what is still being loaded, and drops what was loaded. It is called when the operation ends, even early.

        graphql-core's own executor refers to the context and, in a circle, to itself. It stays until the garbage collector
        comes, and the data would stay with it.
        """
        if self._batches is None:
            self._batches = ENDED_BATCHES
        else:
            self._batches.cancel()
        self._loaders = None
        self.budget.end()

    @property
    def repositories(self) -> Repositories:
        """The repositories for reads of one statement each."""
        self.has_read = True
        return self._reads.repositories(self.principal.workspace_id)

    def read_from_replicas(self, token: ConsistencyToken | None) -> None:
        """Lets the operation read from replicas, if there are any, that have everything that was written before the token.

        It is for operations that only read: what follows a write reads on the primary, and so do live updates.
        """
        self._reads = self._database.reads_of(token)

    async def take_written_token(self, *, is_wanted: bool) -> None:
        """Gives `written` a token, once the operation has written; without replicas only if the client wants one."""
        if is_wanted or self._database.replicas is not None:
            self.written = await self._database.written_token()

    def hub(self) -> AbstractAsyncContextManager[Hub]:
        """Gives the live hub of the workspace, which runs at least as long as the block."""
        return self._hubs.hub_of(self.principal.workspace_id)

    @asynccontextmanager
    async def unit_of_work(
        self, reason: str | None = None, *, author: Author | None = None
    ) -> AsyncIterator[UnitOfWork]:
        """Runs the block in one transaction, and renews the loaders after it.

        `reason` is recorded in history; so is the `author`, by default the caller. Raises InvalidInput for a bad reason.
        """
        author = author or self._author(reason)
        try:
            async with self._database.unit_of_work(self.principal.workspace_id, author) as uow:
                yield uow
            self.has_written = True
        finally:
            self.renew_loaders()

    def writing(self, reason: str | None = None) -> "_Writing":
        """Does what `unit_of_work` does for a write of one statement, which needs no commit: that saves two round trips."""
        return _Writing(self, self._database.writing(self.principal.workspace_id, self._author(reason)))

    def _author(self, reason: str | None) -> Author:
        return Author(self.actor, None if reason is None else checked(REASON, reason, "reason"))


class _Writing:
    """Runs a block that writes with one statement. (Generators in its place took 2 % of an append's instructions.)"""

    def __init__(self, context: Context, repositories: SingleWrite) -> None:
        self._context = context
        self._repositories = repositories

    def __enter__(self) -> Repositories:
        return self._repositories

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._repositories:
            self._context.renew_loaders()
        self._context.has_written |= kind is None


Info = strawberry.Info[Context, None]
