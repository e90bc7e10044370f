"""What tests of live connections arrange, and wait for."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

import asyncpg

from db.driver import dsn
from tests.harness.raw_clients import WAIT, connected
from tests.harness.recorded_statements import watched
from tests.harness.servers import RunningServer, segment

Value = TypeVar("Value")


def eventually(look: Callable[[], Value]) -> Value:
    """What `look` gives as soon as that is true."""
    end = time.monotonic() + WAIT
    while not (value := look()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return value


@contextmanager
def asking(here: RunningServer, there: RunningServer) -> Iterator[Callable[[Any], bool]]:
    """A function that changes a meeting and says whether `here` looks at it then.

    The changes go through `there`, on the same database: all that `here` asks the database is for its subscribers.
    """
    asked: list[str] = []

    numbers = count(1)
    known = there.api.meeting()
    watching = watched(here.database.engine, lambda _, parameters: asked.append(str(parameters)))
    with watching, connected(here.url) as socket:
        socket.follow("known", "SegmentUpdates", meetingId=known["id"])
        socket.next("known")

        def looks_at(meeting: Any) -> bool:
            asked.clear()
            new = segment(next(numbers))
            for changed in (meeting, known):
                there.api.run("UpsertSegments", meetingId=changed["id"], segments=[new])
            assert socket.next("known")["segments"]  # which `here` heard of no sooner than of the other one
            return any(meeting["id"] in parameters for parameters in asked)

        yield looks_at


@contextmanager
def locked(database_url: str, meeting: Any) -> Iterator[Callable[[], bool]]:
    """Nobody can change the meeting until the block is left. Gives a function that says whether somebody waits to."""
    waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with asyncio.Runner() as runner:
        locking, looking = (runner.run(asyncpg.connect(dsn(database_url))) for _ in range(2))
        try:
            runner.run(locking.execute("BEGIN"))
            runner.run(locking.execute("SELECT FROM meetings WHERE id = $1 FOR UPDATE", meeting["id"]))
            yield lambda: bool(runner.run(looking.fetch(waiting)))
        finally:
            runner.run(locking.close())
            runner.run(looking.close())


async def someone_waits_for_a_lock(watcher: Any) -> bool:
    """In the database of this connection, which must not be in a transaction: there, it would always see the same."""
    waiting = "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(await watcher.fetchval(waiting))
