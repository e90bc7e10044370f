"""The pool: bounded in number and in waiting, and whole again after whatever happens to its connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import QueuePool, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from db.database import Database
from db.engine import create_engine, create_session_factory
from db.unit_of_work import UnitOfWork
from domain.errors import ServiceUnavailable
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE

MINE = "datname = current_database() AND application_name = 'rapporteur'"


@pytest.fixture
async def observer(database_url: str) -> AsyncIterator[Any]:
    """A connection that is none of the pool's."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@asynccontextmanager
async def opened(database_url: str, **options: Any) -> AsyncIterator[Database]:
    database = Database(database_url, **options)
    try:
        yield database
    finally:
        await database.close()


def checked_out(engine: AsyncEngine) -> int:
    assert isinstance(engine.pool, QueuePool)
    return engine.pool.checkedout()


async def backends(observer: Any, condition: str) -> int:
    """How many of the pool's backends are like this."""
    count: int = await observer.fetchval(f"SELECT count(*) FROM pg_stat_activity WHERE {MINE} AND {condition}")
    return count


@asynccontextmanager
async def bounded() -> AsyncIterator[None]:
    """Fail what takes 10 seconds; not by TimeoutError, which the code under test would take for the database's."""
    try:
        async with asyncio.timeout(10):
            yield
    except TimeoutError:
        pytest.fail("it took too long")


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until it holds."""
    async with bounded():
        while not await holds():  # noqa: ASYNC110 - PostgreSQL rings no bell for this
            await asyncio.sleep(0.01)


async def run(engine: AsyncEngine, statement: str) -> Any:
    async with engine.connect() as connection:
        return (await connection.execute(text(statement))).scalar()


async def assert_whole(engine: AsyncEngine, size: int) -> None:
    """Nothing is checked out, and all the pool's connections can be had at once and answer."""
    assert checked_out(engine) == 0
    all_taken = asyncio.Barrier(size)

    async def take() -> Any:
        async with engine.connect() as connection:
            await all_taken.wait()
            return (await connection.execute(text("SELECT 1"))).scalar()

    async with bounded():
        assert await asyncio.gather(*(take() for _ in range(size))) == [1] * size
    assert checked_out(engine) == 0


async def test_as_many_operations_as_connections_run_at_once_and_all_others_queue_and_finish(
    engine: AsyncEngine, observer: Any
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
    async with opened(database_url, pool_size=1, pool_timeout=0.05) as database, bounded():
        async with database.reading(WORKSPACE):
            with pytest.raises(ServiceUnavailable, match="no database connection became free") as refused:
                async with database.reading(WORKSPACE):
                    pytest.fail("there was a second connection")
            assert refused.value.retry_after >= 1
            with pytest.raises(ServiceUnavailable):
                await database.ping()
            with pytest.raises(ServiceUnavailable):
                async with database.unit_of_work(WORKSPACE) as uow:
                    await uow.meetings.count_by_state()
        async with database.reading(WORKSPACE) as repositories:
            assert await repositories.meetings.count_by_state() == 0
        await assert_whole(database.engine, 1)


async def test_overflow_is_bounded_too(database_url: str) -> None:
    async with opened(database_url, pool_size=1, max_overflow=1, pool_timeout=0.05) as database, bounded():
        async with database.reading(WORKSPACE), database.reading(WORKSPACE):
            with pytest.raises(ServiceUnavailable):
                await database.ping()
        await assert_whole(database.engine, 2)


async def test_failing_statements_and_failing_code_leak_no_connection(engine: AsyncEngine) -> None:
    async def failing_statement(statement: str) -> None:
        await run(engine, statement)

    async def failing_code() -> None:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT 1"))
            raise LookupError

    async def failing_unit() -> None:
        async with UnitOfWork(create_session_factory(engine)) as uow:
            await uow.session.execute(text("SELECT 1 / 0"))

    kinds: list[Callable[[], Awaitable[None]]] = [
        lambda: failing_statement("SELECT 1 / 0"),
        lambda: failing_statement("SELECT nonsense FROM nowhere"),
        failing_code,
        failing_unit,
    ]
    outcomes = await asyncio.gather(*(kind() for kind in kinds for _ in range(10)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if not isinstance(outcome, DBAPIError)] == [LookupError] * 10
    await assert_whole(engine, 5)


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


async def test_cancelling_those_who_wait_for_a_connection_loses_none(engine: AsyncEngine, observer: Any) -> None:
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


async def test_a_cancellation_at_any_step_of_an_operation_loses_no_connection(engine: AsyncEngine) -> None:
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


async def test_it_works_after_the_server_has_closed_idle_connections(
    database_url: str, engine: AsyncEngine, observer: Any
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


async def test_it_works_after_dispose(engine: AsyncEngine) -> None:
    first = await run(engine, "SELECT pg_backend_pid()")
    await engine.dispose()
    assert await run(engine, "SELECT pg_backend_pid()") != first
    await assert_whole(engine, 5)


async def test_it_works_after_the_backends_of_all_pooled_connections_were_killed(
    engine: AsyncEngine, observer: Any
) -> None:
    await assert_whole(engine, 5)
    killed = await observer.fetch(
        f"SELECT pid, pg_terminate_backend(pid, 5000) AS gone FROM pg_stat_activity WHERE {MINE}"
    )
    assert [row["gone"] for row in killed] == [True] * 5
    assert await run(engine, "SELECT pg_backend_pid()") not in {row["pid"] for row in killed}
    await assert_whole(engine, 5)


async def test_a_backend_killed_under_a_unit_of_work_is_unavailability_and_the_next_unit_works(
    engine: AsyncEngine, observer: Any
) -> None:
    factory = create_session_factory(engine)

    async def unit() -> None:
        async with UnitOfWork(factory) as uow:
            pid = (await uow.session.execute(text("SELECT pg_backend_pid()"))).scalar()
            assert await observer.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
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
                async with database.reading(WORKSPACE) as repositories:
                    await repositories.meetings.count_by_state()
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
            async with database.reading(WORKSPACE):
                pytest.fail("there was a connection")


@pytest.mark.parametrize("kind", [OSError, TimeoutError])
async def test_an_error_of_the_callers_code_is_not_taken_for_the_databases(
    database_url: str, kind: type[Exception]
) -> None:
    error = kind("of the caller")

    async def failing(database: Database) -> None:
        async with database.reading(WORKSPACE) as repositories:
            await repositories.meetings.count_by_state()
            raise error

    async with opened(database_url) as database:
        with pytest.raises(kind) as raised:
            await failing(database)
    assert raised.value is error


def test_sessions_run_on_the_engine_they_were_made_for() -> None:
    engine = create_engine("postgresql://localhost/any")
    assert create_session_factory(engine).kw["bind"] is engine


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
    """Those who have been served and come again do not overtake the others."""
    readers, reads = 12, 10
    async with opened(database_url, pool_size=2) as database:
        served = [0] * readers

        async def read(reader: int) -> None:
            for _ in range(reads):
                async with database.reading(WORKSPACE) as repositories:
                    await repositories.meetings.count_by_state()
                served[reader] += 1
                assert max(served) - min(served) <= 2, served

        async with bounded():
            await asyncio.gather(*(read(reader) for reader in range(readers)))


async def test_units_of_work_have_their_turn_among_readers(database_url: str) -> None:
    async with opened(database_url, pool_size=2) as database:
        reading = True

        async def read() -> None:
            while reading:
                async with database.reading(WORKSPACE) as repositories:
                    await repositories.meetings.count_by_state()

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


async def test_a_connection_that_dies_between_two_readers_is_replaced(database_url: str, observer: Any) -> None:
    async with opened(database_url, pool_size=2) as database, bounded():
        async with database.reading(WORKSPACE) as one:  # as long as somebody is inside, connections are handed on
            await one.meetings.count_by_state()
            async with database.reading(WORKSPACE) as other:
                await other.meetings.count_by_state()
            await observer.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {MINE}")
            async with database.reading(WORKSPACE) as other:
                await other.meetings.count_by_state()
        await assert_whole(database.engine, 2)
