"""Waits until something is so, and keeps others waiting."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import asyncpg

TIMEOUT_SECONDS = 60.0
"""The time after which a thing that did not come is not waited for any longer."""

Value = TypeVar("Value")


def eventually(condition: Callable[[], Value]) -> Value:
    """Calls the condition until its value is true, and returns that.

    It waits a tenth of the time so far between two calls, as some conditions take much to ask for.
    """
    start = time.monotonic()
    while not (value := condition()):
        waited = time.monotonic() - start
        assert waited < TIMEOUT_SECONDS, "it did not happen"
        time.sleep(max(0.01, waited / 10))
    return value


def locked_meeting(database_url: str, meeting: Any) -> AbstractContextManager[Callable[[], bool]]:
    """Locks a meeting while the block runs; gives a function that tells whether somebody waits for it."""
    return locked_rows(database_url, "SELECT FROM meetings WHERE id = $1 FOR UPDATE", meeting["id"])


@contextmanager
def locked_rows(database_url: str, statement: str, *arguments: object) -> Iterator[Callable[[], bool]]:
    """Locks what a statement locks while the block runs; yields a function that tells whether somebody waits for it."""
    waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with asyncio.Runner() as runner:
        locking, looking = (runner.run(asyncpg.connect(database_url)) for _ in range(2))
        try:
            runner.run(locking.execute("BEGIN"))
            runner.run(locking.execute(statement, *arguments))
            yield lambda: bool(runner.run(looking.fetch(waiting)))
        finally:
            runner.run(locking.close())
            runner.run(looking.close())


async def is_lock_awaited(watcher: Any, sessions: int = 1) -> bool:
    """Tells whether so many sessions wait for locks in the connection's database."""
    await watcher.execute("SELECT pg_stat_clear_snapshot()")  # a transaction would see the same again and again
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(await watcher.fetchval(waiting) >= sessions)


async def until_lock_is_awaited(watcher: Any, sessions: int = 1) -> None:
    """Returns when so many sessions wait for locks in the connection's database."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not await is_lock_awaited(watcher, sessions):  # noqa: ASYNC110 - PostgreSQL does not notify of this
            await asyncio.sleep(0.01)
