"""The loads that asynchronous fields still need."""

from collections.abc import Callable, Coroutine
from typing import TypeAlias

from graphql.pyutils import gather_with_cancel

PendingLoads: TypeAlias = list[Callable[[], Coroutine[None, None, None]]]
"""Collects the loads of asynchronous fields while the value of one root field is completed.

Nothing starts before `run_loads`, so a value that falls back to graphql-core leaves nothing behind.
"""


async def run_loads(loads: PendingLoads) -> None:
    """Runs the loads concurrently, and after each one the loads that it has added.

    Raises:
        Exception: A load has failed. The others are cancelled.
    """
    while loads:
        if len(loads) == 1:
            await loads.pop()()
        else:
            started = loads.copy()
            loads.clear()
            await gather_with_cancel(*(_run_one(load, loads) for load in started))


async def _run_one(load: Callable[[], Coroutine[None, None, None]], loads: PendingLoads) -> None:
    await load()
    await run_loads(loads)  # runs what this load alone has added, because no other task has run since it ended
