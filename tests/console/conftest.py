"""One browser for all tests of the console, as each opens sessions of its own in it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from server.console import is_built
from tests.harness.browsers import running_browser
from tests.harness.databases import TestPostgres
from tests.harness.servers import RunningServer, running_server


@pytest.fixture(autouse=True)
def _built() -> None:
    if not is_built():
        pytest.skip("the console is not built: make server/console/dist")


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


@pytest.fixture(scope="package")
def console_server(postgres: TestPostgres) -> Iterator[RunningServer]:
    """A server with the demo for the tests of this package."""
    with postgres.database() as url, running_server(url, demo=True) as running:
        yield running
