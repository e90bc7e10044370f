"""`PYTHONPATH=clients/python python -m bench.workers`: how soon workers have a new configuration, and what a restart costs.

One server process, PostgreSQL and all workers share this machine.

- config(): microseconds of one call, from memory.
- activation: from sending activateVariant to the answer of `config()` at PROBES workers that use the Python library, while
  WORKERS connections follow all agents. `last` is the time until the last connection has the event.
- `--storm WORKERS`: as many workers with the library lose their server (kill -9), which is started again: seconds from then, as
  soon as it accepts connections, until all have their configurations, and how many calls of `config()` failed meanwhile.
"""

import argparse
import asyncio
import resource
import signal
import statistics
import time
import timeit
from functools import partial

import uvloop
from rich.console import Console
from rich.table import Table

from bench.live import join, quantiles, until
from rapporteur_client import AsyncClient, NoConfig
from rapporteur_client.config_feed import RESOLVED_CONFIGS_UPDATES
from tests.harness.client_processes import RestartableServer, restartable_server
from tests.harness.databases import postgres_directory, running_postgres
from tests.harness.servers import Api

AGENTS = 50
PROBES = 5
ACTIVATIONS = 100
ACTIVATION_PAUSE_SECONDS = 0.05
PROMPT = "You are exact and brief. Say who decided what, and what stays open. " * 15
START_TIMEOUT_SECONDS = 120.0
FILES_PER_WORKER = 2
"""File descriptors of a worker in this process, with something to spare."""


def make_agents(api: Api) -> tuple[str, list[str]]:
    """Makes the agents of the workspace. Returns the slug of one of them, and the ids of two variants of it."""
    made = [api.agent(f"Worker's {number}", systemPrompt=PROMPT) for number in range(AGENTS)]
    return made[0]["slug"], [api.variant(made[0], f"V{n}", temperature=n / 10)["id"] for n in range(2)]


def call_microseconds(client: AsyncClient, slug: str) -> float:
    """Returns what a call of `config()` takes, at best of five."""
    calls = 100_000
    return min(timeit.repeat(partial(client.config, slug), number=calls, repeat=5)) / calls * 1e6


async def activation(
    server: RestartableServer, slug: str, variants: list[str], workers: int
) -> tuple[list[float], list[float]]:
    """Returns the milliseconds until `config()` of each probe answers anew, and until the last of all connections knows."""
    frames: list[float] = []

    def receive(frame: bytes) -> None:
        frames.append(time.monotonic())

    variables = {"agentSlugs": None}
    others = [await join(server.url, RESOLVED_CONFIGS_UPDATES, variables, receive) for _ in range(workers - PROBES)]
    await until(lambda: len(frames) == len(others), START_TIMEOUT_SECONDS)
    probes = [AsyncClient(server.url) for _ in range(PROBES)]
    arrivals: list[float] = []
    for probe in probes:
        probe.start()
        assert await probe.wait_until_current(START_TIMEOUT_SECONDS)
        probe.on_change(lambda changed, answer: arrivals.append(time.monotonic()))
    latencies, last = [], []
    loop = asyncio.get_running_loop()
    for number in range(ACTIVATIONS):
        frames.clear()
        arrivals.clear()
        begin = time.monotonic()
        activate = partial(server.api.run, "ActivateVariant", id=variants[number % 2])
        activating = loop.run_in_executor(None, activate)
        await until(lambda: len(arrivals) == PROBES and len(frames) == len(others))
        await activating
        assert {probe.config(slug).config.variant_id for probe in probes} == {variants[number % 2]}
        latencies += [(arrival - begin) * 1000 for arrival in arrivals]
        last.append((frames[-1] - begin) * 1000)
        await asyncio.sleep(ACTIVATION_PAUSE_SECONDS)
    for other in others:
        other.close()
    for probe in probes:
        await probe.close()
    return latencies, last


async def storm(server: RestartableServer, slug: str, variant: str, workers: int) -> tuple[float, int]:
    """Returns the seconds until all workers are current after a restart, and the number of failed calls."""
    clients = [AsyncClient(server.url) for _ in range(workers)]
    for client in clients:
        client.start()
    waits = (client.wait_until_current(START_TIMEOUT_SECONDS) for client in clients)
    assert all(await asyncio.gather(*waits))
    failed = 0

    def current() -> int:
        nonlocal failed
        count = 0
        for client in clients:
            try:
                count += client.config(slug).config.variant_id == variant and client.last_error is None
            except NoConfig:
                failed += 1
        return count

    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, server.end, signal.SIGKILL)
    await until(lambda: all(client.last_error is not None for client in clients))
    await loop.run_in_executor(None, server.start)
    begin = time.monotonic()
    await loop.run_in_executor(None, partial(server.api.run, "ActivateVariant", id=variant))
    await until(lambda: current() == workers, START_TIMEOUT_SECONDS)
    seconds = time.monotonic() - begin
    await asyncio.gather(*(client.close() for client in clients))
    return seconds, failed


async def measure(server: RestartableServer, options: argparse.Namespace) -> Table:
    table = Table("what", "figure", title="workers")
    slug, variants = make_agents(server.api)
    async with AsyncClient(server.url) as client:
        assert await client.wait_until_current(START_TIMEOUT_SECONDS)
        table.add_row("config() from memory", f"{call_microseconds(client, slug):.2f} µs")
    latencies, last = await activation(server, slug, variants, options.workers)
    p50, p95, p99 = quantiles(latencies)
    table.add_row(
        f"activation sent to config(), {options.workers:,} workers",
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms",
    )
    table.add_row(
        "the same, to the last of them", f"p50 {statistics.median(last):.0f} ms, p95 {quantiles(last)[1]:.0f} ms"
    )
    if options.storm:
        seconds, failed = await storm(server, slug, variants[0], options.storm)
        table.add_row(f"{options.storm:,} workers after a restart", f"{seconds:.1f} s, {failed} failed calls")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1_000)
    parser.add_argument("--storm", type=int, default=0, help="workers that lose their server, such as 2000")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = FILES_PER_WORKER * max(options.workers, options.storm) + 500
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(needed, 4_096), most), most))
    with (
        postgres_directory() as directory,
        running_postgres(directory) as postgres,
        postgres.database() as url,
        restartable_server(url) as server,
    ):
        Console().print(uvloop.run(measure(server, options)))


if __name__ == "__main__":
    main()
