"""Users of an embedded PostgreSQL: each is a process, as the users of a data directory are.

It prints the server's URL when it has it, and leaves when its standard input ends.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil

import db

ROOT = Path(db.__file__).parents[1]
TIMEOUT_SECONDS = 60
"""The longest that anything takes to start or stop."""

USER = """
import sys
from pathlib import Path
from db.embedded import embedded_postgres
from domain.errors import ServiceUnavailable

try:
    with embedded_postgres(Path(sys.argv[1]), keep_running="keep" in sys.argv) as url:
        print(url, flush=True)
        sys.stdin.read()
except ServiceUnavailable as error:
    print("unavailable:", error, flush=True)
"""


class User:
    """A process that uses the PostgreSQL in a directory."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.url = ""

    async def read_line(self) -> str:
        """Reads the next line of its output."""
        assert self.process.stdout is not None
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return (await self.process.stdout.readline()).decode().strip()

    async def stop(self) -> None:
        """Ends it in good order, and waits until it has ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            assert await self.process.wait() == 0

    async def kill(self) -> None:
        self.process.kill()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            assert await self.process.wait() == -signal.SIGKILL


def servers(directory: Path) -> list[psutil.Process]:
    """Lists the processes of PostgreSQL whose data directory is in the directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name().startswith("postgres") and Path(process.cwd()) == directory / "postgres":
                found.append(process)
        except (psutil.Error, OSError):
            continue  # it is gone, or another user's
    return found


def postmaster(directory: Path) -> psutil.Process:
    return psutil.Process(int((directory / "postgres" / "postmaster.pid").read_text().split()[0]))


def kill_all(directory: Path) -> None:
    """Kills all processes, like a power cut."""
    processes = servers(directory)
    for process in processes:
        process.kill()
    _, alive = psutil.wait_procs(processes, timeout=TIMEOUT_SECONDS)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


@asynccontextmanager
async def started(directory: Path, *options: str) -> AsyncIterator[User]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", USER, str(directory), *options),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    user = User(process)
    try:
        yield user
    finally:
        if process.returncode is None:
            await user.kill()


@asynccontextmanager
async def using(directory: Path, *options: str) -> AsyncIterator[User]:
    """Starts a user, and waits until it has the server."""
    async with started(directory, *options) as user:
        user.url = await user.read_line()
        assert user.url.startswith("postgresql://")
        yield user


async def query(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url, timeout=TIMEOUT_SECONDS)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
