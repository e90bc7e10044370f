"""`python -m bench.many_servers`: what many servers cost one PostgreSQL, in connections and notifications.

SERVERS servers, each with its pool and its listener as a real one has them, share one process here and one PostgreSQL. All
connections of the pools are open. RATE times a second one of the servers, each in its turn, writes a segment; all others must
hear of it.

- latency: from the answer to a write until a listener has called its subscribers, over all listeners and writes. All listeners
  take turns in one process here, so real servers are faster.
- PostgreSQL: its CPU time and memory, all its processes together; and as much without writes.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path

import asyncpg
import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from bench.__main__ import Clock
from bench.live import quantiles, until
from db.change_notifier import Changes
from db.connections import Session
from db.database import Database
from db.embedded import embedded_postgres
from db.migrate import migrate
from db.workspaces import ensure_workspace
from domain.ids import DEFAULT_WORKSPACE_ID, MeetingId
from domain.meetings import Meeting
from domain.segments import SegmentContent
from tests.harness.databases import postgres_directory

SPARE_CONNECTION_COUNT = 20


class Server:
    """The parts of a server that PostgreSQL sees: its pool, and its listener."""

    def __init__(self, url: str, pool_size: int) -> None:
        self.database = Database(url, pool_size=pool_size)
        self.heard: dict[MeetingId, float] = {}
        self.database.notifier.subscribe(self._hear)

    def _hear(self, changes: Changes | None) -> None:
        for id in changes.meetings if changes else ():
            self.heard.setdefault(id, time.monotonic())

    async def fill_pool(self, pool_size: int) -> None:
        async with AsyncExitStack() as stack:
            for _ in range(pool_size):
                await stack.enter_async_context(Session(self.database.pool))

    async def new_meeting(self) -> MeetingId:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            meeting = await uow.meetings.create(Meeting.create(title="Weekly"))
            await uow.commit()
        return meeting.id

    async def write(self, meeting_id: MeetingId) -> None:
        content = SegmentContent("We could do that on Thursday.", start_time=0, end_time=1, segment_id=1)
        with self.database.writing(DEFAULT_WORKSPACE_ID) as repositories:
            await repositories.segments.upsert(meeting_id, [content])


async def latencies(servers: Sequence[Server], rate: int, seconds: int, clock: Clock) -> tuple[list[float], float]:
    """Returns the milliseconds after each write until each other server has heard of it, and those of PostgreSQL's CPU."""
    meetings = [await servers[0].new_meeting() for _ in range(rate * seconds)]  # each is named by one write only
    for server in servers:
        server.heard.clear()
    written: dict[MeetingId, float] = {}

    async def write(server: Server, meeting: MeetingId) -> None:
        await server.write(meeting)
        written[meeting] = time.monotonic()

    (before,) = clock.settled()
    begin = time.monotonic()
    async with asyncio.TaskGroup() as writes:
        for number, meeting in enumerate(meetings):
            await asyncio.sleep(max(0.0, begin + number / rate - time.monotonic()))
            writes.create_task(write(servers[number % len(servers)], meeting))
    await until(lambda: all(len(server.heard) == len(meetings) for server in servers))
    used = clock.settled()[0] - before
    found = [
        max(0.0, server.heard[meeting] - written[meeting]) * 1000
        for number, meeting in enumerate(meetings)
        for server in servers
        if server is not servers[number % len(servers)]
    ]
    return found, used


def memory_bytes(directory: Path) -> int:
    """Returns the memory that PostgreSQL's processes have for themselves, and their share of what they have in common."""
    root = psutil.Process(int((directory / "postgres" / "postmaster.pid").read_text().split()[0]))
    total = 0
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total


async def measure(url: str, directory: Path, options: argparse.Namespace) -> Table:
    clock = Clock(int((directory / "postgres" / "postmaster.pid").read_text().split()[0]))
    servers = [Server(url, options.pool) for _ in range(options.servers)]
    await migrate(servers[0].database.engine)
    await ensure_workspace(servers[0].database.engine, DEFAULT_WORKSPACE_ID, "Bench")
    listeners = [asyncio.ensure_future(server.database.notifier.run()) for server in servers]
    for server in servers:
        await server.fill_pool(options.pool)
    connection = await asyncpg.connect(url)
    count = partial(connection.fetchval, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
    async with asyncio.timeout(60):
        while await count() < options.servers * (options.pool + 1):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    table = Table("what", "figure", title=f"{options.servers} servers with pools of {options.pool} on one PostgreSQL")
    table.add_row("connections", f"{await count():,}, {memory_bytes(directory) / 1e6:,.0f} MB")
    begin, (before,) = time.monotonic(), clock.settled()
    await asyncio.sleep(options.seconds)
    used = (clock.settled()[0] - before) / (time.monotonic() - begin)
    table.add_row("without writes", f"{used / 10:.1f} % of a core")
    for rate in options.rates:
        found, used = await latencies(servers, rate, options.seconds, clock)
        p50, p95, p99 = quantiles(found)
        table.add_row(
            f"{rate} writes/s, heard by {options.servers - 1} others",
            f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms; PostgreSQL {used / options.seconds / 10:.0f} % of a core",
        )
    await connection.close()
    for listener in listeners:
        listener.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)
    for server in servers:
        await server.database.close()
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=100)
    parser.add_argument("--pool", type=int, default=10)
    parser.add_argument("--rates", type=int, nargs="*", default=[10, 50, 100])
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    connections = options.servers * (options.pool + 1) + SPARE_CONNECTION_COUNT
    with postgres_directory() as directory:
        with embedded_postgres(directory) as url:
            uvloop.run(_allow(url, connections))
        with embedded_postgres(directory) as url:
            Console().print(uvloop.run(measure(url, directory, options)))


async def _allow(url: str, connections: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"ALTER SYSTEM SET max_connections = {connections}")
    await connection.close()


if __name__ == "__main__":
    main()
