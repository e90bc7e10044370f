"""`make bench`: what a request costs, beside what it cost in the last release.

Five workloads (`bench/peers/queries`) and the fan-out of live updates, each on one server process and on two. The figures to
compare are CPU milliseconds for one request, of the server's processes and of PostgreSQL's: they include what is done in the
background, and depend little on what else the machine does. Requests a second and latencies are measured with CONNECTION_COUNT
clients that never pause, on a machine that they share.

The last column divides both by those of the floor (`bench.floor`): a program that answers the same without GraphQL, on the same
database in the same run, so that it depends little on the machine.

`--save` keeps the figures in `bench/baseline.json`; those of another machine say nothing about yours.
"""

import argparse
import asyncio
import platform
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
from rich.console import Console
from rich.table import Table

from bench.floor import floor_server
from bench.live import fan_out
from bench.load_client import Load, Result, in_a_process
from tests.harness.commands import Serving, serving
from tests.harness.databases import postgres_directory, running_postgres
from tests.harness.servers import Api, segment

BASELINE = Path(__file__).parent / "baseline.json"
QUERIES = Path(__file__).parent / "peers" / "queries"
AGENT_COUNT, VARIANTS_PER_AGENT = 50, 5
MEETING_COUNT, SEGMENTS_PER_MEETING = 50, 200
LONG_MEETING_SEGMENTS = 2_000
INGESTING_MEETING_COUNT = 64
PROMPT = "You are exact and brief. Say who decided what, and what stays open. " * 15
CONNECTION_COUNT = 16
SUBSCRIBER_COUNT, WRITES_PER_SECOND = 100, 20
FAN_OUT = f"fan-out to {SUBSCRIBER_COUNT} subscribers"

FLOOR = "floor"

Figures = dict[str, dict[str, dict[str, float]]]
"""The figures by number of workers, workload, and kind of figure; FLOOR has those of the floor."""


def fill(api: Api) -> dict[str, list[dict[str, Any]]]:
    """Makes the data, and returns for each workload the variables that requests take in turn."""
    draw = random.Random(1)
    ingesting = [
        api.meeting(f"Ingesting {n}")["id"] for n in range(INGESTING_MEETING_COUNT)
    ]  # not among the newest, which W3 reads
    slugs = []
    for n in range(AGENT_COUNT):
        agent = api.agent(f"Agent {n}", systemPrompt=PROMPT, userPromptTemplate=PROMPT)
        variants = [
            api.variant(agent, f"Variant {v}", systemPrompt=PROMPT, temperature=v / 4)
            for v in range(VARIANTS_PER_AGENT)
        ]
        if n % 2:
            api.run("ActivateVariant", id=variants[n % VARIANTS_PER_AGENT]["id"])
        slugs.append(agent["slug"])
    for n in range(MEETING_COUNT):
        api.meeting(f"Meeting {n}", segments=SEGMENTS_PER_MEETING)
    long = api.meeting("Long", segments=LONG_MEETING_SEGMENTS // 2)["id"]
    api.run(
        "UpsertSegments",
        meetingId=long,
        segments=[segment(n) for n in range(LONG_MEETING_SEGMENTS // 2 + 1, LONG_MEETING_SEGMENTS + 1)],
    )

    def spoken() -> list[dict[str, Any]]:
        new = [
            segment(n, text=f"Spoken {draw.random()}: so we said and went on, and wrote it down.") for n in range(20)
        ]
        return [{name: value for name, value in given.items() if name != "segmentId"} for given in new]

    return {
        "W1 console": [{"first": 20}],
        "W2 transcript": [{"id": long, "first": 1000}],
        "W3 dashboard": [{"first": 20, "segments": 50}],
        "W4 resolve": [{"slug": slug} for slug in slugs],
        "W5 ingest": [{"meetingId": id, "segments": spoken()} for id in ingesting],
    }


class Clock:
    """The CPU time of trees of processes."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids

    def settled(self) -> list[float]:
        """Returns the milliseconds of CPU of each process tree, as soon as all are idle, or after five seconds."""
        now = self._now()
        for _ in range(20):
            before = now
            time.sleep(0.25)
            now = self._now()
            if sum(now) - sum(before) < 30:
                break
        return now

    def _now(self) -> list[float]:
        return [self._tree(pid) for pid in self._pids]

    def _tree(self, pid: int) -> float:
        root = psutil.Process(pid)
        used = 0.0
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                used += sum(process.cpu_times()[:4])
        return used * 1000


@contextmanager
def measured(clock: Clock, figures: dict[str, float]) -> Iterator[None]:
    """Adds to `figures` what `server` and `postgres` use in the block, in milliseconds."""
    before = clock.settled()
    yield
    server, postgres = (after - start for after, start in zip(clock.settled(), before, strict=True))
    figures |= {"server": server, "postgres": postgres}


def workload(url: str, clock: Clock, name: str, variables: list[dict[str, Any]], seconds: float) -> dict[str, float]:
    query = (QUERIES / f"{name.split()[0]}.graphql").read_text()
    bodies = [orjson.dumps({"query": query, "variables": drawn}).decode() for drawn in variables]

    def load(seconds: float) -> Result:
        return in_a_process(Load(url, bodies, CONNECTION_COUNT, seconds))

    load(min(seconds, 2))
    figures: dict[str, float] = {}
    with measured(clock, figures):
        result = load(seconds)
    each = {name: used / result.requests for name, used in figures.items()}
    return each | {"rate": result.requests / result.seconds, "p50": result.p50, "p99": result.p99}


def live(server: Serving, clock: Clock, seconds: int) -> dict[str, float]:
    figures: dict[str, float] = {}
    with measured(clock, figures):
        latencies, _ = asyncio.run(fan_out(server, SUBSCRIBER_COUNT, WRITES_PER_SECOND, seconds))
    each = {name: used / (WRITES_PER_SECOND * seconds) for name, used in figures.items()}
    latencies.sort()
    middle, last = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
    return each | {"rate": WRITES_PER_SECOND, "p50": middle, "p99": last}


def measure(seconds: int, workers: list[int]) -> Figures:
    figures: Figures = {}
    with postgres_directory() as directory, running_postgres(directory) as postgres, postgres.database() as url:
        postmaster = next(directory.rglob("postmaster.pid"))
        drawn: dict[str, list[dict[str, Any]]] = {}
        for count in workers:
            settings = {"database_url": url, "demo": "false", "workers": str(count), "pool_size": str(8 // count)}
            with serving(**settings) as server:
                drawn = drawn or fill(server.api)
                postgres.run_in(url, "VACUUM ANALYZE")
                clock = Clock(server.process.pid, int(postmaster.read_text().split()[0]))
                url_of = f"{server.url}/graphql"
                figures[str(count)] = {
                    name: workload(url_of, clock, name, variables, seconds) for name, variables in drawn.items()
                } | {FAN_OUT: live(server, clock, seconds)}
                if FLOOR not in figures:
                    with floor_server(url) as (floor, pid):
                        clock = Clock(pid, int(postmaster.read_text().split()[0]))
                        check_floor(floor, server, drawn)
                        figures[FLOOR] = {
                            name: workload(f"{floor}/{name.split()[0]}", clock, name, variables, seconds)
                            for name, variables in drawn.items()
                        }
    return figures


def check_floor(floor: str, server: Serving, drawn: dict[str, list[dict[str, Any]]]) -> None:
    """Raises AssertionError if the floor's answers to queries are not the server's."""
    for name, (variables, *_) in drawn.items():
        number = name.split()[0]
        if number != "W5":
            body = {"query": (QUERIES / f"{number}.graphql").read_text(), "variables": variables}
            expected, found = (
                httpx.post(url, json=body).json() for url in (f"{server.url}/graphql", f"{floor}/{number}")
            )
            assert found == expected, f"the floor answers {name} in another way"


def table(
    workers: str,
    figures: dict[str, dict[str, float]],
    before: dict[str, dict[str, float]],
    floor: dict[str, dict[str, float]],
) -> Table:
    title = f"{workers} worker{'s' if workers != '1' else ''}"
    found = Table(
        "a request of", "req/s", "p50 ms", "p99 ms", "server CPU ms", "was", "PG CPU ms", "was", "/ floor", title=title
    )
    for column in found.columns[1:]:
        column.justify = "right"
    for name, row in figures.items():
        cells = [f"{row['rate']:,.0f}", f"{row['p50']:.1f}", f"{row['p99']:.1f}"]
        for kind in ("server", "postgres"):
            was = before.get(name, {}).get(kind)
            change = "" if was is None else f"{was:.3f} ({row[kind] / was - 1:+.0%})"
            cells += [f"{row[kind]:.3f}", change]
        least = floor.get(name)
        ratios = [f"{row[kind] / least[kind]:.2f}" for kind in ("server", "postgres")] if least else []
        found.add_row(name, *cells, ", ".join(ratios))
    return found


def machine() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return f"{psutil.cpu_count()} x {line.partition(':')[2].strip()}"
    return f"{psutil.cpu_count()} x {platform.processor() or platform.machine()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--save", action="store_true", help=f"keep the figures in {BASELINE.name}")
    options = parser.parse_args()
    baseline = orjson.loads(BASELINE.read_bytes()) if BASELINE.exists() else {"machine": None, "figures": {}}
    figures = measure(options.seconds, options.workers)
    console = Console(width=120)
    floor = figures.pop(FLOOR)
    for count, rows in figures.items():
        console.print(table(count, rows, baseline["figures"].get(count, {}), floor))
    if baseline["machine"]:
        console.print(f"What it was: on {baseline['machine']}; this is {machine()}.")
    if options.save:
        kept = {"machine": machine(), "figures": figures}
        BASELINE.write_bytes(orjson.dumps(kept, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
