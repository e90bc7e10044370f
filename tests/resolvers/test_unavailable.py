"""The database away, too slow, or too busy: callers are told to try again, and once it is back they are served again."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.embedded.os_account import account_for
from db.embedded.postmaster import ensure_postmaster, find_postmaster
from db.engine import create_engine
from db.migrate import migrate
from tests.harness.base_calls import BASE_CALLS, DEFINITIONS, DOCUMENTS
from tests.harness.databases import TestPostgres, postgres_directory, running_postgres
from tests.harness.sample_entities import SampleEntities
from tests.harness.servers import Api, RunningServer, running_server
from tests.harness.suggested_variables import MUTATIONS
from tests.harness.waiting import is_lock_awaited

pytestmark = pytest.mark.slow


class Stoppable:
    """A PostgreSQL of its own, which can be stopped as by a power cut, and started again where it was."""

    def __init__(self, postgres: TestPostgres, cluster: Path) -> None:
        self.postgres = postgres
        self._cluster = cluster

    @contextmanager
    def away(self) -> Iterator[None]:
        self._stop()
        try:
            yield
        finally:
            ensure_postmaster(self._cluster, account_for(self._cluster))

    def _stop(self) -> None:
        running = find_postmaster(self._cluster)
        assert running is not None
        running.process.send_signal(signal.SIGQUIT)
        running.process.wait(60)


@pytest.fixture(scope="module")
def stoppable() -> Iterator[Stoppable]:
    with postgres_directory() as directory, running_postgres(directory) as postgres:
        yield Stoppable(postgres, directory.resolve() / "postgres")


@pytest.fixture(scope="module")
def url(stoppable: Stoppable) -> Iterator[str]:
    """Yields the URL of a database of the PostgreSQL that can be stopped."""
    with stoppable.postgres.database() as url:
        yield url


@pytest.fixture(scope="module")
def server(url: str) -> Iterator[RunningServer]:
    with running_server(url) as running:
        yield running


@pytest.fixture
def api(server: RunningServer) -> Api:
    return server.api


def assert_unavailable(answer: dict[str, Any]) -> None:
    """Checks that all `errors` say that the service is unavailable, and nothing of its internals."""
    assert answer["errors"], answer
    for error in answer["errors"]:
        assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE", error
        assert error["extensions"]["retryAfter"] >= 1
        assert "database" in error["message"]
        assert not any(inner in error["message"] for inner in ("asyncpg", "sqlalchemy", "SELECT", "/"))


def status(api: Api, path: str) -> int:
    return api.http.get(path).status_code


def test_every_operation_says_so_and_is_served_again_when_the_database_is_back(
    api: Api, stoppable: Stoppable, caplog: pytest.LogCaptureFixture
) -> None:
    entities = SampleEntities.create(api)
    before = entities.state()
    with stoppable.away():
        for name in DEFINITIONS.keys() - {"Viewer"}:  # which needs no database
            assert_unavailable(api.post(DOCUMENTS[name], BASE_CALLS[name](entities), name))
        assert (status(api, "/readyz"), status(api, "/healthz")) == (503, 200)
        # What needs no database is answered all the same, and what is wrong is still the client's error.
        assert api.post("{ __typename }") == {"data": {"__typename": "Query"}}
        assert api.expect_error("Node", id="x")["extensions"]["code"] == "BAD_USER_INPUT"
    assert status(api, "/readyz") == 200
    assert entities.state() == before
    for name in DEFINITIONS:
        called_on = SampleEntities.create(api) if name in MUTATIONS else entities
        assert "errors" not in api.post(DOCUMENTS[name], BASE_CALLS[name](called_on), name)
    assert [record for record in caplog.records if record.name == "rapporteur.errors"] == []


class Holder:
    """A connection that has a meeting's row locked, and another that sees who waits for it."""

    def __init__(self, url: str, meeting: Any) -> None:
        self._url = url
        self._id = meeting["id"]

    async def __aenter__(self) -> "Holder":
        self._connection, self._watcher = await asyncpg.connect(self._url), await asyncpg.connect(self._url)
        self._transaction = self._connection.transaction()
        await self._transaction.start()
        await self._connection.execute("SELECT 1 FROM meetings WHERE id = $1 FOR UPDATE", self._id)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._connection.terminate()
        self._watcher.terminate()

    async def release(self) -> None:
        await self._transaction.rollback()

    async def blocks(self, task: asyncio.Task[Any]) -> None:
        """Give back when the task's statement waits for the row."""
        while not await is_lock_awaited(self._watcher):
            assert not task.done(), task.result()


def renaming(api: Api, meeting: Any, title: str) -> asyncio.Task[Any]:
    variables = {"id": meeting["id"], "input": {"title": title}}
    return asyncio.create_task(asyncio.to_thread(api.post, DOCUMENTS["UpdateMeeting"], variables, "UpdateMeeting"))


async def test_a_write_that_the_database_takes_down_with_it_is_told_so_and_did_not_happen(
    api: Api, url: str, stoppable: Stoppable
) -> None:
    meeting = api.meeting()
    async with Holder(url, meeting) as holder:
        mine = renaming(api, meeting, "Mine")
        await holder.blocks(mine)
        with stoppable.away():
            assert_unavailable(await mine)
    assert api.run("Meeting", id=meeting["id"])["title"] == "Meeting"


SOME = ("Agents", "Meetings", "Node", "CreateAgent", "UpsertSegments", "ActivateVariant")


@pytest.fixture
def one_connection(database_url: str) -> Iterator[Api]:
    """A client of a server that has one connection."""
    with running_server(database_url, pool_size=1, pool_timeout=0.2) as running:
        yield running.api


async def test_who_finds_no_connection_is_told_so_and_served_when_there_is_one(
    one_connection: Api, database_url: str
) -> None:
    api = one_connection
    entities = SampleEntities.create(api)
    meeting = {"id": entities.other_meeting}
    async with Holder(database_url, meeting) as holder:
        mine = renaming(api, meeting, "Mine")
        await holder.blocks(mine)
        for name in SOME:
            assert_unavailable(api.post(DOCUMENTS[name], BASE_CALLS[name](entities), name))
        assert (status(api, "/readyz"), status(api, "/healthz")) == (503, 200)
        assert not mine.done()
        await holder.release()
        assert (await mine)["data"]["updateMeeting"]["title"] == "Mine"
    assert status(api, "/readyz") == 200
    for name in SOME:
        assert "errors" not in api.post(DOCUMENTS[name], BASE_CALLS[name](entities), name)


@pytest.fixture
def impatient(database_url: str) -> Iterator[Api]:
    """A client of a server that gives statements little time."""
    with running_server(database_url, statement_timeout=0.5) as running:
        yield running.api


async def test_a_statement_that_takes_too_long_is_ended_and_did_nothing(impatient: Api, database_url: str) -> None:
    meeting = impatient.meeting()
    async with Holder(database_url, meeting):
        assert_unavailable(await renaming(impatient, meeting, "Mine"))
    assert impatient.run("Meeting", id=meeting["id"])["version"] == 1
    assert (await renaming(impatient, meeting, "Mine"))["data"]["updateMeeting"]["version"] == 2


@pytest.mark.parametrize("revision", ["0002", "base"])
def test_an_older_schema_is_unavailability_until_it_is_migrated_again(database_url: str, revision: str) -> None:
    async def migrated(revision: str) -> None:
        engine = create_engine(database_url)
        await migrate(engine, revision)
        await engine.dispose()

    with running_server(database_url) as running:
        api = running.api
        entities = SampleEntities.create(api)
        asyncio.run(migrated(revision))
        for name in DEFINITIONS.keys() - {"Viewer"}:
            answer = api.post(DOCUMENTS[name], BASE_CALLS[name](entities), name)
            if revision == "base":
                assert_unavailable(answer)
            else:  # the older schema has tables: some calls are done, and others meet what those have changed
                codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
                assert codes <= {"SERVICE_UNAVAILABLE", "BAD_USER_INPUT"}, answer
        assert (status(api, "/readyz"), status(api, "/healthz")) == (503, 200)
        asyncio.run(migrated("head"))
        assert status(api, "/readyz") == 200
        for name in SOME:
            assert "errors" not in api.post(DOCUMENTS[name], BASE_CALLS[name](SampleEntities.create(api)), name)
