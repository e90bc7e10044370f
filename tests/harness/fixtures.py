"""Holds the fixtures of all tests: one PostgreSQL for the session, a database or a server for whoever asks."""

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from db.engine import Engine, SessionFactory, create_engine, create_session_factory
from db.replicas import ReplicaStatus
from tests.harness.databases import TestPostgres, postgres_directory, running_postgres
from tests.harness.replicas import never_behind, until
from tests.harness.servers import Api, RunningServer, running_server
from tests.harness.standby import ReplicationPair, primary_and_standby

if TYPE_CHECKING:
    from playwright.async_api import Browser

# No deadlines: examples run against a real server, on machines of any speed.
settings.register_profile(
    "rapporteur", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
settings.load_profile("rapporteur")


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestPostgres]:
    with postgres_directory() as directory, running_postgres(directory) as running:
        yield running


@pytest.fixture
def database_url(postgres: TestPostgres) -> Iterator[str]:
    """Yields the URL of a migrated database for one test."""
    with postgres.database() as url:
        yield url


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[Engine]:
    engine = create_engine(database_url, pool_size=5, max_overflow=0)
    yield engine
    await engine.dispose()


@pytest.fixture
def session_factory(engine: Engine) -> SessionFactory:
    return create_session_factory(engine)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator["Browser"]:
    from tests.harness.browsers import running_browser  # which most processes do not need

    async with running_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: "Browser") -> AsyncIterator["Browser"]:
    """Yields the one browser, for tests in the session's loop; each page is a session of its own, and ends with the test."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest.fixture(scope="session")
def server(postgres: TestPostgres) -> Iterator[RunningServer]:
    """Runs a server with the demo, for tests that mind only what they made themselves."""
    with postgres.database() as url, running_server(url, demo=True) as running:
        yield running


@pytest.fixture
def fresh_server(database_url: str) -> Iterator[RunningServer]:
    """Runs a server on an empty database of its own."""
    with running_server(database_url) as running:
        yield running


@pytest.fixture
def api(server: RunningServer) -> Api:
    return server.api


@pytest.fixture
def fresh_api(fresh_server: RunningServer) -> Api:
    return fresh_server.api


@pytest.fixture(scope="session")
def pair() -> Iterator[ReplicationPair]:
    """Runs a primary and its streaming standby."""
    with primary_and_standby() as pair:
        yield pair


@pytest.fixture(scope="session")
def both(pair: ReplicationPair) -> Iterator[tuple[RunningServer, RunningServer]]:
    with (
        running_server(pair.primary_url, replica_url=pair.standby_url) as one,
        running_server(pair.primary_url, replica_url=pair.standby_url) as other,
    ):
        for server in (one, other):
            never_behind(server)
        yield one, other


@pytest.fixture
def servers(both: tuple[RunningServer, RunningServer]) -> tuple[RunningServer, RunningServer]:
    """Yields two servers once they read from the standby."""
    for server in both:
        until(server, ReplicaStatus.IN_USE)
    return both
