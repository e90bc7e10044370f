"""A server that webhooks may lead from to this machine, and webhooks that exist as long as a test."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import asyncpg
import pytest

from tests.harness.databases import TestPostgres
from tests.harness.receivers import SENDING, Execute, Subscribe
from tests.harness.servers import Api, RunningServer, running_server


@pytest.fixture(scope="session")
def sending_database(postgres: TestPostgres) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def sending_server(sending_database: str) -> Iterator[RunningServer]:
    with running_server(sending_database, **SENDING) as running:
        yield running


@pytest.fixture
def execute(sending_database: str) -> Execute:
    """Runs a statement with one parameter, past the server, and returns its rows."""

    async def run(statement: str, parameter: object) -> list[Any]:
        connection = await asyncpg.connect(sending_database)
        try:
            return list(await connection.fetch(statement, parameter))
        finally:
            await connection.close()

    return lambda statement, parameter: asyncio.run(run(statement, parameter))


@pytest.fixture
def api(sending_server: RunningServer) -> Api:
    return sending_server.api


@pytest.fixture
def subscribe(api: Api) -> Iterator[Subscribe]:
    """Creates a webhook with a receiver's URL and types of events. Gives what `createWebhook` answers."""
    with ExitStack() as webhooks:

        def create(url: str, *events: str, **input: Any) -> Any:
            created = api.run("CreateWebhook", input={"name": "Test", "url": url, "events": list(events), **input})
            webhooks.callback(lambda: api.run("DeleteWebhook", id=created["webhook"]["id"]))
            return created

        yield create


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has failed deliveries attempted again at the next look."""
    monkeypatch.setattr("domain.webhooks.RETRY_DELAYS_SECONDS", (0.01,))
