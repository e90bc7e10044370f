"""Hands out the items of a long list little by little, so that the event loop serves others in between."""

import asyncio
from collections.abc import Awaitable, Generator, Iterator, Sequence
from typing import Any

MAX_UNPACED_ITEMS = 20
"""The length of lists whose items are handed out at once."""
ITEMS_PER_TURN = 10
"""The number of items for each turn of the event loop."""


def paced(items: Sequence[object]) -> Iterator[Awaitable[object]]:
    """Yields an awaitable for each item, a few of which are there with each turn of the running event loop."""
    loop = asyncio.get_running_loop()
    turns: list[asyncio.Future[None]] = [loop.create_future() for _ in range(0, len(items), ITEMS_PER_TURN)]
    loop.call_soon(_take_turn, turns, 0)
    for index, item in enumerate(items):
        yield _Paced(turns[index // ITEMS_PER_TURN], item)


def is_event_loop_running() -> bool:
    return asyncio._get_running_loop() is not None


class _Paced:
    """Gives an item after a turn. It is no coroutine: one that is cancelled before it begins would complain in the log."""

    __slots__ = ("_item", "_turn")

    def __init__(self, turn: asyncio.Future[None], item: object) -> None:
        self._turn = turn
        self._item = item

    def __await__(self) -> Generator[Any, None, object]:
        if not self._turn.done():
            yield from asyncio.shield(self._turn)  # a cancelled item cancels none of the others
        return self._item


def _take_turn(turns: list[asyncio.Future[None]], number: int) -> None:
    turns[number].set_result(None)
    if number + 1 < len(turns):
        asyncio.get_running_loop().call_soon(_take_turn, turns, number + 1)
