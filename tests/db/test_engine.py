"""The pool: bounded in number and in waiting, and whole again after whatever happens to its connections."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from db.connections import Session
from db.engine import Engine, create_engine, create_session_factory
from db.unit_of_work import UnitOfWork
from domain.errors import ServiceUnavailable
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from tests.harness.pooled_connections import assert_whole, backends, bounded, checked_out, eventually, opened, run


async def test_as_many_operations_as_connections_run_at_once_and_all_others_queue_and_finish(
    engine: Engine, observer: Any
) -> None:
    await observer.execute("SELECT pg_advisory_lock(1)")
    operations = [
        asyncio.create_task(run(engine, f"SELECT {number} FROM pg_advisory_xact_lock_shared(1)"))
        for number in range(50)
    ]

    async def five_wait_in_the_database() -> bool:
        return await backends(observer, "wait_event_type = 'Lock'") == 5

    await eventually(five_wait_in_the_database)
    assert checked_out(engine) == 5
    assert await backends(observer, "true") == 5
    assert not any(operation.done() for operation in operations)

    await observer.execute("SELECT pg_advisory_unlock(1)")
    assert await asyncio.gather(*operations) == list(range(50))
    assert await backends(observer, "true") == 5
    assert checked_out(engine) == 0


async def test_who_finds_no_free_connection_in_time_is_told_that_the_service_is_unavailable(database_url: str) -> None:
    async with opened(database_url, pool_size=1, pool_timeout=0.5) as database, bounded():
        async with Session(database.pool):
            with pytest.raises(ServiceUnavailable, match="no database connection became free") as refused:
                await database.repositories(WORKSPACE).meetings.count_by_state()
            assert refused.value.retry_after >= 1
            with pytest.raises(ServiceUnavailable):
                await database.ping()
            with pytest.raises(ServiceUnavailable):
                async with database.unit_of_work(WORKSPACE) as uow:
                    await uow.meetings.count_by_state()
        assert await database.repositories(WORKSPACE).meetings.count_by_state() == 0
        await assert_whole(database.engine, 1)


async def test_overflow_is_bounded_too(database_url: str) -> None:
    async with opened(database_url, pool_size=1, max_overflow=1, pool_timeout=0.5) as database, bounded():
        async with Session(database.pool), Session(database.pool):
            with pytest.raises(ServiceUnavailable):
                await database.ping()
        await assert_whole(database.engine, 2)


async def test_failing_statements_and_failing_code_leak_no_connection(engine: Engine) -> None:
    async def failing_statement(statement: str) -> None:
        await run(engine, statement)

    async def failing_code() -> None:
        async with create_session_factory(engine)() as session:
            await session.rows(text("SELECT 1"), {})
            raise LookupError

    async def failing_unit() -> None:
        async with UnitOfWork(create_session_factory(engine)) as uow:
            await uow.session.rows(text("SELECT 1 / 0"), {})

    kinds: list[Callable[[], Awaitable[None]]] = [
        lambda: failing_statement("SELECT 1 / 0"),
        lambda: failing_statement("SELECT 'nonsense'::int"),
        failing_code,
        failing_unit,
    ]
    outcomes = await asyncio.gather(*(kind() for kind in kinds for _ in range(10)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if not isinstance(outcome, asyncpg.PostgresError)] == [
        LookupError
    ] * 10
    await assert_whole(engine, 5)


@pytest.mark.slow
@pytest.mark.parametrize("cancellations", [1, 2])
async def test_a_hundred_cancelled_statements_leave_no_connection_taken_and_nothing_running(
    database_url: str, observer: Any, cancellations: int
) -> None:
    """The driver asks the server to stop a cancelled statement; a second cancellation may come before it has asked.

    From then on only the server's look at its client (client_connection_check_interval) can end the statement.
    """
    size = 50  # twice: a hundred at once would be all that PostgreSQL takes

    async def all_sleep() -> bool:
        return await backends(observer, "state = 'active' AND wait_event = 'PgSleep'") == size

    async def none_is_active() -> bool:
        return await backends(observer, "state = 'active'") == 0

    async with opened(database_url, pool_size=size, statement_timeout=600) as database:
        for _ in range(2):
            tasks = [asyncio.create_task(run(database.engine, "SELECT pg_sleep(600)")) for _ in range(size)]
            await eventually(all_sleep)
            for _ in range(cancellations):
                for task in tasks:
                    task.cancel()
                await asyncio.sleep(0)
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
            assert checked_out(database.engine) == 0
            await eventually(none_is_active)
        await assert_whole(database.engine, size)


async def test_cancelling_those_who_wait_for_a_connection_loses_none(engine: Engine, observer: Any) -> None:
    await observer.execute("SELECT pg_advisory_lock(1)")
    statement = "SELECT 1 FROM pg_advisory_xact_lock_shared(1)"
    running = [asyncio.create_task(run(engine, statement)) for _ in range(5)]

    async def all_taken() -> bool:
        return await backends(observer, "wait_event_type = 'Lock'") == 5

    await eventually(all_taken)
    queued = [asyncio.create_task(run(engine, statement)) for _ in range(20)]
    for _ in range(10):
        await asyncio.sleep(0)
    for task in queued[::2]:
        task.cancel()
    await observer.execute("SELECT pg_advisory_unlock(1)")
    outcomes = await asyncio.gather(*running, *queued, return_exceptions=True)
    assert outcomes[:5] == [1] * 5
    assert outcomes[6::2] == [1] * 10
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes[5::2])
    await assert_whole(engine, 5)


async def test_a_cancellation_at_any_step_of_an_operation_loses_no_connection(engine: Engine) -> None:
    cancelled = 0
    for steps in range(60):
        task = asyncio.create_task(run(engine, "SELECT 1"))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        cancelled += task.cancelled()
        assert task.cancelled() or task.result() == 1
        assert checked_out(engine) == 0
    assert cancelled > 5
    await assert_whole(engine, 5)


def test_sessions_run_on_the_engine_they_were_made_for() -> None:
    engine = create_engine("postgresql://localhost/any")
    assert create_session_factory(engine)().pool is engine.pool


@pytest.mark.parametrize(
    "scheme", ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg", "postgresql+psycopg2"]
)
async def test_the_driver_in_the_url_is_replaced_by_asyncpg(database_url: str, scheme: str) -> None:
    engine = create_engine(database_url.replace("postgresql:", f"{scheme}:", 1))
    try:
        assert engine.dialect.driver == "asyncpg"
        assert await run(engine, "SELECT 1") == 1
    finally:
        await engine.dispose()


@pytest.mark.parametrize(
    "parameters",
    [
        "sslmode=disable",
        "sslmode=prefer&channel_binding=prefer",
        "application_name=mine&connect_timeout=10",
        "target_session_attrs=read-write",
        "keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3",
        "options=-c%20work_mem%3D1MB",
    ],
)
async def test_the_parameters_that_urls_of_libpq_may_have_are_understood(database_url: str, parameters: str) -> None:
    engine = create_engine(f"{database_url}&{parameters}")
    try:
        assert await run(engine, "SELECT 1") == 1
    finally:
        await engine.dispose()


async def test_who_waits_for_a_connection_is_served_in_turn(database_url: str) -> None:
    """Checks that readers who come again do not overtake those who still wait."""
    readers, reads = 12, 10
    async with opened(database_url, pool_size=2) as database:
        waiting: deque[int] = deque()
        async with Session(database.pool) as one, Session(database.pool) as other:  # who opens one waits longer
            await one.rows(text("SELECT 1"), {})
            await other.rows(text("SELECT 1"), {})

        async def read(reader: int) -> None:
            for _ in range(reads):
                waiting.append(reader)
                async with Session(database.pool) as connection:
                    assert waiting.popleft() == reader
                    await connection.rows(text("SELECT 1"), {})

        async with bounded():
            await asyncio.gather(*(read(reader) for reader in range(readers)))


async def test_a_connection_that_closes_while_it_is_handed_on_is_replaced(database_url: str) -> None:
    async with opened(database_url, pool_size=1) as database, bounded():
        async with Session(database.pool):
            waiting = asyncio.create_task(run(database.engine, "SELECT 1"))
            await asyncio.sleep(0)
            assert database.pool.waiting == 1
        database.pool.terminate()
        assert await waiting == 1
        await assert_whole(database.engine, 1)


async def test_units_of_work_have_their_turn_among_readers(database_url: str) -> None:
    async with opened(database_url, pool_size=2) as database:
        reading = True

        async def read() -> None:
            while reading:
                await database.repositories(WORKSPACE).meetings.count_by_state()

        async with bounded():
            readers = [asyncio.create_task(read()) for _ in range(8)]
            for _ in range(10):
                async with database.unit_of_work(WORKSPACE) as uow:
                    await uow.meetings.count_by_state()
                    await asyncio.sleep(0)  # others may take what is ready
                    await uow.commit()
                    await uow.meetings.count_by_state()
            reading = False
            await asyncio.gather(*readers)
        await assert_whole(database.engine, 2)
