"""A dataloader: the keys asked for in one turn of the event loop are loaded together, once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MAX_BATCH = 1_000
"""Keys of one batch."""


class Loader(Generic[K, V]):
    """Remembers what it has loaded, errors too: to be made anew where fresh values matter.

    Made for many keys at once, which Strawberry's takes one by one. And its waiters cannot cancel each other: graphql-core
    cancels the siblings of a failed non-null field, and a batch lost with one of them would leave the others hanging.
    """

    def __init__(self, load: Callable[[list[K]], Awaitable[Sequence[V]]], max_batch_size: int = MAX_BATCH) -> None:
        """`load` gives a value for each key, in their order."""
        self._load = load
        self._max_batch_size = max_batch_size
        self._values: dict[K, V] = {}
        self._batches: dict[K, asyncio.Task[None]] = {}
        self._open: list[K] = []
        """The keys of the last batch, until it begins."""

    async def load(self, key: K) -> V:
        """Raises the error of its batch."""
        return (await self.load_many((key,)))[0]

    async def load_many(self, keys: Iterable[K]) -> list[V]:
        """The values of keys, in order. Raises the error of one of their batches, if there are any."""
        wanted = list(keys)
        known = self._batches
        batches = {known.get(key) or self._asked(key) for key in wanted}
        for batch in batches:
            if batch.done():
                batch.result()
            else:
                await asyncio.shield(batch)
        return [self._values[key] for key in wanted]

    def _asked(self, key: K) -> asyncio.Task[None]:
        if not self._open or len(self._open) >= self._max_batch_size:
            self._open = []
            self._last = asyncio.create_task(self._run(self._open))
            self._last.add_done_callback(_heed)
        self._open.append(key)
        self._batches[key] = self._last
        return self._last

    async def _run(self, keys: list[K]) -> None:
        await asyncio.sleep(0)  # for those who ask in tasks that this turn has begun
        if self._open is keys:
            self._open = []
        self._values.update(zip(keys, await self._load(keys), strict=True))


def _heed(batch: asyncio.Task[None]) -> None:
    """If all waiters have been cancelled by the time the batch fails, that is no reason for a complaint in the log."""
    if not batch.cancelled():
        batch.exception()
