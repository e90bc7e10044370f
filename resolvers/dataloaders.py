"""The dataloaders of an operation: each batch is one SQL statement on one connection.

A loader is made of a load function, which stands beside the resolvers that use it:

    async def load_agents(repositories: Repositories, ids: list[AgentId]) -> dict[AgentId, Agent]:
        return await repositories.agents.by_ids(ids)

    found = await context.loaders.of(load_agents).load_many(ids)
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple

from db.database import Reads
from db.unit_of_work import Repositories
from domain.ids import WorkspaceId
from executor.dataloader import DataLoader

K = TypeVar("K")
V = TypeVar("V")
Arguments = TypeVarTuple("Arguments")


class RunningBatches:
    """The batches of an operation that are under way. No waiter can cancel them; the end of the operation does."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ended = False

    @contextmanager
    def tracked(self) -> Iterator[None]:
        """Keeps the current task while the block runs. Raises CancelledError if the operation has ended."""
        task = asyncio.current_task()
        assert task is not None
        if self._ended:
            raise asyncio.CancelledError
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    def cancel(self) -> None:
        """Cancels the batches under way, down to their statements in the database, and the batches that have yet to begin."""
        self._ended = True
        for task in self._tasks:
            task.cancel()


ENDED_BATCHES = RunningBatches()
"""The batches of an operation that has ended: none can begin."""
ENDED_BATCHES.cancel()


class Loaders:
    """The loaders of one operation, or of what follows one mutation in it. They do not load again what they have loaded."""

    def __init__(self, reads: Reads, workspace_id: WorkspaceId, batches: RunningBatches | None = None) -> None:
        """`batches` are the running batches of the operation."""
        self._reads = reads
        self._workspace_id = workspace_id
        self._batches = batches or RunningBatches()
        self._loaders: dict[tuple[Any, ...], DataLoader[Any, Any]] = {}

    def of(
        self,
        load: Callable[[Repositories, list[K], *Arguments], Awaitable[Mapping[K, V]]],
        *arguments: *Arguments,
    ) -> DataLoader[K, V | None]:
        """Returns the loader of a function: one for each set of arguments, which must be hashable.

        The function gets the keys that are asked for in one tick of the event loop, and returns what it finds by key. The
        loader gives None for the other keys.
        """
        key = (load, *arguments)
        if key not in self._loaders:
            self._loaders[key] = _loader(load, arguments, self._reads, self._workspace_id, self._batches)
        return self._loaders[key]

    def of_many(
        self,
        load: Callable[[Reads, WorkspaceId, list[K], *Arguments], Awaitable[Mapping[K, V]]],
        *arguments: *Arguments,
    ) -> DataLoader[K, V | None]:
        """Returns the loader of a function that takes a connection when it needs one, and may run several statements."""
        key = (load, *arguments)
        if key not in self._loaders:
            self._loaders[key] = _loader_of_many(load, arguments, self._reads, self._workspace_id, self._batches)
        return self._loaders[key]


def _loader(
    load: Callable[[Repositories, list[K], *Arguments], Awaitable[Mapping[K, V]]],
    arguments: tuple[*Arguments],
    reads: Reads,
    workspace_id: WorkspaceId,
    batches: RunningBatches,
) -> DataLoader[K, V | None]:
    """Returns a loader that does not refer to what holds it.

    In a circle all that was loaded would stay until the garbage collector comes. For the same reason the function and its
    arguments must not refer to the loaders or the context.
    """

    async def batch(keys: list[K]) -> list[V | None]:
        with batches.tracked():
            found = await load(reads.repositories(workspace_id), keys, *arguments)
        return [found.get(key) for key in keys]

    return DataLoader(batch)


def _loader_of_many(
    load: Callable[[Reads, WorkspaceId, list[K], *Arguments], Awaitable[Mapping[K, V]]],
    arguments: tuple[*Arguments],
    reads: Reads,
    workspace_id: WorkspaceId,
    batches: RunningBatches,
) -> DataLoader[K, V | None]:
    """Returns a loader that does not refer to what holds it, as `_loader` does."""

    async def batch(keys: list[K]) -> list[V | None]:
        with batches.tracked():
            found = await load(reads, workspace_id, keys, *arguments)
        return [found.get(key) for key in keys]

    return DataLoader(batch)
