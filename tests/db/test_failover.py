"""Checks databases that can only be read, for a while or for good, and standbys that are promoted."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import make_url

from db.database import Database
from db.preflight import check_database
from db.readiness import usable_revision
from db.schema_revisions import head
from domain.errors import DatabaseUnusable, Forbidden, ServiceUnavailable
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.meetings import Meeting
from tests.harness import commands
from tests.harness.databases import TestPostgres
from tests.harness.pooled_connections import bounded, eventually, opened, run
from tests.harness.servers import running_server
from tests.harness.standby import ReplicationPair, primary_and_standby

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pair() -> Iterator[ReplicationPair]:
    with primary_and_standby() as pair:
        yield pair


async def write(database: Database) -> None:
    with database.writing(WORKSPACE) as repositories:
        await repositories.meetings.create(Meeting.create(title="Weekly"))


async def write_in_transaction(database: Database) -> None:
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.meetings.create(Meeting.create(title="Weekly"))
        await uow.commit()


async def works(work: Any, database: Database) -> bool:
    try:
        await work(database)
    except ServiceUnavailable:
        return False
    return True


@pytest.mark.parametrize("work", [write, write_in_transaction])
async def test_writes_go_on_when_a_database_is_no_longer_read_only(
    database_url: str, postgres: TestPostgres, work: Any
) -> None:
    name = make_url(database_url).database
    postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    async with opened(database_url, pool_size=3) as database, bounded():
        for _ in range(3):
            with pytest.raises(ServiceUnavailable, match="can only be read now"):
                await work(database)
            with pytest.raises(ServiceUnavailable, match="can only be read now"):
                await usable_revision(database)
        assert await database.repositories(WORKSPACE).meetings.count_by_state() == 0
        postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = off")

        async def is_back() -> bool:
            return await works(work, database)

        await eventually(is_back)
        assert await usable_revision(database) == head()


async def test_a_database_that_stays_read_only_is_not_opened_anew_each_time(
    database_url: str, postgres: TestPostgres
) -> None:
    postgres.run(f"ALTER DATABASE {make_url(database_url).database} SET default_transaction_read_only = on")
    async with opened(database_url, pool_size=1) as database, bounded():
        backends = set()
        for _ in range(5):
            with pytest.raises(ServiceUnavailable):
                await write(database)
            backends.add(await run(database.engine, "SELECT pg_backend_pid()"))
        assert len(backends) <= 2


async def test_a_standby_is_refused_unless_it_is_only_to_be_read(pair: ReplicationPair) -> None:
    with pytest.raises(DatabaseUnusable, match=r"standby.*RAPPORTEUR_READ_ONLY"):
        await check_database(pair.standby_url)
    assert await check_database(pair.standby_url, read_only=True) == head()


def test_serving_a_standby_ends_with_one_line(pair: ReplicationPair) -> None:
    ended = commands.run("serve", "--port", "0", database_url=pair.standby_url)
    assert ended.returncode == 4
    assert "is a standby" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_standby_is_served_to_readers(pair: ReplicationPair) -> None:
    with running_server(pair.primary_url) as primary:
        meeting = primary.api.meeting(segments=3)
    with running_server(pair.standby_url, read_only=True, demo=True) as standby:
        api = standby.api

        def has_arrived() -> bool:
            return bool(api.run("Meeting", id=meeting["id"]))

        while not has_arrived():
            pass
        assert api.http.get("/readyz").status_code == 200
        assert len(api.run("Meetings")["nodes"]) >= 1
        error = api.expect_error("CreateMeeting", input={"title": "No"})
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert "RAPPORTEUR_READ_ONLY" in error["message"]


async def test_a_reader_writes_nothing(database_url: str) -> None:
    async with opened(database_url, read_only=True) as database:
        for work in (write, write_in_transaction):
            with pytest.raises(Forbidden):
                await work(database)
        async with database.snapshot(WORKSPACE) as snapshot:
            assert await snapshot.meetings.count_by_state() == 0


async def test_a_server_finds_the_standby_that_was_promoted(pair: ReplicationPair) -> None:
    async with opened(pair.url, pool_size=3) as database:
        await write(database)
        pair.kill_primary()
        assert not await works(write, database)
        with pytest.raises(ServiceUnavailable):
            await usable_revision(database)
        await pair.promote()

        async def is_back() -> bool:
            return await works(write, database) and await works(write_in_transaction, database)

        await eventually(is_back)
        assert await usable_revision(database) == head()
