"""`PYTHONPATH=clients/python python -m bench.config_workers`: how soon workers have a new configuration; what a restart costs.

One server process, PostgreSQL and all workers share this machine.

- config(): microseconds of one call, from memory.
- activation: from sending activateVariant to the answer of `config()` at PROBE_COUNT workers that use the Python library, while
  WORKERS connections follow all agents. `last` is the time until the last connection has the event.
- `--storm WORKERS`: as many workers lose their server (kill -9), which is started again: seconds from when it accepts
  connections until all have everything, and how many calls of `config()` failed meanwhile at PROBE_COUNT that use the library.
"""

import argparse
import asyncio
import logging
import resource
import signal
import time
import timeit
from contextlib import suppress
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from bench.live import Subscriber, join, quantiles, until
from rapporteur_client import AsyncClient, NoConfig
from rapporteur_client.backoff import Backoff
from rapporteur_client.config_feed import RESOLVED_CONFIGS_UPDATES
from tests.harness.client_processes import RestartableServer, restartable_server
from tests.harness.databases import postgres_directory, running_postgres
from tests.harness.servers import Api

AGENT_COUNT = 50
PROBE_COUNT = 5
ACTIVATION_COUNT = 100
ACTIVATION_PAUSE_SECONDS = 0.05
PROMPT = "You are exact and brief. Say who decided what, and what stays open. " * 15
START_TIMEOUT_SECONDS = 120.0


def make_agents(api: Api) -> tuple[str, list[str]]:
    """Makes the agents of the workspace. Returns the slug of one of them, and the ids of two variants of it."""
    made = [api.agent(f"Worker's {number}", systemPrompt=PROMPT) for number in range(AGENT_COUNT)]
    return made[0]["slug"], [api.variant(made[0], f"V{n}", temperature=n / 10)["id"] for n in range(2)]


def call_microseconds(client: AsyncClient, slug: str) -> float:
    """Returns what a call of `config()` takes, at best of five."""
    calls = 100_000
    return min(timeit.repeat(partial(client.config, slug), number=calls, repeat=5)) / calls * 1e6


class Activations(NamedTuple):
    """Milliseconds until `config()` of a probe answers anew, until the last connection knows, and of the server's CPU."""

    latencies: list[float]
    last: list[float]
    server_cpu: float


async def activation(server: RestartableServer, slug: str, variants: list[str], workers: int) -> Activations:
    frames: list[float] = []
    arrivals: list[float] = []
    others, probes = [], []
    for number in range(workers):
        if number % (workers // PROBE_COUNT) == 0:  # they are told in the order in which they came
            probe = AsyncClient(server.url)
            probe.start()
            assert await probe.wait_until_current(START_TIMEOUT_SECONDS)
            probe.on_change(lambda changed, answer: arrivals.append(time.monotonic()))
            probes.append(probe)
        else:
            variables = {"agentSlugs": None}
            receive = partial(_note_arrival, frames)
            others.append(await join(server.url, RESOLVED_CONFIGS_UPDATES, variables, receive))
    await until(lambda: len(frames) == len(others), START_TIMEOUT_SECONDS)
    process = psutil.Process(server.serving.process.pid)
    latencies, last = [], []
    loop = asyncio.get_running_loop()
    before = sum(process.cpu_times()[:2])
    for number in range(ACTIVATION_COUNT):
        frames.clear()
        arrivals.clear()
        begin = time.monotonic()
        activate = partial(server.api.run, "ActivateVariant", id=variants[number % 2])
        activating = loop.run_in_executor(None, activate)
        await until(lambda: len(arrivals) == len(probes) and len(frames) == len(others))
        await activating
        assert {probe.config(slug).config.variant_id for probe in probes} == {variants[number % 2]}
        latencies += [(arrival - begin) * 1000 for arrival in arrivals]
        last.append((frames[-1] - begin) * 1000)
        await asyncio.sleep(ACTIVATION_PAUSE_SECONDS)
    server_cpu = (sum(process.cpu_times()[:2]) - before) * 1000 / ACTIVATION_COUNT
    for other in others:
        other.close()
    for probe in probes:
        await probe.close()
    return Activations(latencies, last, server_cpu)


def _note_arrival(frames: list[float], frame: bytes) -> None:
    frames.append(time.monotonic())


class Follower(Subscriber):
    """A connection that follows all agents, and tells when it has everything and when it is lost."""

    def __init__(self, host: str) -> None:
        super().__init__(host, RESOLVED_CONFIGS_UPDATES, {"agentSlugs": None}, self._take)
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_current = False

    def _take(self, frame: bytes) -> None:
        assert b'"configs"' in frame, frame[:500]
        self.is_current = True

    def connection_lost(self, error: Exception | None) -> None:
        self.is_current = False
        self.lost.set_result(None)


class ReconnectingWorker:
    """Connects again as the library does. It reads no JSON: in one process, 2,000 that do would only measure themselves."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._follower: Follower | None = None
        self.losses = 0

    @property
    def is_current(self) -> bool:
        return self._follower is not None and self._follower.is_current

    async def run(self) -> None:
        backoff, loop = Backoff(), asyncio.get_running_loop()
        host, port = self._address.hostname or "", self._address.port or 0
        while True:
            with suppress(OSError):
                _, self._follower = await loop.create_connection(lambda: Follower(self._address.netloc), host, port)
                await self._follower.lost
                self.losses += 1
            await asyncio.sleep(backoff.next_pause())


async def storm(server: RestartableServer, slug: str, workers: int) -> tuple[float, int, int]:
    """Returns the seconds until all workers are current after a restart, the connections lost then, and the failed calls."""
    loop = asyncio.get_running_loop()
    others = [ReconnectingWorker(server.url) for _ in range(workers - PROBE_COUNT)]
    tasks = [asyncio.create_task(other.run()) for other in others]
    probes = [AsyncClient(server.url) for _ in range(PROBE_COUNT)]
    for probe in probes:
        probe.start()
    failed = 0

    def is_current() -> bool:
        nonlocal failed
        for probe in probes:
            try:
                probe.config(slug)
            except NoConfig:
                failed += 1
        return all(probe.last_error is None for probe in probes) and all(other.is_current for other in others)

    await asyncio.gather(*(probe.wait_until_current(START_TIMEOUT_SECONDS) for probe in probes))
    await until(is_current, START_TIMEOUT_SECONDS)
    failed = 0
    await loop.run_in_executor(None, server.end, signal.SIGKILL)
    await until(lambda: not any(other.is_current for other in others))
    await loop.run_in_executor(None, server.start)
    begin = time.monotonic()
    for other in others:
        other.losses = 0
    await until(is_current, START_TIMEOUT_SECONDS)
    seconds = time.monotonic() - begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, *(probe.close() for probe in probes), return_exceptions=True)
    return seconds, sum(other.losses for other in others), failed


async def measure(server: RestartableServer, options: argparse.Namespace) -> Table:
    table = Table("what", "figure", title=f"{options.workers:,} workers")
    slug, variants = make_agents(server.api)
    async with AsyncClient(server.url) as client:
        assert await client.wait_until_current(START_TIMEOUT_SECONDS)
        table.add_row("config() from memory", f"{call_microseconds(client, slug):.2f} µs")
    activations = await activation(server, slug, variants, options.workers)
    p50, p95, p99 = quantiles(activations.latencies)
    table.add_row("activation sent to config()", f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms")
    p50, p95, _ = quantiles(activations.last)
    table.add_row("the same, to the last worker", f"p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    table.add_row("the server's CPU for one", f"{activations.server_cpu:.0f} ms")
    if options.storm:
        seconds, lost, failed = await storm(server, slug, options.storm)
        table.add_row(
            f"{options.storm:,} workers after a restart",
            f"{seconds:.1f} s, {lost} connections lost on the way, {failed} failed calls",
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1_000)
    parser.add_argument("--storm", type=int, default=0, help="workers that lose their server, such as 2000")
    options = parser.parse_args()
    logging.getLogger("rapporteur_client").setLevel(logging.ERROR)  # thousands lose their server at once
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with (
        postgres_directory() as directory,
        running_postgres(directory) as postgres,
        postgres.database() as url,
        restartable_server(url) as server,
    ):
        Console().print(uvloop.run(measure(server, options)))


if __name__ == "__main__":
    main()
