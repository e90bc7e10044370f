"""`python -m bench.instructions`: how many instructions of the server's CPU a request of each workload takes.

Times depend on what else a machine does; instructions do not. Valgrind counts those of one process that has the server's
protocol and app, but no socket to a client, for a fixed number of requests. Twice as many are at work as there are
connections to the database, as under load, so that each waits for one. Two runs differ by less than 1 %.

`--against REVISION` also counts those of another commit, with the same Python and libraries, and fails if a workload takes
over 3 % more than there, and names it. A commit that has a reason for it says so in a line of its message: `Slower: W1 W4`.
"""

import argparse
import asyncio
import gc
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import uvloop
from rich.console import Console
from rich.table import Table
from uvicorn.server import ServerState

from bench.__main__ import QUERIES, fill
from server import logging as logs
from server.app import create_app
from server.operations import runner
from server.process.http_protocol import HttpProtocol
from server.process.uvicorn_server import configuration
from server.settings import Settings
from tests.harness.commands import serving
from tests.harness.databases import postgres_directory, running_postgres

ROOT = Path(__file__).parents[1]
CLIENT_COUNT = 16
POOL_SIZE = 8
REQUEST_COUNTS = {"W1": 32, "W2": 16, "W3": 16, "W4": 160, "W5": 96}
"""The requests that are counted: some hundred million instructions, of which switching the count on and off takes under 1 %."""
WARM_UP_REQUEST_COUNT = 160
MAX_GROWTH_RATIO = 0.03
SLOWER_EXIT_CODE = 3
"""The exit code where a workload takes more: another one says that nothing could be counted."""

Drawn = dict[str, list[dict[str, Any]]]
"""The variables that the requests of each workload take in turn."""


class MemoryTransport(asyncio.Transport):
    """Takes what the server writes, and tells when it has written something."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 50_000), "sockname": ("127.0.0.1", 8000)})
        self.has_written = asyncio.Event()
        self.clear()

    def clear(self) -> None:
        self.written: list[bytes] = []
        self.has_written.clear()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))
        self.has_written.set()

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Valgrind:
    """Commands to the Valgrind that runs this process; it keeps each count in a file of its own, numbered from 1."""

    def __init__(self, counts: Path) -> None:
        self._counts = counts
        self._dumps = 0

    def start(self) -> None:
        self._command("instrumentation on")

    def stop(self) -> int:
        """Returns the instructions since `start`."""
        self._command("instrumentation off")
        self._command("dump")
        self._dumps += 1
        found = re.search(r"^totals: (\d+)$", Path(f"{self._counts}.{self._dumps}").read_text(), re.MULTILINE)
        assert found
        return int(found[1])

    def _command(self, command: str) -> None:
        subprocess.run(["vgdb", f"--pid={os.getpid()}", command], check=True, stdout=subprocess.DEVNULL)


async def count_in_process(database_url: str, drawn: Drawn, valgrind: Valgrind) -> dict[str, float]:
    """Returns the thousands of instructions of a request of each workload, counted when all of the server is warm."""
    chosen: dict[str, Any] = {
        "database_url": database_url,
        "demo": False,
        "webhook_concurrency": 0,
        "pool_size": POOL_SIZE,
    }
    settings = Settings(**chosen)
    runner.MAX_SMALL_SECONDS = math.inf  # Valgrind makes each request a slow one
    logs.configure(settings.log_level)
    app = create_app(settings, database_url)
    config = configuration(settings, app)
    config.load()
    counts = {}
    async with app.router.lifespan_context(app):

        async def send(requests: Iterator[bytes]) -> None:
            transport = MemoryTransport()
            protocol = HttpProtocol(config, ServerState(), {})
            protocol.connection_made(transport)
            for request in requests:
                transport.clear()
                protocol.data_received(request)
                await transport.has_written.wait()
                answer = b"".join(transport.written)
                assert answer.startswith(b"HTTP/1.1 200 OK"), answer
                assert b'"errors":' not in answer, answer

        async def answer(requests: list[bytes], count: int) -> None:
            taken = islice(cycle(requests), count)
            await asyncio.gather(*(send(taken) for _ in range(CLIENT_COUNT)))

        for workload, variables in drawn.items():
            query = (QUERIES / f"{workload}.graphql").read_text()
            requests = [_request(orjson.dumps({"query": query, "variables": each})) for each in variables]
            await answer(requests, WARM_UP_REQUEST_COUNT)
            gc.collect()
            gc.disable()
            valgrind.start()
            await answer(requests, REQUEST_COUNTS[workload])
            counts[workload] = round(valgrind.stop() / REQUEST_COUNTS[workload] / 1000, 1)
            gc.enable()
    return counts


def _request(body: bytes) -> bytes:
    head = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


def measure(workloads: list[str]) -> dict[str, float]:
    """Returns the thousands of instructions of a request of each workload."""
    with (
        postgres_directory() as directory,
        running_postgres(directory) as postgres,
        postgres.database() as url,
        TemporaryDirectory() as dumps,
    ):
        with serving(database_url=url, demo="false") as server:
            drawn = {name.split()[0]: variables for name, variables in fill(server.api).items()}
        postgres.run_in(url, "VACUUM ANALYZE")
        counts = Path(dumps) / "counts"
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={counts}"]
        done = subprocess.run(
            [*valgrind, sys.executable, "-m", "bench.instructions", "--count", url, str(counts)],
            input=orjson.dumps({workload: drawn[workload] for workload in workloads}),
            capture_output=True,
            env=os.environ | {"PYTHONHASHSEED": "0"},
            check=False,
        )
        assert not done.returncode, done.stderr.decode()[-2000:]
        found: dict[str, float] = orjson.loads(done.stdout)
        return found


def measure_revision(revision: str, workloads: list[str]) -> dict[str, float]:
    """Returns the counts of a commit by its own copy of this program; nothing if it has none."""
    done = subprocess.run(["git", "archive", revision], cwd=ROOT, capture_output=True, check=True)
    with TemporaryDirectory() as directory:
        subprocess.run(["tar", "-x", "-C", directory], input=done.stdout, check=True)
        if not (Path(directory) / "bench" / "instructions.py").exists():
            return {}
        for ignored in ("server/graphiql/vendor", "server/console/dist"):
            (Path(directory) / ignored).symlink_to(ROOT / ignored)
        command = [sys.executable, "-m", "bench.instructions", "--json", *workloads]
        counted: dict[str, float] = orjson.loads(subprocess.check_output(command, cwd=directory))
        return counted


def with_a_reason(commit: str) -> set[str]:
    """Returns the workloads that a commit says to be slower."""
    trailers = ["git", "log", "-1", "--format=%(trailers:key=Slower,valueonly)", commit]
    return set(re.findall(r"\w+", subprocess.check_output(trailers, cwd=ROOT, text=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", choices=[[], *REQUEST_COUNTS], default=[], help="by default all")
    parser.add_argument(
        "--against", metavar="REVISION", help=f"fail if one is over {MAX_GROWTH_RATIO:.0%}% more than there"
    )
    parser.add_argument("--json", action="store_true", help="print thousands of instructions as JSON")
    parser.add_argument("--count", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.count:
        url, counts = options.count
        drawn = orjson.loads(sys.stdin.buffer.read())
        sys.stdout.write(orjson.dumps(uvloop.run(count_in_process(url, drawn, Valgrind(Path(counts))))).decode())
        return
    if not shutil.which("valgrind"):
        parser.error("valgrind is not installed")
    workloads = options.workloads or list(REQUEST_COUNTS)
    if options.json:
        sys.stdout.write(orjson.dumps(measure(workloads)).decode())
        return
    with ThreadPoolExecutor() as threads:  # each waits for processes of its own
        other = threads.submit(measure_revision, options.against, workloads) if options.against else None
        counts = measure(workloads)
        before = other.result() if other else {}
    table = Table("a request of", "thousand instructions", f"in {options.against}" if options.against else "")
    for workload, count in counts.items():
        was = before.get(workload)
        table.add_row(workload, f"{count:,.0f}", "" if was is None else f"{was:,.0f} ({count / was - 1:+.1%})")
    Console().print(table)
    slower = {name for name, was in before.items() if counts[name] > was * (1 + MAX_GROWTH_RATIO)} - with_a_reason(
        "HEAD"
    )
    if slower:
        sys.stderr.write(f"over {MAX_GROWTH_RATIO:.0%} slower than {options.against}: {', '.join(sorted(slower))}\n")
        sys.exit(SLOWER_EXIT_CODE)


if __name__ == "__main__":
    main()
