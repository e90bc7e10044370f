"""`python -m bench.sizing`: how many meetings one machine holds live at once.

One server process, PostgreSQL, the writers and the subscribers share this machine, so a machine that only serves holds more.
Every live meeting gets one segment a second, first as a hypothesis and then as the final text, as a speech recogniser sends
them, and has SUBSCRIBERS WebSocket subscriptions. The number of meetings grows step by step until the latency from the commit
to the subscribers passes BOUND at the 95th percentile, or the writers cannot keep up.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from bench.__main__ import Clock
from bench.live import UPDATES, join, quantiles, until
from tests.harness.commands import Serving, serving
from tests.harness.databases import postgres_directory, running_postgres
from tests.harness.servers import segment

UPSERT = """
mutation ($meetingId: ID!, $segments: [SegmentInput!]!) {
  upsertSegments(meetingId: $meetingId, segments: $segments) { __typename ... on UpsertedSegments { created } }
}
"""
MAX_LATE_SECONDS = 1.0
"""The time by which writers may fall behind the clock; beyond it the machine does not keep up."""


@dataclass(frozen=True)
class Step:
    """The figures of one number of live meetings."""

    meetings: int
    latencies: tuple[float, float, float]
    """The 50th, 95th and 99th percentile, in milliseconds."""
    late: float
    """The seconds by which the last write was behind the clock."""
    server: float
    """The server's CPU, in cores."""
    postgres: float


async def step(server: Serving, clock: Clock, meetings: int, subscribers: int, seconds: int) -> Step:
    """Writes to so many meetings for some seconds, and returns what came of it."""
    arrivals: list[tuple[bytes, float]] = []
    caught_up = 0

    def receive(frame: bytes) -> None:
        nonlocal caught_up
        caught_up += 1
        now = time.time()
        arrivals.extend((part.partition(b'"')[0], now) for part in frame.split(b'"updatedAt":"')[1:])

    ids = [server.api.meeting(f"Live {number}")["id"] for number in range(meetings)]
    clients = [await join(server.url, UPDATES, {"meetingId": id}, receive) for id in ids for _ in range(subscribers)]
    await until(lambda: caught_up >= len(clients))
    before = clock.settled()
    async with asyncio.TaskGroup() as writers:
        begin = time.monotonic() + 1
        lags = [
            writers.create_task(speak(server.url, id, begin + nth / meetings, seconds)) for nth, id in enumerate(ids)
        ]
    await quiet(arrivals)
    used = [(after - start) / 1000 / seconds for after, start in zip(clock.settled(), before, strict=True)]
    for client in clients:
        client.close()
    found = [(at - datetime.fromisoformat(stamp.decode()).timestamp()) * 1000 for stamp, at in arrivals]
    return Step(meetings, quantiles(found), max(lag.result() for lag in lags), *used)


async def quiet(arrivals: list[tuple[bytes, float]]) -> None:
    """Returns when nothing has come for a second: a text that was revised before it was sent never comes."""
    seen = -1
    while seen < len(arrivals):
        seen = len(arrivals)
        await asyncio.sleep(1)


async def speak(url: str, meeting: str, begin: float, seconds: int) -> float:
    """Writes each segment twice in its second, and returns how late the last one was."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    for half in range(2 * seconds):
        spoken = segment(half // 2 + 1, isFinal=half % 2 == 1, text=f"We could do that on Thursday, {half} of us.")
        variables: dict[str, Any] = {"meetingId": meeting, "segments": [spoken]}
        body = orjson.dumps({"query": UPSERT, "variables": variables})
        headers = f"Host: {where.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        await asyncio.sleep(max(0.0, begin + half / 2 - time.monotonic()))
        writer.write(f"POST /graphql HTTP/1.1\r\n{headers}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        (length,) = (line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        answer = await reader.readexactly(int(length.partition(b":")[2]))
        assert b'"errors"' not in answer, answer
    writer.close()
    return time.monotonic() - begin - seconds + 0.5


async def grow(server: Serving, clock: Clock, options: argparse.Namespace) -> Table:
    table = Table(
        *("meetings", "writes/s", "events/s", "p50 ms", "p95 ms", "p99 ms", "server cores", "PostgreSQL cores", "held"),
        title=f"{options.subscribers} subscribers a meeting, within {options.bound} ms",
    )
    for meetings in options.meetings:
        found = await step(server, clock, meetings, options.subscribers, options.seconds)
        held = found.latencies[1] <= options.bound and found.late <= MAX_LATE_SECONDS
        figures = (f"{figure:.0f}" for figure in found.latencies)
        cores = (f"{found.server:.2f}", f"{found.postgres:.2f}")
        writes = 2 * meetings
        table.add_row(
            str(meetings), str(writes), str(writes * options.subscribers), *figures, *cores, "yes" if held else "no"
        )
        if not held:
            break
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meetings", type=int, nargs="+", default=[25, 50, 100, 200, 300, 400, 600, 800])
    parser.add_argument("--subscribers", type=int, default=5, help="of each meeting")
    parser.add_argument("--bound", type=int, default=250, help="milliseconds from the commit to 95 of 100 subscribers")
    parser.add_argument("--seconds", type=int, default=10, help="for each step")
    options = parser.parse_args()
    with (
        postgres_directory() as directory,
        running_postgres(directory) as postgres,
        postgres.database() as url,
        serving(database_url=url, demo="false") as server,
    ):
        pid = int((directory / "postgres" / "postmaster.pid").read_text().split()[0])
        Console().print(uvloop.run(grow(server, Clock(server.process.pid, pid), options)))


if __name__ == "__main__":
    main()
