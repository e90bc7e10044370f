"""`make bench`: what each query costs on a server with realistic data: SQL statements, server CPU, latency.

The server runs in a process of its own; its CPU is read from the system before and after each series. One client asks one
request after the other, so latencies are those of an idle server. Compare figures of one run only.
"""

import argparse
import random
import statistics
import time
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from tests.harness.commands import serving
from tests.harness.databases import postgres_directory, running_postgres
from tests.harness.servers import Api, running_server, segment
from tests.harness.sql import recorded

AGENTS, VARIANTS, MEETINGS, SEGMENTS, LONG = 50, 5, 50, 200, 2_000
PROMPT = "You are exact and brief. Say who decided what, and what stays open. " * 15


def fill(api: Api) -> dict[str, dict[str, Any]]:
    """Make the data; gives the variables of each operation that is measured."""
    for n in range(AGENTS):
        agent = api.agent(f"Agent {n}", systemPrompt=PROMPT, userPromptTemplate=PROMPT)
        variants = [api.variant(agent, f"Variant {v}", systemPrompt=PROMPT, temperature=v / 4) for v in range(VARIANTS)]
        if n % 2:
            api.run("ActivateVariant", id=variants[n % VARIANTS]["id"])
    for n in range(MEETINGS):
        api.meeting(f"Meeting {n}", segments=SEGMENTS, agentId=agent["id"])
    long = api.meeting("Long", segments=LONG // 2)["id"]
    api.run("UpsertSegments", meetingId=long, segments=[segment(n) for n in range(LONG // 2 + 1, LONG + 1)])
    return {
        "Agents": {"first": 20},
        "Meetings": {"first": 20, "segments": 50},
        "Transcript": {"id": long, "first": 1000},
        "TranscriptFile": {"id": long, "format": "VTT"},
        "ResolvedConfig": {"slug": agent["slug"]},
        "UpsertSegments": {"meetingId": long, "segments": []},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100, help="of each operation (default: 100)")
    requests: int = parser.parse_args().requests
    draw = random.Random(1)
    table = Table(
        "operation", "statements", "server CPU ms", "p50 ms", "p95 ms", "KB", title=f"{requests} requests each"
    )
    with postgres_directory() as directory, running_postgres(directory) as postgres, postgres.database() as url:
        with running_server(url) as server:
            operations = fill(server.api)
            statements = {}
            for name, variables in operations.items():
                vary(name, variables, draw)
                with recorded(server.database.engine) as run:
                    server.api.run(name, **variables)
                statements[name] = len(run)
        with serving(database_url=url, demo="false", log_level="info") as server_process:
            process = psutil.Process(server_process.process.pid)
            for name, variables in operations.items():
                cpu, times, size = measure(server_process.api, process, name, variables, requests, draw)
                p95 = statistics.quantiles(times, n=20)[-1]
                figures = (f"{cpu:.2f}", f"{statistics.median(times):.1f}", f"{p95:.1f}", f"{size / 1000:.0f}")
                table.add_row(name, str(statements[name]), *figures)
    Console().print(table)


def vary(name: str, variables: dict[str, Any], draw: random.Random) -> None:
    """Each upsert is to change something."""
    if name == "UpsertSegments":
        variables["segments"] = [segment(n, text=f"Said {draw.random()}") for n in range(1, 21)]


def measure(
    api: Api, process: psutil.Process, name: str, variables: dict[str, Any], requests: int, draw: random.Random
) -> tuple[float, list[float], int]:
    """Milliseconds of server CPU per request, milliseconds of each request, and bytes of the last answer."""
    api.run(name, **variables)
    times = []
    before = process.cpu_times()
    for _ in range(requests):
        vary(name, variables, draw)
        start = time.perf_counter()
        answer = api.run(name, **variables)
        times.append((time.perf_counter() - start) * 1000)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return used / requests * 1000, times, len(str(answer))


if __name__ == "__main__":
    main()
