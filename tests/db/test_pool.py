"""Checks the pool's rules for connections that are silent: nobody has to wait long for what will not come."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import text

from db import pool as pool_module
from db.compiled_statements import driver_statement
from db.connections import AutocommitConnection, Session
from db.database import Database
from db.driver import Record
from db.replica_reads import TokenConnection
from domain.consistency_tokens import PRIMARY
from domain.errors import ServiceUnavailable
from tests.harness.pooled_connections import assert_whole, bounded, eventually, opened, run
from tests.harness.postgres_proxy import PostgresProxy, postgres_proxy

pytestmark = pytest.mark.slow


@pytest.fixture
def proxied(database_url: str) -> Iterator[tuple[str, PostgresProxy]]:
    with postgres_proxy(database_url) as (url, proxy):
        yield url, proxy


async def test_a_silent_idle_connection_is_replaced_with_those_before_it(
    proxied: tuple[str, PostgresProxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "IDLE_BEFORE_PING_SECONDS", 0.0)
    monkeypatch.setattr(pool_module, "PING_TIMEOUT_SECONDS", 0.1)
    url, proxy = proxied
    async with opened(url, pool_size=3) as database, bounded():
        await assert_whole(database.engine, 3)
        proxy.silence()
        assert await run(database.engine, "SELECT 1") == 1
        assert database.pool.checkedin() == 1
        await assert_whole(database.engine, 3)


@pytest.mark.parametrize("is_closed", [False, True])
async def test_a_statement_that_has_no_answer_is_given_up(
    proxied: tuple[str, PostgresProxy], monkeypatch: pytest.MonkeyPatch, is_closed: bool
) -> None:
    monkeypatch.setattr(pool_module, "TIME_BETWEEN_LOOKS_SECONDS", 0.02)
    url, proxy = proxied
    async with opened(url, pool_size=1, statement_timeout=0.1, connect_timeout=0.3) as database, bounded():
        for _ in range(2):
            assert await run(database.engine, "SELECT 1") == 1  # the second time it is prepared
        proxy.silence()
        running = asyncio.create_task(run(database.engine, "SELECT 1"))
        await asyncio.sleep(0)
        if is_closed:
            await database.close()
        with pytest.raises(ServiceUnavailable, match="the database does not answer now"):
            await running
        assert (database.pool.checkedin(), database.pool.checkedout()) == (0, 0)
        await assert_whole(database.engine, 1)


async def test_a_transaction_may_take_longer_than_a_statement(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "TIME_BETWEEN_LOOKS_SECONDS", 0.02)
    async with opened(database_url, pool_size=1, statement_timeout=1, connect_timeout=0.2) as database, bounded():
        sleeping = text("SELECT 1 AS one FROM pg_sleep(0.7)")
        (row,) = await AutocommitConnection(database.pool).rows_after(sleeping, sleeping, {})
        assert row.one == 1


async def test_statements_whose_answers_were_lost_are_ended_while_others_go_on(
    proxied: tuple[str, PostgresProxy], monkeypatch: pytest.MonkeyPatch, observer: Any
) -> None:
    monkeypatch.setattr(pool_module, "RUNNING_BEFORE_CHECK_SECONDS", 0.05)
    monkeypatch.setattr(pool_module, "TIME_BETWEEN_CHECKS_SECONDS", 0.05)
    url, proxy = proxied
    async with opened(url, pool_size=3, pool_timeout=5, statement_timeout=600) as database, bounded():
        await assert_whole(database.engine, 2)
        proxy.silence()
        lost = [asyncio.create_task(run(database.engine, "SELECT 1")) for _ in range(2)]
        long = asyncio.create_task(run(database.engine, "SELECT 2 FROM pg_sleep(600)"))

        async def long_runs() -> bool:
            sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            return bool(await observer.fetchval(sleeping) == 1)

        await eventually(long_runs)

        async def answered() -> bool:
            try:
                return bool(await run(database.engine, "SELECT 1") == 1)
            except ServiceUnavailable:
                return False

        await eventually(answered)
        outcomes = await asyncio.gather(*lost, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ServiceUnavailable] * 2
        assert not long.done()
        long.cancel()


async def test_a_connection_that_is_held_without_a_statement_is_not_taken_for_a_lost_one(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "RUNNING_BEFORE_CHECK_SECONDS", 0.0)
    monkeypatch.setattr(pool_module, "TIME_BETWEEN_CHECKS_SECONDS", 0.0)
    async with opened(database_url, pool_size=1, pool_timeout=0.1) as database, bounded():
        async with Session(database.pool):
            for _ in range(3):
                with pytest.raises(ServiceUnavailable):
                    await run(database.engine, "SELECT 1")
        assert await run(database.engine, "SELECT 1") == 1


async def test_a_connection_that_is_in_use_when_all_expire_is_closed_when_it_is_released(database_url: str) -> None:
    async with opened(database_url, pool_size=2) as database, bounded():
        async with Session(database.pool) as old:
            async with Session(database.pool) as new:
                new.expire()
            assert database.pool.checkedin() == 0
            assert database.pool.checkedout() == 1
            old.expire()
        assert database.pool.checkedin() == 0
        await assert_whole(database.engine, 2)


async def test_a_connection_that_ends_while_it_is_handed_over_is_replaced(database_url: str) -> None:
    async with opened(database_url, pool_size=1) as database, bounded():
        pool = database.pool
        released = await pool.acquire()
        waiting = asyncio.create_task(pool.acquire())
        await asyncio.sleep(0)
        pool.release(released)
        released.terminate()
        acquired = await waiting
        assert (acquired is released, pool.checkedout()) == (False, 1)
        pool.release(acquired)
        await assert_whole(database.engine, 1)


async def test_those_who_wait_are_served_in_turn_whoever_gives_up(database_url: str) -> None:
    """Checks all who wait: those that are served, are cancelled before or just after their turn, or have waited too long."""
    async with (
        opened(database_url, pool_size=1) as database,
        opened(database_url, pool_size=1, pool_timeout=1) as other,
    ):
        served = []

        async def use(number: int) -> None:
            async with Session(database.pool):
                served.append(number)

        async with bounded():
            async with Session(database.pool):
                waiting = [asyncio.create_task(use(number)) for number in range(4)]
                await asyncio.sleep(0)
                waiting[1].cancel()
                await asyncio.wait(waiting[1:2])
                assert database.pool.waiting == 3
            waiting[0].cancel()  # it has been given the connection, and does not run yet
            await asyncio.wait(waiting)
            assert served == [2, 3]
            assert database.pool.waiting == database.pool.checkedout() == 0
            async with Session(other.pool):
                with pytest.raises(ServiceUnavailable):
                    await run(other.engine, "SELECT 1")
            assert (other.pool.waiting, other.pool.timeouts) == (0, 1)
            for each in (database, other):
                await assert_whole(each.engine, 1)


@pytest.mark.parametrize("is_token_given", [False, True])
async def test_the_wait_for_a_connection_is_not_counted_as_the_time_of_a_statement(
    database_url: str, is_token_given: bool
) -> None:
    async with opened(database_url, pool_size=1) as database, bounded():
        pool = database.pool
        connection = TokenConnection(pool, PRIMARY) if is_token_given else AutocommitConnection(pool)
        statement = text("DELETE FROM meetings WHERE false")
        counts = driver_statement(statement).counts
        counts.seconds = 0.0
        async with Session(pool) as session:
            running = asyncio.create_task(connection.rows(statement, {}))
            await session.rows(text("SELECT pg_sleep(0.2)"), {})
            await session.rollback()
            released = time.monotonic()
        await running
        assert 0 < counts.seconds <= time.monotonic() - released


def test_a_pool_that_was_closed_can_be_used_in_another_event_loop(database_url: str) -> None:
    database = Database(database_url, pool_size=1, pool_timeout=2)

    async def wait_for_a_connection() -> None:
        assert await asyncio.gather(*(run(database.engine, "SELECT 1") for _ in range(2))) == [1, 1]
        await database.close()

    async def wait_in_vain() -> None:
        async with bounded(), Session(database.pool):
            with pytest.raises(ServiceUnavailable):
                await run(database.engine, "SELECT 1")
        await database.close()

    asyncio.run(wait_for_a_connection())
    asyncio.run(wait_in_vain())


async def test_a_prepared_statement_whose_table_has_changed_since_is_prepared_anew(database_url: str) -> None:
    async with opened(database_url, pool_size=1) as database, bounded():
        await run_all(database, "CREATE TABLE changing AS SELECT 1 AS one")
        for columns in ((1,), (1, 2), (1, 2, 3)):
            for _ in range(2):
                (row,) = await run_all(database, "SELECT * FROM changing")
                assert tuple(row) == columns
            last = len(columns) + 1
            await run_all(database, f"ALTER TABLE changing ADD added_{last} int DEFAULT {last}")


async def run_all(database: Database, statement: str) -> Sequence[Record]:
    return await AutocommitConnection(database.pool).rows(text(statement), {})
