"""The embedded PostgreSQL in folders of any name and owner, and what it says of those in which it cannot start."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.embedded import programs
from db.embedded.os_account import Account
from tests.harness.databases import postgres_directory
from tests.harness.embedded import kill_all, query, servers, started, using

pytestmark = pytest.mark.slow

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that are closed to the server's account")


@pytest.fixture
def parent() -> Iterator[Path]:
    with postgres_directory() as path:
        yield path.resolve()


async def assert_it_works(directory: Path) -> None:
    """Starts a server there, for two users, and starts it again; nothing is left of it in the end."""
    try:
        async with using(directory) as first, using(directory) as second:
            assert first.url == second.url
            await query(second.url, "CREATE TABLE kept ()")
            await first.stop()
            await second.stop()
        async with using(directory) as third:
            assert await query(third.url, "SELECT count(*) FROM kept") == 0
            socket = sockets(await query(third.url, "SHOW unix_socket_directories"))
            assert len(socket) == 2  # with its lock
            await third.stop()
        assert servers(directory) == []
        assert sockets(str(socket[0].parent)) == []
    finally:
        kill_all(directory)


def sockets(directory: str) -> list[Path]:
    return list(Path(directory).glob(".s.PGSQL.*"))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("""it's a "data" folder; rm $HOME `id` \\ 100% # , = ö 日本語""", id="what a shell obeys"),
        pytest.param("two\nlines, " + os.fsdecode(b"latin-\xe9"), id="a line break, and no UTF-8"),
        pytest.param("/".join(["long" * 50] * 6), id="longer than PostgreSQL's paths"),
    ],
)
async def test_it_starts_in_a_folder_of_any_name(parent: Path, name: str) -> None:
    await assert_it_works(parent / name)


@as_root
async def test_as_root_it_starts_below_a_folder_that_is_closed_to_others(parent: Path) -> None:
    assert mode(parent) == 0o700
    await assert_it_works(parent / "data")
    assert mode(parent) == 0o700


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("folder", ["""a "b" $c""", pytest.param("closed", marks=as_root)])
def test_programs_that_cannot_be_used_where_they_are_get_copied(
    parent: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = parent / folder / "pginstall18"
    installed.parent.mkdir(mode=0o700)
    installed.symlink_to(programs._installed())
    monkeypatch.setattr(programs, "_installed", lambda: installed)
    monkeypatch.setenv("XDG_CACHE_HOME", str(parent / "cache"))
    parent.chmod(0o755)
    account = Account(65534, 65534) if os.geteuid() == 0 else Account(os.geteuid(), os.getegid())

    found = programs.find_programs(account)
    assert found.is_relative_to(parent / "cache")
    assert "PostgreSQL" in programs.run([found / "initdb", "--version"], account, timeout=30).stdout
    assert programs.find_programs(account) == found
    assert [path.name for path in (parent / "cache" / "rapporteur").iterdir()] == [found.parents[2].name]


async def said_of(directory: Path) -> str:
    """The reason why no server starts there, which is one line."""
    async with started(directory) as user:
        said = await user.read_line()
        await user.stop()
        assert said.startswith("unavailable: ")
        return said


async def test_of_a_setting_that_is_wrong_the_first_cause_and_the_log_are_named(parent: Path) -> None:
    async with using(parent) as user:
        await user.stop()
    with (parent / "postgres" / "postgresql.conf").open("a") as file:
        file.write("\nshared_buffers = nonsense\n")
    said = await said_of(parent)
    assert "shared_buffers" in said
    assert str(parent / "postgres" / "log") in said


async def test_data_of_a_major_version_without_programs_are_refused(parent: Path) -> None:
    async with using(parent) as user:
        await user.stop()
    (parent / "postgres" / "PG_VERSION").write_text("9\n")
    said = await said_of(parent)
    assert "PostgreSQL 9" in said
    assert "rapporteur backup" in said


async def test_a_folder_that_holds_something_else_is_left_alone(parent: Path) -> None:
    (parent / "postgres").mkdir()
    (parent / "postgres" / "diary.txt").write_text("Dear diary")
    assert "not empty" in await said_of(parent)
    assert (parent / "postgres" / "diary.txt").read_text() == "Dear diary"


async def test_a_data_directory_that_is_a_file_is_named(parent: Path) -> None:
    (parent / "data").write_text("")
    said = await said_of(parent / "data")
    assert str(parent / "data") in said
    assert "RAPPORTEUR_DATA_DIR" in said


@pytest.fixture
def small_disk(parent: Path) -> Iterator[Path]:
    """A folder on a file system of four mebibytes."""
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(parent)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("nothing may be mounted here")
    yield parent
    subprocess.run(["umount", parent], check=True)


@as_root
async def test_a_full_disk_is_named_and_nothing_half_made_is_kept(small_disk: Path) -> None:
    assert "No space left on device" in await said_of(small_disk)
    assert sorted(os.listdir(small_disk)) == ["start.lock", "users.lock"]
