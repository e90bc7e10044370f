"""Checks that the pool is whole again after its connections were killed, timed out or lost their database."""

from typing import Any

import pytest
from sqlalchemy import make_url, text

from db.connections import Session
from db.database import Database
from db.engine import Engine, create_session_factory
from db.unit_of_work import UnitOfWork
from domain.errors import ServiceUnavailable
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from tests.harness.pooled_connections import OF_THE_POOL, assert_whole, backends, bounded, eventually, opened, run

pytestmark = pytest.mark.slow


async def test_it_works_after_the_server_has_closed_idle_connections(
    database_url: str, engine: Engine, observer: Any
) -> None:
    name = make_url(database_url).database
    await observer.execute(f"ALTER DATABASE {name} SET idle_session_timeout = '50ms'")
    first = await run(engine, "SELECT pg_backend_pid()")

    async def all_gone() -> bool:
        return await backends(observer, "true") == 0

    await eventually(all_gone)
    await observer.execute(f"ALTER DATABASE {name} RESET idle_session_timeout")
    assert await run(engine, "SELECT pg_backend_pid()") != first
    await assert_whole(engine, 5)


async def test_it_works_after_dispose(engine: Engine) -> None:
    first = await run(engine, "SELECT pg_backend_pid()")
    await engine.dispose()
    assert await run(engine, "SELECT pg_backend_pid()") != first
    await assert_whole(engine, 5)


async def test_it_works_after_the_backends_of_all_pooled_connections_were_killed(engine: Engine, observer: Any) -> None:
    await assert_whole(engine, 5)
    killed = await observer.fetch(
        f"SELECT pid, pg_terminate_backend(pid, 5000) AS gone FROM pg_stat_activity WHERE {OF_THE_POOL}"
    )
    assert [row["gone"] for row in killed] == [True] * 5
    assert await run(engine, "SELECT pg_backend_pid()") not in {row["pid"] for row in killed}
    await assert_whole(engine, 5)


async def test_a_backend_killed_under_a_unit_of_work_is_unavailability_and_the_next_unit_works(
    engine: Engine, observer: Any
) -> None:
    factory = create_session_factory(engine)

    async def unit() -> None:
        async with UnitOfWork(factory) as uow:
            (row,) = await uow.session.rows(text("SELECT pg_backend_pid() AS pid"), {})
            assert await observer.fetchval("SELECT pg_terminate_backend($1, 5000)", row.pid)
            await uow.meetings.count_by_state()

    with pytest.raises(ServiceUnavailable):
        await unit()
    async with UnitOfWork(factory) as uow:
        assert await uow.meetings.count_by_state() == 0
    await assert_whole(engine, 5)


async def test_a_statement_that_takes_too_long_is_ended_and_reported_as_unavailability(
    database_url: str, observer: Any
) -> None:
    async with opened(database_url, pool_size=1, statement_timeout=0.1) as database, bounded():
        async with observer.transaction():
            await observer.execute("LOCK TABLE meetings IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(ServiceUnavailable):
                async with database.unit_of_work(WORKSPACE) as uow:
                    await uow.meetings.count_by_state()
            assert await backends(observer, "state = 'active'") == 0
        await assert_whole(database.engine, 1)


async def test_a_read_that_takes_too_long_is_reported_as_unavailability_by_reading(
    database_url: str, observer: Any
) -> None:
    async with opened(database_url, pool_size=1, statement_timeout=0.1) as database, bounded():
        async with observer.transaction():
            await observer.execute("LOCK TABLE meetings IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(ServiceUnavailable):
                await database.repositories(WORKSPACE).meetings.count_by_state()
        await assert_whole(database.engine, 1)


async def test_a_transaction_that_idles_too_long_is_ended_by_the_database(database_url: str, observer: Any) -> None:
    async with opened(database_url, pool_size=1, statement_timeout=0.1) as database, bounded():

        async def gone() -> bool:
            return await backends(observer, "true") == 0

        async def unit() -> None:
            async with database.unit_of_work(WORKSPACE) as uow:
                await uow.meetings.count_by_state()
                await eventually(gone)
                await uow.meetings.count_by_state()

        with pytest.raises(ServiceUnavailable):
            await unit()
        await assert_whole(database.engine, 1)


async def test_a_database_that_is_away_is_unavailability(database_url: str) -> None:
    nowhere = make_url(database_url).update_query_dict({"host": "/nowhere"}).render_as_string(hide_password=False)
    async with opened(nowhere) as database:
        with pytest.raises(ServiceUnavailable):
            await database.ping()
        with pytest.raises(ServiceUnavailable):
            await database.repositories(WORKSPACE).meetings.count_by_state()


@pytest.mark.parametrize("kind", [OSError, TimeoutError])
async def test_an_error_of_the_callers_code_is_not_taken_for_the_databases(
    database_url: str, kind: type[Exception]
) -> None:
    error = kind("of the caller")

    async def failing(database: Database) -> None:
        async with database.unit_of_work(WORKSPACE) as uow:
            await uow.meetings.count_by_state()
            raise error

    async with opened(database_url) as database:
        with pytest.raises(kind) as raised:
            await failing(database)
    assert raised.value is error


async def test_a_connection_that_dies_before_its_transaction_begins_is_replaced(
    database_url: str, observer: Any
) -> None:
    async with opened(database_url, pool_size=1) as database, bounded():
        assert await run(database.engine, "SELECT 1") == 1
        async with Session(database.pool) as session:
            (connection,) = database.pool._in_use
            await observer.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {OF_THE_POOL}")
            while not connection.is_closed():
                await observer.execute("SELECT 1")
            (row,) = await session.rows(text("SELECT 2"), {})
            assert row[0] == 2
        await assert_whole(database.engine, 1)


async def test_a_connection_that_dies_between_two_readers_is_replaced(database_url: str, observer: Any) -> None:
    async with opened(database_url, pool_size=2) as database, bounded():
        async with Session(database.pool):  # as long as somebody is inside, connections are handed on
            for _ in range(2):
                await database.repositories(WORKSPACE).meetings.count_by_state()
                await observer.execute(
                    f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {OF_THE_POOL}"
                )
        await assert_whole(database.engine, 2)
