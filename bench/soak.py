"""`python -m bench.soak`: readers and writers through kills, and nothing may be lost.

Two `rapporteur serve` stand on one PostgreSQL. Writers create, revise and delete segments through both; readers follow the
meetings over WebSocket: they come, lag, leave, break off, and go on from their cursor at either server. Every few seconds a
server, or PostgreSQL's postmaster, is killed (kill -9) and started again. In the end every reader drains, and must have what
the table has; the table must have what was acknowledged; and no reader may ever have got an older text after a newer one.

It ends with exit code 1 if anything of that is not so.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from server.wire.graphql_files import operation
from tests.harness.commands import Serving, run, serving
from tests.harness.databases import postgres_directory, running_postgres

MEETINGS = 4
OWN = 60
"""Segments of each writer in each meeting: only it writes them, so what the table must hold is known."""
SHARED = range(1, 11)
"""Segments that all writers write."""
CROWD = range(10_000, 13_000)
"""Segments that are all written now and then, a thousand after the other: each as many as a page of the hub's."""
SIZES = (1, 3, 10, 100, 1000)
"""Of the readers' batches."""
CALM, DOWN = 5.0, 1.5
"""Seconds between kills, and for which PostgreSQL stays down."""
DRAIN = 60.0
"""Seconds in which every reader must get what it has not got yet, once all is calm."""

CURSOR = "query ($id: ID!) { meeting(id: $id) { updatesCursor } }"
PAGE = """
query ($id: ID!, $after: String) {
  meeting(id: $id) {
    segments(first: 1000, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { segmentId version text speaker startTime endTime isFinal confidence }
    }
  }
}
"""
CONTENT = ("version", "text", "speaker", "startTime", "endTime", "isFinal", "confidence")
Transcript = dict[int, tuple[Any, ...]]
"""Of each segment the fields of CONTENT."""


def transcript(segments: list[dict[str, Any]]) -> Transcript:
    return {segment["segmentId"]: tuple(segment[name] for name in CONTENT) for segment in segments}


class Refused(Exception):
    """The server answered with an error that says: later."""


@dataclass
class Soak:
    """What all take part in: where the servers are, when to stop, what was counted and what went wrong."""

    urls: list[str]
    meetings: list[str]
    counts: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def wrong(self, what: str) -> None:
        self.counts["wrongs"] += 1
        if len(self.wrongs) < 50:
            self.wrongs.append(what)

    async def rest(self, seconds: float) -> None:
        """Wait, but not past the stop."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stopping.wait()

    async def ask(self, client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
        """The value of the query's only field, from any server, when there is one that can answer."""
        while True:
            try:
                return await self._ask(client, random.choice(self.urls), query, variables)
            except (httpx.HTTPError, Refused):
                self.counts["requests tried again"] += 1
                await asyncio.sleep(random.uniform(0.05, 0.3))

    async def _ask(self, client: httpx.AsyncClient, url: str, query: str, variables: dict[str, Any]) -> Any:
        response = await client.post(f"{url}/graphql", json={"query": query, "variables": variables})
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise Refused from error  # cut off in the middle
        if errors := answer.get("errors"):
            if {error["extensions"].get("code") for error in errors} != {"SERVICE_UNAVAILABLE"}:
                self.wrong(f"a request was answered {errors}")
            raise Refused
        (value,) = answer["data"].values()
        if "code" in value:
            self.wrong(f"a request was answered {value}")
        return value


class Writer:
    """Writes until the stop; each write is repeated until it is acknowledged."""

    def __init__(self, soak: Soak, number: int) -> None:
        self._soak = soak
        self._draw = random.Random(number)
        self._own = range(100 + number * OWN, 100 + (number + 1) * OWN)
        self._revision = 0
        self.acknowledged: dict[str, dict[int, str | None]] = {meeting: {} for meeting in soak.meetings}
        """The text of each of its own segments; None where it was deleted."""

    async def run(self, pace: float) -> None:
        async with httpx.AsyncClient(timeout=15) as client:
            while not self._soak.stopping.is_set():
                await self._write(client, self._draw.choice(self._soak.meetings))
                await self._soak.rest(self._draw.uniform(0, 2 * pace))

    async def _write(self, client: httpx.AsyncClient, meeting: str) -> None:
        own = self._draw.sample(self._own, self._draw.randint(1, 6))
        what = self._draw.choices(["upsert", "again", "delete", "crowd"], [70, 10, 19, 1])[0]
        if what == "delete":
            await self._soak.ask(client, operation("DeleteSegments"), meetingId=meeting, segmentIds=own)
            self.acknowledged[meeting].update(dict.fromkeys(own))
        else:
            shared = self._draw.sample(SHARED, 2)
            segments = [self._segment(number) for number in [*own, *shared]]
            for _ in range(2 if what == "again" else 1):
                await self._soak.ask(client, operation("UpsertSegments"), meetingId=meeting, segments=segments)
            self.acknowledged[meeting].update({one["segmentId"]: one["text"] for one in segments[: len(own)]})
            for start in range(0, len(CROWD) if what == "crowd" else 0, 1000):
                segments = [self._segment(number) for number in CROWD[start : start + 1000]]
                await self._soak.ask(client, operation("UpsertSegments"), meetingId=meeting, segments=segments)
        self._soak.counts["writes"] += 1

    def _segment(self, number: int) -> dict[str, Any]:
        self._revision += 1
        text = f"{number} as {self._own.start} says it at {self._revision} {'and so on ' * self._draw.randint(0, 20)}"
        fields = {"speaker": f"Speaker {self._draw.randint(1, 5)}", "isFinal": self._draw.random() < 0.5}
        return {"segmentId": number, "text": text, "startTime": number, "endTime": number + 1, **fields}


class Broken(Exception):
    """The stream is over for now: the cursor is where to go on."""


class Reader:
    """Follows one meeting, now at one server and now at the other."""

    def __init__(self, soak: Soak, number: int) -> None:
        self._soak = soak
        self._draw = random.Random(1000 + number)
        self.name = f"reader {number}"
        self.meeting = soak.meetings[number % len(soak.meetings)]
        self._forget()

    def _forget(self) -> None:
        self.cursor: str | None = None
        self.transcript: Transcript = {}
        self._seen: dict[int, int] = {}
        """Of each segment the version that it has at least; a deletion counts as one."""

    async def run(self) -> None:
        while not self._soak.stopping.is_set():
            with contextlib.suppress(Broken):
                await self._visit(self._draw.choice(self._soak.urls), self._draw.choice(SIZES), self._follow)
            self._soak.counts["visits"] += 1
            if self._draw.random() < 0.05:
                self._forget()
            await self._soak.rest(self._draw.choice([0, 0.1, 0.5, 1, 4]))

    async def drain(self, number: int, end: str) -> None:
        """Read up to the cursor after which nothing was written; the servers are up, so nothing may break."""

        async def to_the_end(socket: ClientConnection) -> None:
            while not await self._next(socket, end):
                pass

        while True:
            try:
                await self._visit(self._soak.urls[number % 2], max(SIZES), to_the_end)
            except Broken:
                self._soak.counts["broken while draining"] += 1
            else:
                return

    async def _visit(self, url: str, size: int, read: Callable[[ClientConnection], Awaitable[None]]) -> None:
        """Subscribe after the cursor and read. Raises Broken."""
        options: dict[str, Any] = {"proxy": None, "ping_interval": None, "max_size": None, "close_timeout": 2}
        protocol = Subprotocol("graphql-transport-ws")
        address = url.replace("http", "ws") + "/graphql"
        try:
            async with connect(address, subprotocols=[protocol], max_queue=4, open_timeout=10, **options) as socket:
                await socket.send('{"type":"connection_init"}')
                variables = {"meetingId": self.meeting, "after": self.cursor, "batchSize": size}
                payload = {"query": operation("SegmentUpdates"), "variables": variables}
                subscribe = {"type": "subscribe", "id": "1", "payload": payload}
                await socket.send(orjson.dumps(subscribe).decode())
                await read(socket)
        except (OSError, TimeoutError, WebSocketException) as error:
            self._soak.counts["connections broken"] += 1
            raise Broken from error

    async def _follow(self, socket: ClientConnection) -> None:
        """Read for a while, at times slower than it comes; then leave, at times without a word."""
        lag = self._draw.choice([0, 0, 0, 0.05, 0.5])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._draw.uniform(0.1, 8)):
                while not self._soak.stopping.is_set():
                    await self._next(socket, None)
                    if lag:
                        await asyncio.sleep(lag)
        match self._draw.randint(1, 3):
            case 1:
                socket.transport.abort()
            case 2:
                await socket.send('{"type":"complete","id":"1"}')

    async def _next(self, socket: ClientConnection, end: str | None) -> bool:
        """Take the next message; says whether it was the last up to `end`."""
        message = orjson.loads(await socket.recv())
        match message["type"]:
            case "next":
                updates = message["payload"]["data"]["segmentUpdates"]
                self._take(updates)
                return bool(updates["caughtUp"] and updates["cursor"] == end)
            case "ping":
                await socket.send('{"type":"pong"}')
            case "error":
                codes = {error["extensions"].get("code") for error in message["payload"]}
                if codes != {"SERVICE_UNAVAILABLE"}:
                    self._soak.wrong(f"{self.name} was refused: {message['payload']}")
                self._soak.counts["subscriptions refused"] += 1
                raise Broken
            case "complete":
                self._soak.wrong(f"{self.name}: the stream of a meeting that is there has completed")
                raise Broken
        return False

    def _take(self, updates: dict[str, Any]) -> None:
        counts = self._soak.counts
        counts["events"] += 1
        for number in updates["deletedSegmentIds"]:
            counts["deletions read"] += 1
            self._seen[number] = self._seen.get(number, 0) + 1
            self.transcript.pop(number, None)
        for segment in updates["segments"]:
            counts["segments read"] += 1
            number, version = segment["segmentId"], segment["version"]
            if version <= self._seen.get(number, 0):
                counts["gone backwards"] += 1
                self._soak.wrong(f"{self.name}: {number} is {version} after {self._seen[number]}")
            self._seen[number] = version
        self.transcript |= transcript(updates["segments"])
        self.cursor = updates["cursor"]


class Site:
    """Two servers on one PostgreSQL, all of which can be killed."""

    def __init__(self, directory: Path, database_url: str) -> None:
        self._directory = directory
        self._database_url = database_url
        self._stacks = [ExitStack(), ExitStack()]
        self.servers = [self._serve(number) for number in range(2)]

    def _serve(self, number: int) -> Serving:
        return self._stacks[number].enter_context(serving(database_url=self._database_url, demo="false"))

    def kill_server(self, number: int) -> None:
        self.servers[number].kill()

    def start_server(self, number: int) -> str:
        """Start it anew, on another port; gives its URL."""
        self._stacks[number].close()
        self.servers[number] = self._serve(number)
        return self.servers[number].url

    def kill_postgres(self) -> None:
        """The postmaster dies at once, and its children when they notice; only then can another take the directory."""
        postmaster = psutil.Process(int((self._directory / "postgres" / "postmaster.pid").read_text().split()[0]))
        family = [postmaster, *postmaster.children(recursive=True)]
        os.kill(postmaster.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(family, timeout=30)
        for process in alive:  # who waits for a lock of one that is gone does not notice
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def start_postgres(self) -> None:
        """As an operator can: whoever asks for the embedded server's URL starts it."""
        started = run("database-url", data_dir=str(self._directory))
        assert started.returncode == 0, started.stderr

    def close(self) -> None:
        for stack in self._stacks:
            stack.close()


async def disturb(soak: Soak, site: Site) -> None:
    """Kill, and start again, in turn."""
    turn = 0
    while True:
        await soak.rest(CALM)
        if soak.stopping.is_set():
            return
        match turn % 4:
            case 0 | 2 as even:
                await restart_server(soak, site, even // 2)
            case 1:
                await restart_postgres(soak, site)
            case _:  # both at once
                site.kill_server(0)
                await restart_postgres(soak, site)
                await restart_server(soak, site, 0)
        turn += 1


async def restart_server(soak: Soak, site: Site, number: int) -> None:
    site.kill_server(number)
    soak.counts["servers killed"] += 1
    soak.urls[number] = await asyncio.to_thread(site.start_server, number)


async def restart_postgres(soak: Soak, site: Site) -> None:
    await asyncio.to_thread(site.kill_postgres)
    soak.counts["PostgreSQL killed"] += 1
    await asyncio.sleep(DOWN)
    await asyncio.to_thread(site.start_postgres)


async def soak(site: Site, seconds: float, writers: int, readers: int, pace: float) -> Soak:
    async with httpx.AsyncClient(timeout=15) as client:
        it = Soak([server.url for server in site.servers], [])
        for number in range(MEETINGS):
            created = await it.ask(client, operation("CreateMeeting"), input={"title": f"Meeting {number}"})
            it.meetings.append(created["id"])
        all_writers = [Writer(it, number) for number in range(writers)]
        all_readers = [Reader(it, number) for number in range(readers)]
        async with asyncio.timeout(seconds + 120), asyncio.TaskGroup() as group:
            for writer in all_writers:
                group.create_task(writer.run(pace))
            for reader in all_readers:
                group.create_task(reader.run())
            group.create_task(disturb(it, site))
            await asyncio.sleep(seconds)
            it.stopping.set()
        await compare(it, client, all_writers, all_readers)
    return it


async def compare(it: Soak, client: httpx.AsyncClient, writers: list[Writer], readers: list[Reader]) -> None:
    """Every reader drains; what it has, what the table has and what was acknowledged must be the same."""
    ends = {id: (await it.ask(client, CURSOR, id=id))["updatesCursor"] for id in it.meetings}
    tables = {id: await table(it, client, id) for id in it.meetings}
    it.counts["segments in the tables"] = sum(map(len, tables.values()))
    newcomers = [Reader(it, len(readers) + number) for number in range(2 * MEETINGS)]
    everyone = [*readers, *newcomers]
    drains = (asyncio.wait_for(reader.drain(n, ends[reader.meeting]), DRAIN) for n, reader in enumerate(everyone))
    results = await asyncio.gather(*drains, return_exceptions=True)
    for reader, result in zip(everyone, results, strict=True):
        if isinstance(result, TimeoutError):
            it.counts["never caught up"] += 1
            it.wrong(f"{reader.name} did not get to the end in {DRAIN} s")
        elif isinstance(result, BaseException):
            raise result
        lost = {number for number, _ in reader.transcript.items() ^ tables[reader.meeting].items()}
        it.counts["losses"] += len(lost)
        if lost:
            it.wrong(f"{reader.name} has other segments than the table: {sorted(lost)[:10]}")
    for writer in writers:
        for id, texts in writer.acknowledged.items():
            stored = {number: tables[id][number][1] if number in tables[id] else None for number in texts}
            lost = {number for number, text in texts.items() if stored[number] != text}
            it.counts["acknowledged writes lost"] += len(lost)
            if lost:
                it.wrong(f"acknowledged and not in the table: {sorted(lost)[:10]} of {id}")


async def table(it: Soak, client: httpx.AsyncClient, meeting: str) -> Transcript:
    found: Transcript = {}
    after = None
    while True:
        page = (await it.ask(client, PAGE, id=meeting, after=after))["segments"]
        found |= transcript(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@contextmanager
def none_left(directory: Path) -> Iterator[None]:
    """Stops at the end the PostgreSQL that the site has started; who started the first one no longer knows it."""
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
            postmaster = psutil.Process(int((directory / "postgres" / "postmaster.pid").read_text().split()[0]))
            postmaster.send_signal(signal.SIGINT)
            psutil.wait_procs([postmaster], timeout=30)


@contextmanager
def site() -> Iterator[Site]:
    with postgres_directory() as directory, none_left(directory), running_postgres(directory) as postgres:
        # The harness leaves syncing out; here what was acknowledged must be on the disk.
        postgres.run("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()")
        with postgres.database() as url:
            built = Site(directory, url)
            try:
                yield built
            finally:
                built.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long it is written (default: 60)")
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--readers", type=int, default=40)
    parser.add_argument("--pace", type=float, default=0.1, help="seconds between a writer's writes, on average")
    given = parser.parse_args()
    start = time.monotonic()
    with site() as place:
        done = asyncio.run(soak(place, given.seconds, given.writers, given.readers, given.pace))
    shown = Table(
        title=f"{given.writers} writers, {given.readers} readers, {given.seconds:.0f} s of writing", min_width=50
    )
    shown.add_column("")
    shown.add_column("", justify="right")
    for name in ("losses", "gone backwards", "acknowledged writes lost", "never caught up", "wrongs"):
        done.counts[name] += 0
    for name, count in sorted(done.counts.items()):
        shown.add_row(name, f"{count:,}")
    shown.add_row("seconds in all", f"{time.monotonic() - start:.0f}")
    console = Console(soft_wrap=True)
    console.print(shown)
    for wrong in done.wrongs:
        console.print(wrong, style="red", markup=False, highlight=False)
    sys.exit(1 if done.counts["wrongs"] else 0)


if __name__ == "__main__":
    main()
