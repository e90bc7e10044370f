"""Servers for the Python library, and the network on the way to them."""

from collections.abc import AsyncIterator, Iterator

import pytest

from domain.principals import Scope
from tests.harness.api_keys import GuardedServer, create_api_key
from tests.harness.network import Network
from tests.harness.servers import Api, RunningServer, running_server


@pytest.fixture
async def network(server: RunningServer) -> AsyncIterator[Network]:
    """The network before the shared server."""
    network = Network(server.url)
    async with network:
        yield network


@pytest.fixture
def guarded_server(database_url: str) -> Iterator[GuardedServer]:
    keys = {scope: create_api_key(database_url, scope) for scope in (Scope.ADMIN, Scope.WRITE, Scope.INGEST)}
    with running_server(database_url, auth=True) as server:
        api = Api(server.url, keys[Scope.ADMIN])
        yield GuardedServer(server.url, api, keys)
        api.http.close()
