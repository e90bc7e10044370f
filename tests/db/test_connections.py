"""Connections that end at an awkward moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from db.database import Database
from domain.errors import ServiceUnavailable
from domain.filters import MeetingFilter
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import AgentId
from domain.meetings import Meeting
from domain.pagination import PageRequest

pytestmark = pytest.mark.slow


@asynccontextmanager
async def told_but_not_closed(database_url: str, ended: asyncio.Event) -> AsyncIterator[str]:
    """A way to the database on which what PostgreSQL sends last arrives, and the end of the connection does not.

    `ended` is set when that would have arrived.
    """
    target = make_url(database_url)
    directory, port = target.query["host"], target.query.get("port", target.port or 5432)
    writers: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(f"{directory}/.s.PGSQL.{port}")
        writers.extend((writer, back))

        async def forth() -> None:
            while data := await reader.read(65536):
                back.write(data)

        forwarding = asyncio.create_task(forth())
        while data := await there.read(65536):
            writer.write(data)
        ended.set()
        await forwarding

    proxy = await asyncio.start_server(accept, "127.0.0.1", 0)
    here = proxy.sockets[0].getsockname()[1]
    try:
        yield target.set(host="127.0.0.1", port=here, query={}).render_as_string(hide_password=False)
    finally:
        proxy.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


@pytest.fixture
async def ended(database_url: str) -> AsyncIterator[Database]:
    """A database whose only pooled connection has been told that it is at its end."""
    ended = asyncio.Event()
    async with told_but_not_closed(database_url, ended) as url:
        database = Database(url, pool_size=1)
        await database.ping()
        observer = await asyncpg.connect(database_url)
        killed = await observer.fetch(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'rapporteur'"
        )
        assert [row[0] for row in killed] == [True]
        await ended.wait()
        await observer.close()
        yield database
        async with asyncio.timeout(20):  # of this way the end never arrives: nothing is to wait for it
            await database.close()


async def test_a_read_goes_to_another_connection(ended: Database) -> None:
    repositories = ended.repositories(WORKSPACE)
    assert await repositories.meetings.count_by_state() == 0
    assert await repositories.meetings.count_by_state() == 0


async def test_a_write_of_one_statement_goes_to_another_connection_and_happens_once(ended: Database) -> None:
    with ended.writing(WORKSPACE) as repositories:
        created = await repositories.meetings.create(Meeting.create(title="Weekly"))
        assert await repositories.meetings.get(created.id) == created
        assert await repositories.meetings.count_by_state() == 1


async def test_a_unit_of_work_begins_on_another_connection(ended: Database) -> None:
    async with ended.unit_of_work(WORKSPACE) as uow:
        created: Any = await uow.meetings.create(Meeting.create(title="Weekly"))
        await uow.commit()
    assert await ended.repositories(WORKSPACE).meetings.get(created.id) == created


async def test_a_changed_schema_that_one_connection_has_met_fails_no_transaction_of_another(
    database: Database, observer: Any
) -> None:
    async def create() -> None:
        """Creates a meeting by two statements, on two connections at once."""
        async with database.unit_of_work(WORKSPACE) as one, database.unit_of_work(WORKSPACE) as other:
            for uow in (one, other):
                await uow.meetings.create(Meeting.create(title="Weekly"))
            for uow in (one, other):
                await uow.commit()

    meetings = database.repositories(WORKSPACE).meetings
    await create()
    assert len((await meetings.page(PageRequest(10), MeetingFilter())).nodes) == 2
    await observer.execute("ALTER TABLE meetings ALTER updated_at TYPE timestamptz(3)")
    assert len((await meetings.page(PageRequest(10), MeetingFilter())).nodes) == 2
    await create()
    assert await meetings.count_by_state() == 4


async def test_a_table_that_is_not_there_costs_no_connection(database: Database, observer: Any) -> None:
    repositories = database.repositories(WORKSPACE)
    await repositories.meetings.count_by_state()
    (before,) = database.pool._idle
    await observer.execute("ALTER TABLE agents RENAME TO former_agents")
    with pytest.raises(ServiceUnavailable):
        await repositories.agents.get(AgentId(uuid4()))
    assert database.pool._idle == [before]
    assert not before.is_closed()
