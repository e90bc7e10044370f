"""The embedded PostgreSQL's data move to a new major version at a start, all of them or none, and a replacement is finished."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.data_dir import has_database
from db.embedded import embedded_postgres
from db.embedded.cluster import data_argument, major_version
from db.embedded.os_account import Account, account_for
from db.embedded.postmaster import Postmaster, ensure_postmaster
from db.embedded.programs import POSTGRES_MAJOR, environment, find_postgres, find_programs, run
from domain.errors import DatabaseUnusable
from tests.harness.databases import TestPostgres, postgres_directory
from tests.harness.dumps import dump
from tests.harness.servers import running_server

pytestmark = pytest.mark.slow

OLD_MAJOR = 16
"""The older of the two versions that the wheel brings."""


@pytest.fixture
def directory() -> Iterator[Path]:
    with postgres_directory() as path:
        yield path.resolve()


@pytest.fixture(scope="module")
def old_directory(postgres: TestPostgres) -> Iterator[Path]:
    """A data directory of an older PostgreSQL, whose database holds the demo."""
    with postgres_directory() as path, postgres.database() as url:
        with running_server(url, demo=True):
            pass
        server = started_old(path.resolve(), make=True)
        try:
            load(url, server)
        finally:
            server.stop()
        yield path.resolve()


def started_old(directory: Path, *, make: bool = False) -> Postmaster:
    cluster = directory / "postgres"
    account = account_for(cluster)
    postgres = find_postgres(OLD_MAJOR, account)
    assert postgres is not None
    if make:
        cluster.mkdir()
        account.own(cluster)
        options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        run([postgres.with_name("initdb"), "-D", data_argument(cluster), *options], account, timeout=120, cwd=cluster)
    return ensure_postmaster(cluster, account, postgres)


def load(source: str, server: Postmaster) -> None:
    """Copies a database into that of an older server, which gets the collation that it lacks."""
    own = find_programs(Account(os.geteuid(), os.getegid()))
    lines = subprocess.run(
        [own / "pg_dump", f"--dbname={source}"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.replace("SET transaction_timeout = 0;", "")
    collation = """
SET allow_system_table_mods = on;
CREATE COLLATION pg_catalog.pg_c_utf8 (provider = libc, locale = 'C', deterministic = true);
RESET allow_system_table_mods;
"""
    subprocess.run(
        [own / "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={server.url}"],
        env=environment(),
        input=collation + lines,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


async def ask(url: str, *statements: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            value = await connection.fetchval(statement)
        return value
    finally:
        await connection.close()


def copied(old_directory: Path, directory: Path) -> Path:
    """Copies the older data, with their owner, and returns the folder."""
    subprocess.run(["cp", "-a", f"{old_directory}/.", str(directory)], check=True)
    return directory / "postgres"


def rows(text: str) -> list[str]:
    return sorted(line for line in text.splitlines() if line.startswith("INSERT"))


def test_data_of_an_older_version_are_all_there_after_the_next_start(old_directory: Path, directory: Path) -> None:
    cluster = copied(old_directory, directory)
    server = started_old(directory)
    before = dump(server.url)
    server.stop()
    assert (major_version(cluster), len(rows(before)) > 20) == (OLD_MAJOR, True)
    with embedded_postgres(directory) as url:
        assert major_version(cluster) == POSTGRES_MAJOR
        assert rows(dump(url)) == rows(before)
        with running_server(url) as upgraded:
            names = {agent["name"] for agent in upgraded.api.run("Agents")["nodes"]}
            assert "Meeting scribe" in names
            upgraded.api.meeting(segments=1)
    (kept,) = (path for path in directory.glob("postgres-*"))
    assert major_version(kept) == OLD_MAJOR


def test_an_upgrade_that_fails_leaves_the_data_as_they_are(old_directory: Path, directory: Path) -> None:
    cluster = copied(old_directory, directory)
    server = started_old(directory)
    asyncio.run(ask(server.url, "CREATE DATABASE other"))
    server.stop()
    with (
        pytest.raises(DatabaseUnusable, match="other databases beside Rapporteur's: other"),
        embedded_postgres(directory),
    ):
        pass
    assert major_version(cluster) == OLD_MAJOR
    assert [path.name for path in directory.glob("postgres*")] == ["postgres"]
    server = started_old(directory)
    asyncio.run(ask(server.url, "DROP DATABASE other"))
    server.stop()
    with embedded_postgres(directory) as url:
        assert asyncio.run(ask(url, "SELECT count(*) FROM agents")) == 2


@pytest.mark.parametrize(
    ("major", "message"),
    [
        (9, "are those of PostgreSQL 9, .* install PostgreSQL 9, .*rapporteur backup"),
        (99, "install the newer Rapporteur"),
    ],
)
def test_data_that_cannot_be_upgraded_say_what_to_do(directory: Path, major: int, message: str) -> None:
    cluster = directory / "postgres"
    account = account_for(cluster)
    cluster.mkdir()
    account.own(cluster)
    (cluster / "PG_VERSION").write_text(f"{major}\n")
    with pytest.raises(DatabaseUnusable, match=message), embedded_postgres(directory):
        pass
    assert [path.name for path in directory.glob("postgres*")] == ["postgres"]


@pytest.mark.parametrize("is_moved", [False, True], ids=["before the first rename", "between the two"])
def test_a_replacement_that_a_loss_of_power_interrupted_is_finished(directory: Path, is_moved: bool) -> None:
    def copy(source: str, target: str) -> None:
        subprocess.run(["cp", "-a", source, target], cwd=directory, check=True)

    with embedded_postgres(directory) as url:
        asyncio.run(ask(url, "CREATE TABLE remembered AS SELECT 'old' AS words"))
    copy("postgres", "was")
    with embedded_postgres(directory) as url:
        asyncio.run(ask(url, "UPDATE remembered SET words = 'new'"))
    (directory / "postgres").rename(directory / "postgres-next")
    (directory / "was").rename(directory / ("postgres-20261129-101500" if is_moved else "postgres"))
    assert has_database(directory)
    with embedded_postgres(directory) as url:
        assert asyncio.run(ask(url, "SELECT words FROM remembered")) == "new"
    kept, now = sorted((path.name for path in directory.glob("postgres*")), reverse=True)
    assert (kept.startswith("postgres-2"), now) == (True, "postgres")
