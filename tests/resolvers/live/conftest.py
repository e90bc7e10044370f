"""Fixtures of the hub's tests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url

from db import change_notifier
from db.change_notifier import CHANNEL, ChangeNotifier
from db.database import Database
from resolvers.live import hub as hub_module
from tests.harness.databases import TestPostgres
from tests.harness.live import (
    LONGER_THAN_ANY_TEST_SECONDS,
    ROLE,
    ConnectionBlocker,
    NotificationListener,
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
    """The same database for a role whose connections can be blocked."""

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
    monkeypatch.setattr(hub_module, "POLL_INTERVAL_SECONDS", LONGER_THAN_ANY_TEST_SECONDS)
    monkeypatch.setattr(hub_module, "RETRY_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(change_notifier, "HEARTBEAT_SECONDS", LONGER_THAN_ANY_TEST_SECONDS)


@pytest.fixture
async def start(url_of_role: str) -> AsyncIterator[Start]:
    """Starts a process; without its notifier it hears only of its own changes."""
    async with AsyncExitStack() as stack:

        async def one(*, with_notifier: bool = False, **options: Any) -> Process:
            process = await stack.enter_async_context(running(url_of_role, with_notifier=with_notifier, **options))
            if with_notifier:
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
async def listener(database_url: str) -> AsyncIterator[NotificationListener]:
    connection = await asyncpg.connect(database_url)
    listening = NotificationListener(connection)
    await connection.add_listener(CHANNEL, listening.receive)
    yield listening
    await connection.close()


@pytest.fixture
async def blocker(postgres: TestPostgres, database_url: str) -> AsyncIterator[ConnectionBlocker]:
    connection = await asyncpg.connect(postgres.url)
    database = make_url(database_url).database
    assert database
    blocker = ConnectionBlocker(connection, database)
    yield blocker
    await blocker.allow()
    await connection.close()


@pytest.fixture
async def refusing_to_notify(listener: NotificationListener) -> AsyncIterator[None]:
    """The role finds another function of that name, which fails."""
    await listener.connection.execute(
        "CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$"
    )
    await listener.connection.execute(f"ALTER ROLE {ROLE} SET search_path = public, pg_catalog")
    yield
    await listener.connection.execute(
        f"ALTER ROLE {ROLE} RESET search_path; DROP FUNCTION public.pg_notify(text, text)"
    )


@pytest.fixture
def notifier(url_of_role: str) -> ChangeNotifier:
    return ChangeNotifier(url_of_role)
