"""A key or a token becomes a principal.

What a key is good for is asked of the database, and kept for a few seconds: so long may a revocation take to be noticed by a
process that has missed the notification.
"""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from datetime import UTC, datetime

from db.change_notifier import Changes
from db.credentials import KeyName
from db.database import Database
from domain.api_keys import Token
from domain.errors import ServiceUnavailable, Unauthenticated
from domain.ids import WorkspaceId
from domain.principals import Principal, local
from server.auth.oidc import OidcIssuer

logger = logging.getLogger("rapporteur.auth")

PRINCIPAL_TTL_SECONDS = 5.0
"""Seconds."""
MAX_CACHED_PRINCIPALS = 10_000
"""Principals."""
USE_RECORDING_INTERVAL_SECONDS = 30.0
"""Seconds between notes of when keys were used."""

MISSING = "a key is needed: Authorization: Bearer <key>, in connection_init for a WebSocket"
NOT_VALID = "the key or token is not valid, or no longer"


class OpenAccess:
    """Whoever reaches the server may do everything in its workspace."""

    def __init__(self, workspace_id: WorkspaceId) -> None:
        self._local = local(workspace_id)

    async def principal(self, token: str | None) -> Principal:
        return self._local

    async def run(self) -> None:
        """There is nothing to do."""


class Authenticator:
    """One for a process and database."""

    def __init__(self, database: Database, issuer: OidcIssuer | None = None) -> None:
        """`issuer` is whose tokens are good beside keys."""
        self._database = database
        self._issuer = issuer
        self._kept: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._under_way: dict[bytes, asyncio.Task[Principal]] = {}
        self._used: dict[KeyName, datetime] = {}
        database.notifier.subscribe(self._on_changes)

    async def principal(self, token: str | None) -> Principal:
        """Raises Unauthenticated, or ServiceUnavailable if nobody can say now."""
        if token is None:
            raise Unauthenticated(MISSING)
        name = hashlib.sha256(token.encode(errors="replace")).digest()
        principal, good_until = self._kept.get(name, (None, 0.0))
        if principal is None or good_until < time.monotonic():
            principal = await self._asked(name, token)
        if principal.has_expired:
            raise Unauthenticated(NOT_VALID)
        if principal.key_id is not None:
            self._used[principal.workspace_id, principal.key_id] = datetime.now(UTC)
        return principal

    async def run(self) -> None:
        """Note when keys were used, now and then, and once more when cancelled."""
        try:
            while True:
                await asyncio.sleep(USE_RECORDING_INTERVAL_SECONDS)
                await self.note_use()
        finally:
            await self.note_use()

    async def note_use(self) -> None:
        used, self._used = self._used, {}
        if used:
            try:
                async with self._database.credentials() as credentials:
                    await credentials.record_use(used)
            except ServiceUnavailable:
                pass  # it is a note, and the next one is soon
            except Exception:  # nor is it a reason to note no more, or to leave the rest of a stop undone
                logger.exception("when keys were used is not noted")

    async def _asked(self, name: bytes, token: str) -> Principal:
        """Requests that come with the same token at the same time ask once."""
        task = self._under_way.get(name)
        if task is None:
            task = self._under_way[name] = asyncio.create_task(self._ask(token))
            task.add_done_callback(lambda done: self._keep(name, done))
        return await asyncio.shield(task)

    def _keep(self, name: bytes, asked: asyncio.Task[Principal]) -> None:
        if self._under_way.get(name) is not asked:  # a key has ended since it was asked, perhaps this one
            return
        del self._under_way[name]
        self._kept.pop(name, None)
        if asked.cancelled() or asked.exception() is not None:
            return
        self._kept[name] = (asked.result(), time.monotonic() + PRINCIPAL_TTL_SECONDS)
        if len(self._kept) > MAX_CACHED_PRINCIPALS:
            self._kept.popitem(last=False)

    async def _ask(self, token: str) -> Principal:
        if key_token := Token.parsed(token):
            async with self._database.credentials() as credentials:
                key = await credentials.authenticate(key_token)
            if key is not None:
                return key.principal(key_token.workspace_id)
        elif self._issuer is not None and (principal := await self._issuer.principal(token)):
            async with self._database.credentials() as credentials:
                if await credentials.workspace_exists(principal.workspace_id):
                    return principal
            logger.warning("a token of the issuer is for a workspace that is not there: %s", principal.workspace_id)
        raise Unauthenticated(NOT_VALID)

    def _on_changes(self, changes: Changes | None) -> None:
        if changes is None or changes.keys:
            self._under_way.clear()  # what the database says to them may be older: who comes now asks anew
        if changes is None:
            self._kept.clear()
        elif changes.keys:
            ended = [name for name, (principal, _) in self._kept.items() if principal.key_id in changes.keys]
            for name in ended:
                del self._kept[name]
