"""Checks what a process caches about who makes requests."""

import asyncio

import asyncpg
import pytest

from db.database import Database
from domain.api_keys import CreateApiKey
from domain.errors import Unauthenticated
from domain.ids import DEFAULT_WORKSPACE_ID
from domain.principals import Principal, Scope, local
from resolvers import api_keys as keys
from resolvers.context import Context
from resolvers.live.registry import HubRegistry
from server.auth.authenticator import Authenticator


class Late(Authenticator):
    """Its answers lie about for a while after the database has given them."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.answered, self.go_on = asyncio.Event(), asyncio.Event()

    async def _look_up(self, token: str) -> Principal:
        principal = await super()._look_up(token)
        self.answered.set()
        await self.go_on.wait()
        return principal


async def test_a_key_that_is_revoked_while_it_is_asked_about_is_not_kept(database_url: str) -> None:
    database = Database(database_url)
    context = Context(database, HubRegistry(database), local(DEFAULT_WORKSPACE_ID))
    created = await keys.create(context, CreateApiKey("key", [Scope.READ]))
    authentication = Late(database)
    first = asyncio.create_task(authentication.principal(created.token))
    await authentication.answered.wait()
    await keys.revoke(context, str(created.api_key.id))
    second = asyncio.create_task(authentication.principal(created.token))
    authentication.go_on.set()
    await first  # which came before the end of the key
    with pytest.raises(Unauthenticated):
        await second
    with pytest.raises(Unauthenticated):
        await authentication.principal(created.token)
    await database.close()


async def test_notes_that_cannot_be_made_end_nothing(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(database_url)
    context = Context(database, HubRegistry(database), local(DEFAULT_WORKSPACE_ID))
    authentication = Authenticator(database)
    await authentication.principal((await keys.create(context, CreateApiKey("key", [Scope.READ]))).token)
    owner = await asyncpg.connect(database_url)
    await owner.execute("ALTER TABLE api_keys RENAME TO elsewhere")
    await owner.close()
    await authentication.record_use()
    assert "not recorded" in caplog.text
    await database.close()
