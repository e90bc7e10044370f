"""Creates API keys and workspaces directly in the database."""

import asyncio
from dataclasses import dataclass
from typing import Any

from db.database import Database
from db.engine import create_engine
from db.workspaces import ensure_workspace
from domain.api_keys import CreateApiKey
from domain.ids import DEFAULT_WORKSPACE_ID, WorkspaceId, new_id
from domain.principals import Scope, local
from resolvers import api_keys as keys
from resolvers.context import Context
from resolvers.live.registry import HubRegistry
from tests.harness.servers import Api


def create_api_key(
    database_url: str, *scopes: Scope, workspace_id: WorkspaceId = DEFAULT_WORKSPACE_ID, **values: Any
) -> str:
    """Returns the token of a new key, made as the command line makes it."""

    async def make() -> str:
        database = Database(database_url)
        try:
            context = Context(database, HubRegistry(database), local(workspace_id))
            values.setdefault("name", " ".join(scope.value for scope in scopes) or "none")
            return (await keys.create(context, CreateApiKey.parse({"scopes": list(scopes), **values}))).token
        finally:
            await database.close()

    return asyncio.run(make())


def create_workspace(database_url: str) -> WorkspaceId:
    """Creates a workspace."""
    id = WorkspaceId(new_id())

    async def ensure() -> None:
        engine = create_engine(database_url)
        await ensure_workspace(engine, id, "tenant")
        await engine.dispose()

    asyncio.run(ensure())
    return id


@dataclass
class GuardedServer:
    """A server that asks for keys, an API with the scope ADMIN, and the tokens of keys with one scope each."""

    url: str
    api: Api
    keys: dict[Scope, str]
