"""Checks that everything works through PgBouncer, and that nothing is left on its connections."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from db import pool as pool_module
from db.change_notifier import Changes
from db.connections import AutocommitConnection, Session
from db.driver import ConnectionSettings
from db.migrate import migrate
from db.preflight import check_database
from db.schema_revisions import current_revision, head
from db.workspaces import ensure_workspace
from domain.errors import DatabaseUnusable, ServiceUnavailable
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import MeetingId, new_id
from domain.meetings import Meeting
from tests.harness.base_calls import BASE_CALLS, DEFINITIONS, DOCUMENTS
from tests.harness.databases import TestPostgres
from tests.harness.pgbouncer import PgBouncer, needs_pgbouncer, pgbouncer
from tests.harness.pooled_connections import bounded, eventually, opened, run
from tests.harness.sample_entities import SampleEntities
from tests.harness.servers import running_server
from tests.harness.suggested_variables import MUTATIONS

pytestmark = [pytest.mark.slow, needs_pgbouncer]

MODES = ("transaction", "session")
IGNORED = (
    "statement_timeout,idle_in_transaction_session_timeout,client_connection_check_interval,jit,extra_float_digits"
)


@pytest.fixture
def one_server_connection(database_url: str) -> Iterator[PgBouncer]:
    """A pooler in transaction mode whose clients share one connection."""
    with pgbouncer(database_url, "transaction", size=1) as pooler:
        yield pooler


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize(("mode", "ignored"), [("transaction", IGNORED), ("session", "")])
def test_every_operation_works(database_url: str, mode: str, ignored: str) -> None:
    """Checks poolers that refuse the parameters of connections, and those that accept them and pass none on."""
    with (
        pgbouncer(database_url, mode, ignore_startup_parameters=ignored) as pooler,
        running_server(pooler.url) as server,
        ThreadPoolExecutor(4) as clients,
    ):
        api = server.api
        seen = SampleEntities.create(api)

        def call_twice(name: str) -> list[dict[str, Any]]:
            variables = BASE_CALLS[name](SampleEntities.create(api) if name in MUTATIONS else seen)
            return [api.post(DOCUMENTS[name], variables, name) for _ in range(2)]

        answers = zip(DEFINITIONS, clients.map(call_twice, DEFINITIONS), strict=True)
        assert [(name, answer) for name, both in answers for answer in both if "errors" in answer] == []
        assert api.http.get("/readyz").status_code == 200


@pytest.mark.parametrize("mode", MODES)
async def test_an_empty_database_is_checked_migrated_and_given_a_workspace(postgres: TestPostgres, mode: str) -> None:
    with postgres.database("template0") as url, pgbouncer(url, mode, size=2) as pooler:
        assert await check_database(pooler.url) is None
        async with opened(pooler.url) as database:
            await migrate(database.engine)
            assert await current_revision(database.engine) == head()
            await ensure_workspace(database.engine, WORKSPACE, "other", "german")
        assert await check_database(pooler.url) == head()


async def left_on(connection: Any) -> dict[str, Any]:
    settings = await connection.fetch("SELECT name, setting FROM pg_settings WHERE source = 'session' ORDER BY name")
    return {
        "settings": {row["name"] for row in settings} - TRACKED_BY_PGBOUNCER,
        "statements": await connection.fetchval("SELECT count(*) FROM pg_prepared_statements WHERE name != ''"),
        "channels": await connection.fetchval("SELECT count(*) FROM pg_listening_channels()"),
        "locks": await connection.fetchval(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        ),
    }


TRACKED_BY_PGBOUNCER = {"application_name", "client_encoding", "DateStyle", "TimeZone", "standard_conforming_strings"}
"""The settings that PgBouncer gives each client anew."""


async def test_nothing_is_left_on_a_shared_connection(one_server_connection: PgBouncer, database_url: str) -> None:
    async with connected(one_server_connection.url) as other:
        backend = await other.fetchval("SELECT pg_backend_pid()")
        async with opened(one_server_connection.url) as database, bounded():
            await migrate(database.engine, "0003")
            await migrate(database.engine)
            async with database.unit_of_work(WORKSPACE) as uow:
                await uow.meetings.create(Meeting.create(title="Weekly"))
                await uow.commit()
            assert await database.repositories(WORKSPACE).meetings.count_by_state() == 1
            numbers = text("SELECT CAST(:first AS int) + n FROM generate_series(1, 5) AS n")
            async with Session(database.pool) as session:
                for first in (0, 5):
                    parts = [part async for part in session.stream(numbers, {"first": first}, 2)]
                    assert [row[0] - first for part in parts for row in part] == [1, 2, 3, 4, 5]
            database.notifier.publish(Changes({MeetingId(new_id())}))
            notifying = asyncio.create_task(database.notifier.run())

            async def is_connected() -> bool:
                async with connected(database_url) as observer:
                    sent = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%pg_notify%'"
                    return bool(await observer.fetchval(sent, backend))

            await eventually(is_connected)
            notifying.cancel()
        assert await other.fetchval("SELECT pg_backend_pid()") == backend
        assert await left_on(other) == {"settings": set(), "statements": 0, "channels": 0, "locks": 0}


async def test_a_pooler_is_recognised_and_a_database_is_not_taken_for_one(
    one_server_connection: PgBouncer, database_url: str
) -> None:
    for url, pooler, is_pooled in (
        (one_server_connection.url, None, True),
        (f"{one_server_connection.url}?pgbouncer=true", None, True),
        (database_url, None, False),
        (database_url, True, True),
    ):
        connection = await ConnectionSettings(url, 5, 5, pooler).connect()
        assert connection.is_pooled is is_pooled
        connection.terminate()


async def test_statements_end_in_time(one_server_connection: PgBouncer) -> None:
    async with opened(one_server_connection.url, statement_timeout=0.1) as database, bounded():
        with pytest.raises(ServiceUnavailable, match="took too long"):
            await run(database.engine, "SELECT pg_sleep(60)")
        assert await run(database.engine, "SELECT current_setting('jit')") == "off"


@pytest.mark.parametrize("is_warm", [False, True])
async def test_who_waits_for_a_pooler_waits_as_long_as_for_a_connection(
    one_server_connection: PgBouncer, is_warm: bool
) -> None:
    async with (
        connected(one_server_connection.url) as other,
        opened(one_server_connection.url, pool_timeout=0.1, connect_timeout=60, statement_timeout=60) as database,
        bounded(),
    ):
        if is_warm:
            await database.ping()
        async with other.transaction():
            await other.execute("SELECT 1")
            with pytest.raises(ServiceUnavailable):
                await database.ping()
            with pytest.raises(ServiceUnavailable):
                async with database.unit_of_work(WORKSPACE) as uow:
                    await uow.meetings.count_by_state()

        async def is_back() -> bool:
            try:
                await database.ping()
            except ServiceUnavailable:
                return False
            return True

        await eventually(is_back)


async def test_who_waits_for_a_pooler_may_wait_longer_than_for_an_answer(
    one_server_connection: PgBouncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "TIME_BETWEEN_LOOKS_SECONDS", 0.02)
    url = one_server_connection.url
    options = {"pool_timeout": 60, "connect_timeout": 0.2, "statement_timeout": 0.2}
    async with connected(url) as other, opened(url, pooler=True, **options) as database, bounded():
        await database.ping()
        async with other.transaction():
            await other.execute("SELECT 1")
            waiting = asyncio.create_task(database.ping())
            await asyncio.wait([waiting], timeout=0.8)
        await waiting


async def test_a_cancelled_statement_is_ended(one_server_connection: PgBouncer, database_url: str) -> None:
    async with opened(one_server_connection.url) as database, connected(database_url) as observer, bounded():
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        statement = asyncio.create_task(run(database.engine, "SELECT pg_sleep(600)"))

        async def sleeps() -> bool:
            return bool(await observer.fetchval(sleeping) == 1)

        async def has_ended() -> bool:
            return bool(await observer.fetchval(sleeping) == 0)

        await eventually(sleeps)
        statement.cancel()
        await eventually(has_ended)
        assert await run(database.engine, "SELECT 1") == 1


async def test_a_statement_that_fails_leaves_no_transaction_open(one_server_connection: PgBouncer) -> None:
    async with opened(one_server_connection.url, pool_size=1) as database, bounded():
        statement = text("SELECT CAST(:value AS text)::int")
        for value in ("nonsense", 1 << 40):  # refused by the database, and by the driver
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ServiceUnavailable)):
                await AutocommitConnection(database.pool).rows(statement, {"value": value})
        async with connected(one_server_connection.url) as other:
            assert await other.fetchval("SELECT 1") == 1


async def test_notifications_take_their_own_way(one_server_connection: PgBouncer, database_url: str) -> None:
    async with (
        opened(one_server_connection.url, listen_url=database_url) as database,
        opened(one_server_connection.url, listen_url=database_url) as other,
        bounded(),
    ):
        heard, listening = asyncio.Event(), asyncio.Event()
        other.notifier.subscribe(lambda changes: (heard if changes else listening).set())
        tasks = [asyncio.create_task(each.notifier.run()) for each in (database, other)]
        await listening.wait()
        database.notifier.publish(Changes({MeetingId(new_id())}))
        await heard.wait()
        for task in tasks:
            task.cancel()


async def test_a_database_that_the_pooler_does_not_know(one_server_connection: PgBouncer) -> None:
    with pytest.raises(DatabaseUnusable, match="see RAPPORTEUR_DATABASE_URL, and the pooler's configuration"):
        await check_database(one_server_connection.url.rpartition("/")[0] + "/nowhere")


async def test_a_parameter_that_the_pooler_refuses(one_server_connection: PgBouncer) -> None:
    with pytest.raises(DatabaseUnusable, match="unsupported startup parameter: options"):
        await check_database(f"{one_server_connection.url}?options=-cwork_mem%3D1MB")
