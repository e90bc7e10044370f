"""Fixtures: a server that asks for keys, and keys of all kinds."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from db.database import Database
from db.engine import create_engine
from db.migrate import ensure_workspace
from domain.ids import DEFAULT_WORKSPACE_ID, WorkspaceId, new_id
from domain.principals import Scope, local
from resolvers import api_keys as keys
from resolvers.context import Context
from resolvers.live.registry import Hubs
from tests.harness.databases import TestPostgres
from tests.harness.servers import Api, RunningServer, running_server

MakeKey = Callable[..., str]


def made(database_url: str, *scopes: Scope, workspace_id: WorkspaceId = DEFAULT_WORKSPACE_ID, **values: Any) -> str:
    """The token of a new key, made as the command line makes it."""

    async def make() -> str:
        database = Database(database_url)
        try:
            context = Context(database, Hubs(database), local(workspace_id))
            values.setdefault("name", " ".join(scope.value for scope in scopes) or "none")
            return (await keys.create(context, {"scopes": list(scopes), **values})).token
        finally:
            await database.close()

    return asyncio.run(make())


def workspace(database_url: str) -> WorkspaceId:
    """A new workspace."""
    id = WorkspaceId(new_id())

    async def ensure() -> None:
        engine = create_engine(database_url)
        await ensure_workspace(engine, id, "tenant")
        await engine.dispose()

    asyncio.run(ensure())
    return id


@pytest.fixture(scope="session")
def guarded(postgres: TestPostgres) -> Iterator[tuple[RunningServer, str]]:
    """A server that asks for keys, and the token of an administrator."""
    with postgres.database() as url, running_server(url, auth=True, demo=True) as server:
        yield server, made(url, Scope.ADMIN)


@pytest.fixture
def server(guarded: tuple[RunningServer, str]) -> RunningServer:
    return guarded[0]


@pytest.fixture
def admin(guarded: tuple[RunningServer, str]) -> Iterator[Api]:
    api = Api(guarded[0].url, guarded[1])
    yield api
    api.http.close()
