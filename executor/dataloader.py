"""A dataloader: it loads all keys that are asked for in one turn of the event loop together, and each key once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MAX_BATCH_KEYS = 1_000


class DataLoader(Generic[K, V]):
    """Loads values by key, in batches, and remembers them. It remembers errors, too: make a new one where fresh values matter.

    It differs from Strawberry's `DataLoader` in two ways. It takes many keys in one call, and a waiter that is cancelled
    cancels no other: graphql-core cancels the siblings of a failed Non-Null field, and a batch that ended with one of them
    would leave the waiters in other fields without a value.
    """

    def __init__(self, load: Callable[[list[K]], Awaitable[Sequence[V]]]) -> None:
        """Makes an empty loader.

        Args:
            load: Returns a value for each of some keys, at most `MAX_BATCH_KEYS`, in their order.
        """
        self._load = load
        self._values: dict[K, V] = {}
        self._batches: dict[K, _Batch[K]] = {}
        self._open_batch: _Batch[K] | None = None
        """The batch that has not begun to load, and takes more keys."""

    async def load(self, key: K) -> V:
        """Returns the value of a key.

        Raises:
            Exception: The error of the batch of this key.
        """
        return (await self.load_many((key,)))[0]

    async def load_many(self, keys: Iterable[K]) -> list[V]:
        """Returns the values of some keys, in their order.

        Raises:
            Exception: The error of the batch of one of these keys.
        """
        requested = list(keys)
        batches = self._batches
        for batch in {batches.get(key) or self._enqueue(key) for key in requested}:
            await batch.wait()
        return [self._values[key] for key in requested]

    def _enqueue(self, key: K) -> "_Batch[K]":
        """Adds a key that is in no batch to the open batch, or to a new one."""
        batch = self._open_batch
        if batch is None or len(batch.keys) >= MAX_BATCH_KEYS:
            batch = self._open_batch = _Batch()
            batch.task = asyncio.create_task(self._run(batch))
        batch.keys.append(key)
        self._batches[key] = batch
        return batch

    async def _run(self, batch: "_Batch[K]") -> None:
        try:
            await asyncio.sleep(0)  # lets tasks that this turn has created ask for their keys
            if self._open_batch is batch:
                self._open_batch = None
            self._values.update(zip(batch.keys, await self._load(batch.keys), strict=True))
        except (Exception, asyncio.CancelledError) as error:
            batch.error = error
        finally:
            batch.finish()


class _Batch(Generic[K]):
    """Some keys that are loaded together, and those who wait for them."""

    task: asyncio.Task[None]

    def __init__(self) -> None:
        self.keys: list[K] = []
        self.error: BaseException | None = None
        self._is_finished = False
        self._waiters: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        """Waits until the batch is finished, with a future of its own, so that cancelling one waiter cancels no other.

        Raises:
            BaseException: The error of the batch.
        """
        if not self._is_finished:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        if self.error is not None:
            raise self.error

    def finish(self) -> None:
        self._is_finished = True
        for waiter in self._waiters:
            if not waiter.done():  # a cancelled waiter is done
                waiter.set_result(None)
