"""Runs two servers on one PostgreSQL, and kills and restarts them."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from bench.soak.world import Soak
from tests.harness.commands import Serving, run_process, serving
from tests.harness.databases import postgres_directory, running_postgres

CALM, DOWN = 5.0, 1.5
"""Seconds between kills, and for which PostgreSQL stays down."""


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
        """Starts PostgreSQL as an operator can: the command that prints its URL starts it."""
        started = run_process("database-url", data_dir=str(self._directory))
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
