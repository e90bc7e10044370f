"""Fixtures of the hub's tests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url

from db import change_notifier as bell_module
from db.change_notifier import CHANNEL, ChangeNotifier
from db.database import Database
from resolvers.live import hub as hub_module
from tests.harness.databases import TestPostgres
from tests.harness.live import (
    NEVER,
    ROLE,
    Doors,
    Ear,
    Process,
    Start,
    Writer,
    running,
)


@pytest.fixture(scope="module")
def database_url(postgres: TestPostgres) -> Iterator[str]:
    """Shares one database: no test looks at the meetings and agents of others."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="module")
def url_of_role(postgres: TestPostgres, database_url: str) -> Iterator[str]:
    """The same database for a role that a closed door keeps out."""

    async def make_role() -> None:
        connection = await asyncpg.connect(database_url)
        await connection.execute(
            f"CREATE ROLE {ROLE} LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}"
        )
        await connection.close()

    async def drop_role() -> None:
        connection = await asyncpg.connect(database_url)
        await connection.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")
        await connection.close()

    asyncio.run(make_role())
    yield make_url(database_url).set(username=ROLE).render_as_string(hide_password=False)
    asyncio.run(drop_role())


@pytest.fixture(autouse=True)
def nothing_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "POLL_INTERVAL_SECONDS", NEVER)
    monkeypatch.setattr(hub_module, "RETRY_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(bell_module, "HEARTBEAT_SECONDS", NEVER)


@pytest.fixture
async def start(url_of_role: str) -> AsyncIterator[Start]:
    """Starts a process; without its bell it hears only what it rings itself."""
    async with AsyncExitStack() as stack:

        async def one(*, with_bell: bool = False, **options: Any) -> Process:
            process = await stack.enter_async_context(running(url_of_role, with_bell=with_bell, **options))
            if with_bell:
                await process.is_listening()
            return process

        yield one


@pytest.fixture
async def process(start: Start) -> Process:
    return await start()


@pytest.fixture
async def silent(database_url: str) -> AsyncIterator[Writer]:
    """A writer that no process hears."""
    database = Database(database_url, pool_size=5)
    yield Writer(database)
    await database.close()


@pytest.fixture
async def ear(database_url: str) -> AsyncIterator[Ear]:
    connection = await asyncpg.connect(database_url)
    listening = Ear(connection)
    await connection.add_listener(CHANNEL, listening.receive)
    yield listening
    await connection.close()


@pytest.fixture
async def doors(postgres: TestPostgres, database_url: str) -> AsyncIterator[Doors]:
    connection = await asyncpg.connect(postgres.url)
    database = make_url(database_url).database
    assert database
    doors = Doors(connection, database)
    yield doors
    await doors.open()
    await connection.close()


@pytest.fixture
async def refusing_to_notify(ear: Ear) -> AsyncIterator[None]:
    """The role finds another function of that name, which fails."""
    await ear.connection.execute(
        "CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$"
    )
    await ear.connection.execute(f"ALTER ROLE {ROLE} SET search_path = public, pg_catalog")
    yield
    await ear.connection.execute(f"ALTER ROLE {ROLE} RESET search_path; DROP FUNCTION public.pg_notify(text, text)")


@pytest.fixture
def bell(url_of_role: str) -> ChangeNotifier:
    return ChangeNotifier(url_of_role)
