"""The typed context of one operation: who asks, and the way to the data."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import strawberry

from db.database import Database
from db.unit_of_work import Repositories, UnitOfWork
from domain.ids import WorkspaceId
from resolvers.loaders import Loaders


class Context:
    """Made anew for each operation. Everything a resolver reads or writes is of `workspace_id`."""

    def __init__(self, database: Database, workspace_id: WorkspaceId) -> None:
        self._database = database
        self.workspace_id = workspace_id
        self.loaders = Loaders(database, workspace_id)

    def reading(self) -> AbstractAsyncContextManager[Repositories]:
        """The repositories on a connection of their own; not to be held while awaiting a loader."""
        return self._database.reading(self.workspace_id)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        """One transaction, and fresh loaders after it: what follows must see what was written."""
        try:
            async with self._database.unit_of_work(self.workspace_id) as uow:
                yield uow
        finally:
            self.loaders = Loaders(self._database, self.workspace_id)


Info = strawberry.Info[Context, None]
