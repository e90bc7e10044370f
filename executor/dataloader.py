"""A dataloader: the keys asked for in one turn of the event loop are loaded together, once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MAX_BATCH = 1_000
"""Keys of one batch."""


class DataLoader(Generic[K, V]):
    """Remembers what it has loaded, errors too: to be made anew where fresh values matter.

    Made for many keys at once, which Strawberry's takes one by one. And its waiters cannot cancel each other: graphql-core
    cancels the siblings of a failed non-null field, and a batch lost with one of them would leave the others hanging.
    """

    def __init__(self, load: Callable[[list[K]], Awaitable[Sequence[V]]], max_batch_size: int = MAX_BATCH) -> None:
        """`load` gives a value for each key, in their order."""
        self._load = load
        self._max_batch_size = max_batch_size
        self._values: dict[K, V] = {}
        self._batches: dict[K, _Batch[K]] = {}
        self._open: _Batch[K] | None = None
        """That which has yet to begin."""

    async def load(self, key: K) -> V:
        """Raises the error of its batch."""
        return (await self.load_many((key,)))[0]

    async def load_many(self, keys: Iterable[K]) -> list[V]:
        """The values of keys, in order. Raises the error of one of their batches, if there are any."""
        wanted = list(keys)
        known = self._batches
        for batch in {known.get(key) or self._asked(key) for key in wanted}:
            await batch.ended()
        return [self._values[key] for key in wanted]

    def _asked(self, key: K) -> "_Batch[K]":
        batch = self._open
        if batch is None or len(batch.keys) >= self._max_batch_size:
            batch = self._open = _Batch()
            batch.task = asyncio.create_task(self._run(batch))
        batch.keys.append(key)
        self._batches[key] = batch
        return batch

    async def _run(self, batch: "_Batch[K]") -> None:
        try:
            await asyncio.sleep(0)  # for those who ask in tasks that this turn has begun
            if self._open is batch:
                self._open = None
            self._values.update(zip(batch.keys, await self._load(batch.keys), strict=True))
        except (Exception, asyncio.CancelledError) as error:
            batch.error = error
        finally:
            batch.end()


class _Batch(Generic[K]):
    task: asyncio.Task[None]

    def __init__(self) -> None:
        self.keys: list[K] = []
        self.error: BaseException | None = None
        self._has_ended = False
        self._waiters: list[asyncio.Future[None]] = []

    async def ended(self) -> None:
        """Raises the error. Each waiter has a future of its own, and goes on in the turn after the end."""
        if not self._has_ended:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        if self.error is not None:
            raise self.error

    def end(self) -> None:
        self._has_ended = True
        for waiter in self._waiters:
            if not waiter.done():  # cancelled
                waiter.set_result(None)
