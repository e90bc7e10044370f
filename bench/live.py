"""`python -m bench.live`: how fast live updates are, and what idle and stuck subscribers cost.

One server process, PostgreSQL and the subscribers share this machine. Subscribers run in a process of their own, on plain
asyncio and `websockets`' sans-I/O protocol, so that reading does not cost more than serving.

- fan-out: SUBSCRIBERS WebSocket subscriptions of one meeting that gets RATE upserts a second. Latency is counted from the
  segment's `updatedAt`, which PostgreSQL takes from its clock just before the commit, to the moment a subscriber has the
  frame, over all subscribers and upserts.
- activation: from sending activateVariant to the event at a worker.
- idle: IDLE subscriptions in one process: CPU and statements in a few seconds, memory per subscription.
- stuck: a reader that never reads: how long until its connection is ended, and the server's memory meanwhile.
"""

import argparse
import asyncio
import base64
import os
import statistics
import struct
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import orjson
import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from server.wire.graphql_files import operation
from tests.harness.commands import Serving, serving
from tests.harness.databases import postgres_directory, running_postgres
from tests.harness.servers import segment

UPDATES = """
subscription ($meetingId: ID!, $after: String) {
  segmentUpdates(meetingId: $meetingId, after: $after) { cursor segments { text updatedAt } }
}
"""


class Subscriber(asyncio.Protocol):
    """A WebSocket client that knows just what it needs: it joins, subscribes, and hands each text frame to `receive`."""

    def __init__(self, host: str, query: str, variables: dict[str, Any], receive: Callable[[bytes], None]) -> None:
        self._host = host
        self._start = {"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}}
        self._receive = receive
        self._buffer = bytearray()
        self._joined = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /graphql HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._joined:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            assert self._buffer.startswith(b"HTTP/1.1 101"), bytes(self._buffer[:200])
            del self._buffer[: end + 4]
            self._joined = True
            self._send({"type": "connection_init"})
        while (frame := self._frame()) is not None:
            if frame.startswith(b'{"type":"connection_ack"'):
                self._send(self._start)
            elif frame.startswith(b'{"type":"ping"'):
                self._send({"type": "pong"})
            else:
                self._receive(frame)

    def _frame(self) -> bytes | None:
        """Returns the payload of the next frame (RFC 6455, 5.2), or None if a part of the frame is still missing."""
        if len(self._buffer) < 2:
            return None
        length, start = self._buffer[1] & 127, 2
        if length >= 126:
            size = 2 if length == 126 else 8
            if len(self._buffer) < start + size:
                return None
            length = int.from_bytes(self._buffer[start : start + size], "big")
            start += size
        if len(self._buffer) < start + length:
            return None
        payload = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        return payload

    def _send(self, message: dict[str, Any]) -> None:
        payload = orjson.dumps(message)
        size = (
            bytes([0x81, 0x80 | len(payload)]) if len(payload) < 126 else b"\x81\xfe" + struct.pack(">H", len(payload))
        )
        self._transport.write(size + b"\0\0\0\0" + payload)  # masked, with zeros

    def pause(self) -> None:
        self._transport.pause_reading()

    def close(self) -> None:
        self._transport.close()


async def join(url: str, query: str, variables: dict[str, Any], receive: Callable[[bytes], None]) -> Subscriber:
    where = urlsplit(url)
    assert where.hostname
    assert where.port
    _, subscriber = await asyncio.get_running_loop().create_connection(
        lambda: Subscriber(where.netloc, query, variables, receive), where.hostname, where.port
    )
    return subscriber


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Waits until a condition holds. It polls, which disturbs no figure, as nothing is measured meanwhile."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def quantiles(latencies: list[float]) -> tuple[float, float, float]:
    hundredths = statistics.quantiles(latencies, n=100)
    return hundredths[49], hundredths[94], hundredths[98]


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def fan_out(server: Serving, subscribers: int, rate: int, seconds: int) -> tuple[list[float], float]:
    """Returns the latencies of all updates, in milliseconds, and the server's CPU for each event, in microseconds."""
    process = psutil.Process(server.process.pid)
    meeting = server.api.meeting("Fan-out")["id"]
    received = 0
    arrivals: list[tuple[bytes, float]] = []

    def receive(frame: bytes) -> None:
        nonlocal received
        received += 1
        now = time.time()
        updates = frame.split(b'"updatedAt":"')[1:]  # one event has all updates that came close together
        arrivals.extend((update.partition(b'"')[0], now) for update in updates)

    clients = [await join(server.url, UPDATES, {"meetingId": meeting}, receive) for _ in range(subscribers)]
    await until(lambda: received == subscribers)
    used = cpu_seconds(process)
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
        begin = time.monotonic()
        for number in range(1, rate * seconds + 1):
            await asyncio.sleep(max(0.0, begin + number / rate - time.monotonic()))
            body = {
                "query": operation("UpsertSegments"),
                "variables": {"meetingId": meeting, "segments": [segment(number)]},
            }
            response = await http.post("/graphql", json=body)
            assert response.json()["data"]["upsertSegments"]["created"] == 1
    await until(lambda: len(arrivals) >= subscribers * rate * seconds, 30)
    used = cpu_seconds(process) - used
    stamps = {stamp: datetime.fromisoformat(stamp.decode()).timestamp() for stamp, _ in arrivals}
    latencies = [(at - stamps[stamp]) * 1000 for stamp, at in arrivals]
    for client in clients:
        client.close()
    return latencies, used / (received - subscribers) * 1e6


async def activation(server: Serving, times: int) -> list[float]:
    """Returns the latencies of all updates, in milliseconds."""
    agent = server.api.agent("Worker's")
    variants = [server.api.variant(agent, f"V{n}", temperature=n / 10) for n in range(2)]
    arrivals: list[float] = []
    query = "subscription ($id: ID!) { resolvedConfigUpdates(agentId: $id) { variantId temperature } }"
    worker = await join(server.url, query, {"id": agent["id"]}, lambda _: arrivals.append(time.monotonic()))
    await until(lambda: len(arrivals) == 1)
    latencies = []
    loop = asyncio.get_running_loop()
    for n in range(times):
        seen = len(arrivals)
        begin = time.monotonic()
        await loop.run_in_executor(None, partial(server.api.run, "ActivateVariant", id=variants[n % 2]["id"]))
        await until(partial(lambda seen: len(arrivals) > seen, seen))
        latencies.append((arrivals[seen] - begin) * 1000)
    worker.close()
    return latencies


async def idle(server: Serving, subscriptions: int, seconds: int) -> tuple[float, float]:
    """Returns the kilobytes of memory per subscription, and the CPU in per cent of one core."""
    process = psutil.Process(server.process.pid)
    meetings = [server.api.meeting(f"Idle {n}")["id"] for n in range(50)]
    before = process.memory_info().rss
    received = 0

    def receive(_: bytes) -> None:
        nonlocal received
        received += 1

    clients = [await join(server.url, UPDATES, {"meetingId": meetings[n % 50]}, receive) for n in range(subscriptions)]
    await until(lambda: received == subscriptions, 120)
    memory = (process.memory_info().rss - before) / subscriptions / 1000
    used = cpu_seconds(process)
    await asyncio.sleep(seconds)
    used = cpu_seconds(process) - used
    for client in clients:
        client.close()
    return memory, used / seconds * 100


async def stuck(server: Serving) -> tuple[float, float]:
    """Returns after how many seconds a client that never reads is cut off, and by how many megabytes the memory grew."""
    process = psutil.Process(server.process.pid)
    meeting = server.api.meeting("Stuck")["id"]
    received: list[bytes] = []
    client = await join(server.url, UPDATES, {"meetingId": meeting}, received.append)
    await until(lambda: len(received) == 1)
    client.pause()
    before = process.memory_info().rss
    begin = time.monotonic()
    loop = asyncio.get_running_loop()
    number = 0
    connections = len(process.net_connections())
    while len(process.net_connections()) >= connections and time.monotonic() - begin < 60:
        number += 1
        segments = [segment(n, text=f"{number} " + "x" * 10_000) for n in range(1, 51)]
        write = partial(server.api.run, "UpsertSegments", meetingId=meeting, segments=segments)
        await loop.run_in_executor(None, write)
    return time.monotonic() - begin, (process.memory_info().rss - before) / 1e6


async def measure(server: Serving, options: argparse.Namespace) -> Table:
    table = Table("what", "figure", title="live updates")
    latencies, cpu = await fan_out(server, options.subscribers, options.rate, options.seconds)
    p50, p95, p99 = quantiles(latencies)
    table.add_row(
        f"commit to subscriber, {options.subscribers:,} subscribers, {options.rate}/s",
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, {len(latencies):,} updates",
    )
    table.add_row("the server's CPU for each event sent", f"{cpu:.0f} µs")
    p50, p95, p99 = quantiles(await activation(server, 100))
    table.add_row("activation sent to worker", f"p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    memory, cpu = await idle(server, options.idle, 15)
    table.add_row(f"{options.idle:,} idle subscriptions", f"{memory:.1f} KB each, {cpu:.1f} % of a core")
    seconds, grown = await stuck(server)
    table.add_row("a reader that never reads", f"ended after {seconds:.0f} s, server grew by {grown:.0f} MB")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=10, help="upserts a second")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--idle", type=int, default=5_000)
    options = parser.parse_args()
    with (
        postgres_directory() as directory,
        running_postgres(directory) as postgres,
        postgres.database() as url,
        serving(database_url=url, demo="false") as server,
    ):
        Console().print(uvloop.run(measure(server, options)))


if __name__ == "__main__":
    main()
