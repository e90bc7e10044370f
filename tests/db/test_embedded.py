"""The embedded PostgreSQL: shared by processes, found again after their deaths, gone after the last of them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from db.embedded import programs
from db.embedded.os_account import Account
from tests.harness.databases import postgres_directory
from tests.harness.embedded import ROOT, TIMEOUT_SECONDS, kill_all, postmaster, query, servers, started, using
from tests.harness.waiting import eventually

pytestmark = pytest.mark.slow

IMPORTS = """
import asyncio, sys
from pathlib import Path
import asyncpg
from db.embedded import embedded_postgres

async def answer(url):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("SELECT 1")
    finally:
        await connection.close()

directory = Path(sys.argv[1])
"""


@pytest.fixture
def fresh_directory() -> Iterator[Path]:
    with postgres_directory() as path:
        yield path.resolve()
        kill_all(path.resolve())


@pytest.fixture(scope="module")
def used_directory() -> Iterator[Path]:
    """A directory with data (see `recall`). No server runs there, and what it has stored must outlive every test."""
    with postgres_directory() as path:

        async def fill() -> None:
            async with using(path.resolve()) as user:
                await query(user.url, "CREATE TABLE remembered AS SELECT 'stored at first'::text AS words")
                await query(user.url, "ALTER SYSTEM SET fsync = off")
                await user.stop()

        asyncio.run(fill())
        yield path.resolve()


@pytest.fixture
def directory(used_directory: Path) -> Iterator[Path]:
    yield used_directory
    kill_all(used_directory)


async def recall(url: str) -> Any:
    return await query(url, "SELECT words FROM remembered")


async def test_processes_share_one_server_which_goes_with_the_last_of_them(directory: Path) -> None:
    async with using(directory) as first, using(directory) as second:
        assert second.url == first.url
        pid = postmaster(directory).pid
        await first.stop()
        assert postmaster(directory).pid == pid
        assert await recall(second.url) == "stored at first"

        async with using(directory) as third:
            await second.stop()
            assert postmaster(directory).pid == pid
            assert await recall(third.url) == "stored at first"
            await third.stop()
    assert servers(directory) == []


async def test_processes_that_start_and_leave_at_the_same_time_share_one_server(fresh_directory: Path) -> None:
    async with started(fresh_directory) as one, started(fresh_directory) as two, started(fresh_directory) as three:
        users = (one, two, three)
        (url,) = set(await asyncio.gather(*(user.read_line() for user in users)))
        assert await query(url, "SELECT 1") == 1
        await asyncio.gather(*(user.stop() for user in users))
    assert servers(fresh_directory) == []


async def test_a_killed_process_leaves_its_server_to_the_next_which_stops_it(directory: Path) -> None:
    async with using(directory) as owner:
        await query(owner.url, "CREATE TABLE before_the_kill ()")
        await owner.kill()
    pid = postmaster(directory).pid
    async with using(directory) as next_one:
        assert postmaster(directory).pid == pid
        assert await query(next_one.url, "SELECT count(*) FROM before_the_kill") == 0
        await next_one.stop()
    assert servers(directory) == []


async def cut_the_power(directory: Path) -> str:
    """Kill a user and its server in the middle of things; gives what the pid file says after its first line."""
    async with using(directory) as owner:
        await owner.kill()
    kill_all(directory)
    first_line, _, rest = (directory / "postgres" / "postmaster.pid").read_text().partition("\n")
    assert not psutil.pid_exists(int(first_line))
    return rest


async def assert_it_starts(directory: Path) -> None:
    async with using(directory) as user:
        assert await recall(user.url) == "stored at first"
        await user.stop()
    assert servers(directory) == []


async def test_a_killed_server_is_started_again_with_its_data(directory: Path) -> None:
    await cut_the_power(directory)
    await assert_it_starts(directory)


async def test_a_stale_pid_file_whose_number_is_now_that_of_another_program_is_no_obstacle(directory: Path) -> None:
    rest = await cut_the_power(directory)
    (directory / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{rest}")
    await assert_it_starts(directory)


def is_begun(directory: Path) -> bool:
    """Tells whether initdb has written its first file."""
    return any(directory.glob("*/PG_VERSION"))


async def test_a_first_start_that_is_killed_halfway_is_begun_anew_by_the_next(fresh_directory: Path) -> None:
    async with started(fresh_directory) as first:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not is_begun(fresh_directory):  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.001)
        os.killpg(first.process.pid, signal.SIGKILL)
        await first.process.wait()
    async with using(fresh_directory) as second:
        assert await query(second.url, "SELECT 1") == 1
        await second.stop()
    assert servers(fresh_directory) == []


@pytest.mark.parametrize("content", ["", "nonsense\n"])
async def test_a_pid_file_that_says_nothing_is_no_obstacle(directory: Path, content: str) -> None:
    (directory / "postgres" / "postmaster.pid").write_text(content)
    await assert_it_starts(directory)


async def test_a_stale_pid_file_whose_number_is_now_that_of_another_postgresql_is_no_obstacle(
    directory: Path, fresh_directory: Path
) -> None:
    """After a reboot numbers begin again, and a machine may have several servers: none of them may be taken or stopped."""
    rest = await cut_the_power(directory)
    async with using(fresh_directory) as other:
        (directory / "postgres" / "postmaster.pid").write_text(f"{postmaster(fresh_directory).pid}\n{rest}")
        await assert_it_starts(directory)
        assert await query(other.url, "SELECT 1") == 1
        await other.stop()


async def test_keep_running_leaves_the_server_to_the_next(directory: Path) -> None:
    async with using(directory, "keep") as first:
        pid = postmaster(directory).pid
        await first.stop()
    assert postmaster(directory).pid == pid
    assert servers(directory) != []
    async with using(directory) as second:
        assert second.url == first.url
        assert postmaster(directory).pid == pid
        await second.stop()
    assert servers(directory) == []


async def test_a_directory_that_no_server_starts_in_is_unavailable_and_says_why(fresh_directory: Path) -> None:
    (fresh_directory / "postgres").mkdir()
    (fresh_directory / "postgres" / "PG_VERSION").write_text("9\n")
    async with started(fresh_directory) as user:
        said = await user.read_line()
        assert said.startswith("unavailable:")
        assert str(fresh_directory) in said
        await user.stop()


async def run(program: str, directory: Path) -> list[str]:
    """Returns the lines that a program prints until it ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", IMPORTS + program, str(directory)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(TIMEOUT_SECONDS):
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode().splitlines()


async def test_one_process_can_use_it_again_after_it_has_left(directory: Path) -> None:
    program = """
for _ in range(2):
    with embedded_postgres(directory) as url:
        print(asyncio.run(answer(url)))
"""
    assert await run(program, directory) == ["1", "1"]
    assert servers(directory) == []


async def test_one_process_can_use_it_twice_at_once(directory: Path) -> None:
    program = """
with embedded_postgres(directory) as url:
    with embedded_postgres(directory) as same_url:
        assert url == same_url
        print(asyncio.run(answer(url)))
    print(asyncio.run(answer(url)))
"""
    assert await run(program, directory) == ["1", "1"]
    assert servers(directory) == []


def test_a_program_that_takes_too_long_is_killed_with_those_that_it_has_started(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    command: list[str | Path] = [
        "sh",
        "-c",
        f"trap '' INT TERM; sleep 3600 & echo $! > {started}.new; mv {started}.new {started}; wait",
    ]
    own = Account(os.geteuid(), os.getegid())
    with pytest.raises(subprocess.TimeoutExpired):
        programs.run(command, own, timeout=2)
    pid = int(started.read_text())
    eventually(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
