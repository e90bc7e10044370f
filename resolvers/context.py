"""The typed context of one operation: who asks, and the way to the data."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import strawberry

from db.database import Database
from db.unit_of_work import Repositories, UnitOfWork
from domain.history import REASON, Author
from domain.principals import Principal
from domain.validation import checked
from resolvers.dataloaders import Loaders, RunningBatches
from resolvers.live.hub import Hub
from resolvers.live.registry import HubRegistry
from resolvers.projections import Projections


class Context:
    """Made anew for each operation. Everything a resolver reads or writes is of the principal's workspace."""

    def __init__(self, database: Database, hubs: HubRegistry, principal: Principal, actor: str | None = None) -> None:
        """`actor` is who asks, as history will have it; left out: the principal's name."""
        self._database = database
        self._hubs = hubs
        self.principal = principal
        self.actor = actor or principal.name
        self.projections = Projections()
        """The projections of the document, which its next execution uses again."""
        self._loaders: Loaders | None = None
        self._batches = RunningBatches()

    @property
    def loaders(self) -> Loaders:
        if self._loaders is None:
            self._loaders = Loaders(self._database, self.principal.workspace_id, self._batches)
        return self._loaders

    def renew_loaders(self) -> None:
        """What follows must see what was written since."""
        self._loaders = None

    def end(self) -> None:
        """The operation is over, perhaps before its time: nothing is waited for any more, and what was loaded is forgotten.

        (graphql-core's own executor, which has the context, is in a circle with itself: it stays until the garbage collector
        comes, and the data would with it.)
        """
        self._batches.cancel()
        self._loaders = None

    def reading(self) -> AbstractAsyncContextManager[Repositories]:
        """The repositories on a connection of their own; not to be held while awaiting a loader."""
        return self._database.reading(self.principal.workspace_id)

    def hub(self) -> AbstractAsyncContextManager[Hub]:
        """The live hub of the workspace, for as long as something is read of it."""
        return self._hubs.hub_of(self.principal.workspace_id)

    @asynccontextmanager
    async def unit_of_work(self, reason: str | None = None) -> AsyncIterator[UnitOfWork]:
        """One transaction, and fresh loaders after it. `reason` is the caller's, for history; raises InvalidInput."""
        author = self._author(reason)
        try:
            async with self._database.unit_of_work(self.principal.workspace_id, author) as uow:
                yield uow
        finally:
            self.renew_loaders()

    @asynccontextmanager
    async def writing(self, reason: str | None = None) -> AsyncIterator[Repositories]:
        """As `unit_of_work`, for a write of one statement: there is nothing to commit, and two exchanges less."""
        author = self._author(reason)
        try:
            async with self._database.writing(self.principal.workspace_id, author) as repositories:
                yield repositories
        finally:
            self.renew_loaders()

    def _author(self, reason: str | None) -> Author:
        return Author(self.actor, checked(REASON, reason, "reason"))


Info = strawberry.Info[Context, None]
