"""Finds the principal of a key or token.

What the database says of a token is cached for a few seconds. So long may a process that has missed the notification accept a
key that was revoked.
"""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING

from db.change_notifier import Changes
from db.credentials import KeyName
from db.database import Database
from domain.api_keys import Token
from domain.errors import ServiceUnavailable, Unauthenticated
from domain.ids import WorkspaceId
from domain.principals import Principal, local

if TYPE_CHECKING:
    from server.auth.oidc import OidcIssuer

logger = logging.getLogger("rapporteur.auth")

PRINCIPAL_TTL_SECONDS = 5.0
"""The time that the principal of a token is cached."""
MAX_CACHED_PRINCIPALS = 10_000
USE_RECORDING_INTERVAL_SECONDS = 30.0
"""The time between two writes of when keys were used."""

TOKEN_MISSING = "a key is needed: Authorization: Bearer <key>, in connection_init for a WebSocket"
TOKEN_INVALID = "the key or token is not valid, or no longer"


class OpenAccess:
    """Stands for an authenticator where nobody is asked: whoever reaches the server may do everything in its workspace."""

    def __init__(self, workspace_id: WorkspaceId) -> None:
        self._principal = local(workspace_id)

    async def principal(self, token: str | None) -> Principal:
        return self._principal

    async def run(self) -> None:
        """Does nothing: there are no keys whose use is recorded."""


class Authenticator:
    """Authenticates the clients of a process. There is one for a database."""

    def __init__(self, database: Database, issuer: "OidcIssuer | None" = None) -> None:
        """`issuer` is the issuer whose tokens are valid beside keys."""
        self._database = database
        self._issuer = issuer
        self._cached: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._lookups: dict[bytes, asyncio.Task[Principal]] = {}
        self._used_at: dict[KeyName, float] = {}
        database.notifier.subscribe(self._on_changes)

    async def principal(self, token: str | None) -> Principal:
        """Returns the principal of a token. Raises Unauthenticated, or ServiceUnavailable if it cannot be looked up."""
        if token is None:
            raise Unauthenticated(TOKEN_MISSING)
        digest = hashlib.sha256(token.encode(errors="replace")).digest()
        principal, valid_until = self._cached.get(digest, (None, 0.0))
        if principal is None or valid_until < time.monotonic():
            principal = await self._shared_look_up(digest, token)
        if principal.has_expired:
            raise Unauthenticated(TOKEN_INVALID)
        if principal.key_id is not None:
            self._used_at[principal.workspace_id, principal.key_id] = time.monotonic()
        return principal

    async def run(self) -> None:
        """Records from time to time when keys were used, until it is cancelled, and then once more."""
        try:
            while True:
                await asyncio.sleep(USE_RECORDING_INTERVAL_SECONDS)
                await self.record_use()
        finally:
            await self.record_use()

    async def record_use(self) -> None:
        """Writes when keys were used since the last time. An error is logged: use is recorded as well as possible."""
        used_at, self._used_at = self._used_at, {}
        if used_at and not self._database.is_read_only:
            try:
                now = time.monotonic()
                await self._database.credentials.record_use(
                    {key: timedelta(seconds=now - at) for key, at in used_at.items()}
                )
            except ServiceUnavailable as error:
                logger.warning("the use of keys is not recorded: %s", error)
            except Exception:  # an error must stop neither the next recordings nor the rest of a shutdown
                logger.exception("the use of keys is not recorded")

    async def _shared_look_up(self, digest: bytes, token: str) -> Principal:
        """Looks a token up once for all requests that come with it at the same time."""
        lookup = self._lookups.get(digest)
        if lookup is None:
            lookup = self._lookups[digest] = asyncio.create_task(self._look_up(token))
            lookup.add_done_callback(lambda done: self._cache(digest, done))
        return await asyncio.shield(lookup)

    def _cache(self, digest: bytes, lookup: asyncio.Task[Principal]) -> None:
        if self._lookups.get(digest) is not lookup:  # a key was revoked since the lookup began, perhaps this one
            return
        del self._lookups[digest]
        self._cached.pop(digest, None)
        if lookup.cancelled() or lookup.exception() is not None:
            return
        self._cached[digest] = (lookup.result(), time.monotonic() + PRINCIPAL_TTL_SECONDS)
        if len(self._cached) > MAX_CACHED_PRINCIPALS:
            self._cached.popitem(last=False)

    async def _look_up(self, token: str) -> Principal:
        if key_token := Token.parsed(token):
            key = await self._database.credentials.authenticate(key_token)
            if key is not None:
                return key.principal(key_token.workspace_id)
        elif self._issuer is not None and (principal := await self._issuer.principal(token)):
            if await self._database.credentials.workspace_exists(principal.workspace_id):
                return principal
            logger.warning("a token of the issuer is for a workspace that does not exist: %s", principal.workspace_id)
        raise Unauthenticated(TOKEN_INVALID)

    def _on_changes(self, changes: Changes | None) -> None:
        if changes is None or changes.keys:
            self._lookups.clear()  # their results may be older than the change: requests from now on look up anew
        if changes is None:
            self._cached.clear()
        elif changes.keys:
            ended = [digest for digest, (principal, _) in self._cached.items() if principal.key_id in changes.keys]
            for digest in ended:
                del self._cached[digest]
