"""Runs two servers on one PostgreSQL, with a proxy on each way, and kills and restarts them."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
from sqlalchemy import make_url

from bench.soak.proxy import FaultProxy, Streams
from tests.harness.commands import Serving, run_process, serving
from tests.harness.databases import postgres_directory, running_postgres


class Deployment:
    """Two servers on one PostgreSQL, all of which can be killed, with a proxy before each server and before its database."""

    def __init__(self, directory: Path, database_url: str) -> None:
        self._directory = directory
        self._database_url = database_url
        self._stacks = [ExitStack(), ExitStack()]
        self._servers: list[Serving] = []
        self.to_servers = [FaultProxy(partial(self._connect_to_server, number)) for number in range(2)]
        self.to_database = [FaultProxy(self._connect_to_postgres) for _ in range(2)]

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{proxy.port}" for proxy in self.to_servers]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs the proxies and the servers until the block is left."""
        async with AsyncExitStack() as stack:
            for proxy in (*self.to_servers, *self.to_database):
                await stack.enter_async_context(proxy)
            try:
                self._servers = [await asyncio.to_thread(self._serve, number) for number in range(2)]
                yield
            finally:
                for server in self._stacks:
                    await asyncio.to_thread(server.close)

    def _serve(self, number: int) -> Serving:
        url = make_url(self._database_url).difference_update_query(["host", "port"])
        through = url.set(host="127.0.0.1", port=self.to_database[number].port)
        through = through.update_query_dict({"sslmode": "disable"})
        settings = {"database_url": through.render_as_string(hide_password=False), "demo": "false"}
        return self._stacks[number].enter_context(serving(**settings))

    async def _connect_to_server(self, number: int) -> Streams:
        address = urlsplit(self._servers[number].url)
        return await asyncio.open_connection(address.hostname, address.port)

    async def _connect_to_postgres(self) -> Streams:
        url = make_url(self._database_url)
        return await asyncio.open_unix_connection(f"{url.query['host']}/.s.PGSQL.{url.query.get('port', 5432)}")

    def kill_server(self, number: int) -> None:
        self._servers[number].kill()

    def start_server(self, number: int) -> None:
        """Starts a server anew, on another port, to which the proxy before it then connects."""
        self._stacks[number].close()
        self._servers[number] = self._serve(number)

    def kill_postgres(self) -> None:
        """Kills the postmaster, and then its children, which another one must not find in the directory."""
        postmaster = psutil.Process(int((self._directory / "postgres" / "postmaster.pid").read_text().split()[0]))
        family = [postmaster, *postmaster.children(recursive=True)]
        os.kill(postmaster.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(family, timeout=30)
        for process in alive:  # one that waits for a lock of one that is gone does not notice
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def start_postgres(self) -> None:
        """Starts PostgreSQL as an operator can: the command that prints its URL starts it."""
        started = run_process("database-url", data_dir=str(self._directory))
        assert started.returncode == 0, started.stderr

    async def lock(self, table: str, seconds: float) -> None:
        """Locks a table, as a migration or an operator may."""
        connection = await asyncpg.connect(self._database_url)
        try:
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                await asyncio.sleep(seconds)
        finally:
            await connection.close()

    async def be_read_only(self, seconds: float) -> None:
        """Lets the database refuse writes, on new connections and on those that are there, and take them again."""
        for read_only in ("on", "off"):
            writable = {"default_transaction_read_only": "off"}
            connection = await asyncpg.connect(self._database_url, server_settings=writable)
            try:
                await connection.execute(
                    f"ALTER DATABASE {make_url(self._database_url).database} SET default_transaction_read_only = {read_only}"
                )
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            finally:
                await connection.close()
            await asyncio.sleep(seconds if read_only == "on" else 0)


@contextmanager
def none_left(directory: Path) -> Iterator[None]:
    """Stops at the end the PostgreSQL that a fault has restarted: the harness knows only the one that it started itself."""
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
            postmaster = psutil.Process(int((directory / "postgres" / "postmaster.pid").read_text().split()[0]))
            postmaster.send_signal(signal.SIGINT)
            psutil.wait_procs([postmaster], timeout=30)


@contextmanager
def new_deployment() -> Iterator[Deployment]:
    with postgres_directory() as directory, none_left(directory), running_postgres(directory) as postgres:
        # The harness leaves syncing out; here what was acknowledged must be on the disk.
        postgres.run("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()")
        with postgres.database() as url:
            yield Deployment(directory, url)
