"""Fixtures: a server that asks for keys, and keys of all kinds."""

from collections.abc import Callable, Iterator

import pytest

from domain.principals import Scope
from tests.harness.api_keys import create_api_key
from tests.harness.databases import TestPostgres
from tests.harness.servers import Api, RunningServer, running_server

MakeKey = Callable[..., str]


@pytest.fixture(scope="session")
def guarded(postgres: TestPostgres) -> Iterator[tuple[RunningServer, str]]:
    """A server that asks for keys, and the token of an administrator."""
    with postgres.database() as url, running_server(url, auth=True, demo=True) as server:
        yield server, create_api_key(url, Scope.ADMIN)


@pytest.fixture
def server(guarded: tuple[RunningServer, str]) -> RunningServer:
    return guarded[0]


@pytest.fixture
def admin(guarded: tuple[RunningServer, str]) -> Iterator[Api]:
    api = Api(guarded[0].url, guarded[1])
    yield api
    api.http.close()
