"""Counts the connections of a pool, and checks that none is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from db.connections import AutocommitConnection, Session
from db.database import Database
from db.engine import Engine

OF_THE_POOL = "datname = current_database() AND application_name = 'rapporteur'"


@asynccontextmanager
async def opened(database_url: str, **options: Any) -> AsyncIterator[Database]:
    database = Database(database_url, **options)
    try:
        yield database
    finally:
        await database.close()


def checked_out(engine: Engine) -> int:
    return engine.pool.checkedout()


async def backends(observer: Any, condition: str) -> int:
    """Counts the pool's backends that are like this."""
    count: int = await observer.fetchval(f"SELECT count(*) FROM pg_stat_activity WHERE {OF_THE_POOL} AND {condition}")
    return count


@asynccontextmanager
async def bounded() -> AsyncIterator[None]:
    """Fails what takes 10 seconds; not by TimeoutError, which the code under test would take for the database's."""
    try:
        async with asyncio.timeout(10):
            yield
    except TimeoutError:
        pytest.fail("it took too long")


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Looks again and again until it holds."""
    async with bounded():
        while not await holds():  # noqa: ASYNC110 - PostgreSQL does not notify of this
            await asyncio.sleep(0.01)


async def run(engine: Engine, statement: str) -> Any:
    (row,) = await AutocommitConnection(engine.pool).rows(text(statement), {})
    return row[0]


async def assert_whole(engine: Engine, size: int) -> None:
    """Checks that nothing is checked out, and that all the pool's connections can be had at once and answer."""
    assert checked_out(engine) == 0
    all_taken = asyncio.Barrier(size)

    async def take() -> Any:
        async with Session(engine.pool) as connection:
            await all_taken.wait()
            (row,) = await connection.rows(text("SELECT 1"), {})
            return row[0]

    async with bounded():
        assert await asyncio.gather(*(take() for _ in range(size))) == [1] * size
    assert checked_out(engine) == 0
