"""A closed loop of requests, for a process of its own: `python -m bench.load_client` with a `Load` as JSON on standard input.

Each connection sends its next request when the answer to the last one is there, and the next body of the list each time. Plain
asyncio, as a client that costs more than the server would measure itself.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import cast
from urllib.parse import urlsplit

import orjson
import uvloop

ANSWER_TIMEOUT_SECONDS = 30.0
"""The time that the last answers may take, after the load has ended."""


@dataclass(frozen=True)
class Load:
    url: str
    bodies: list[str]
    connections: int
    seconds: float


@dataclass(frozen=True)
class Result:
    """Latencies are in milliseconds."""

    requests: int
    seconds: float
    bytes: int
    p50: float
    p99: float


class LoadConnection(asyncio.Protocol):
    """Sends one request after the other until the time is up, and then closes."""

    def __init__(self, requests: list[bytes], start: int, end: float) -> None:
        self._requests = requests
        self._next = start
        self._end = end
        self._buffer = bytearray()
        self._wanted: int | None = None
        self.times: list[float] = []
        self.bytes = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._requests[self._next % len(self._requests)])
        self._next += 1

    def data_received(self, data: bytes) -> None:
        try:
            self._read(data)
        except AssertionError as error:  # the loop would only log the error
            self.done.set_exception(error)
            self._transport.close()

    def _read(self, data: bytes) -> None:
        self._buffer += data
        if self._wanted is None:
            head, found, _ = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 200 "), head
            (length,) = (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            self._wanted = len(head) + 4 + int(length.partition(b":")[2])
        if len(self._buffer) < self._wanted:
            return
        assert b'"errors"' not in self._buffer[:1000], bytes(self._buffer[:1000])
        self.times.append((time.perf_counter() - self._sent) * 1000)
        self.bytes += self._wanted
        self._buffer.clear()
        self._wanted = None
        if time.perf_counter() < self._end:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def run(load: Load) -> Result:
    where = urlsplit(load.url)
    assert where.hostname
    assert where.port
    head = f"POST {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\nContent-Length: "
    requests = [f"{head}{len(body.encode())}\r\n\r\n{body}".encode() for body in load.bodies]
    begin = time.perf_counter()
    loop, connections = asyncio.get_running_loop(), []
    for number in range(load.connections):
        start = number * len(requests) // load.connections  # so that they do not write to the same meetings in step
        _, connection = await loop.create_connection(
            lambda start=start: LoadConnection(requests, start, begin + load.seconds),  # type: ignore[misc]
            where.hostname,
            where.port,
        )
        connections.append(connection)
    async with asyncio.timeout(load.seconds + ANSWER_TIMEOUT_SECONDS):
        await asyncio.gather(*(connection.done for connection in connections))
    times = sorted(time for connection in connections for time in connection.times)
    hundredths = statistics.quantiles(times, n=100)
    size = sum(connection.bytes for connection in connections)
    return Result(len(times), time.perf_counter() - begin, size, hundredths[49], hundredths[98])


def in_a_process(load: Load) -> Result:
    """Sends the load from a process of its own. Raises CalledProcessError if an answer is an error."""
    command = [sys.executable, "-m", "bench.load_client"]
    done = subprocess.run(command, input=orjson.dumps(asdict(load)), stdout=subprocess.PIPE, check=True)
    return Result(**orjson.loads(done.stdout))


if __name__ == "__main__":
    result = uvloop.run(run(Load(**orjson.loads(sys.stdin.read()))))
    sys.stdout.write(orjson.dumps(asdict(result)).decode())
