"""API keys. A key's token is shown once. What is stored suffices to recognise the token, but not to make it.

The secret in a token is 256 random bits, so that nobody can find it by trying, and a plain SHA-256 is safe to store. Slow
hashes are for the passwords that people choose (OWASP, Password Storage Cheat Sheet).
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, datetime
from typing import Annotated, NamedTuple, Self
from uuid import UUID

from domain.agents import Name
from domain.cursors import CursorFormat
from domain.errors import InvalidInput
from domain.ids import KeyId, MeetingId, WorkspaceId, new_id
from domain.principals import Principal, Scope, with_included
from domain.rules import Member, Violation, moment
from domain.validation import MaxItems, parse

TOKEN_PREFIX = "rapporteur_"
"""The prefix of all tokens, by which scanners of repositories and logs find them."""
_SECRET_BYTES = 32
_TOKEN_CHARS = len(TOKEN_PREFIX) + 88
"""After the prefix, a token has two UUIDs, the secret and a checksum of two bytes, all in base64."""
MAX_KEY_MEETINGS = 1_000
"""The most meetings that a key can be granted when it is created."""


class Token(NamedTuple):
    """The credentials that a client sends: they name the key, and hold its secret."""

    workspace_id: WorkspaceId
    key_id: KeyId
    secret: bytes

    @classmethod
    def new(cls, workspace_id: WorkspaceId, key_id: KeyId) -> Self:
        return cls(workspace_id, key_id, secrets.token_bytes(_SECRET_BYTES))

    @classmethod
    def parsed(cls, value: str) -> Self | None:
        """Returns the token, or None if the text is not a token of ours."""
        if len(value) != _TOKEN_CHARS or not value.startswith(TOKEN_PREFIX):
            return None
        try:
            content = base64.b64decode(value[len(TOKEN_PREFIX) :], altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        workspace, key, secret, check = content[:16], content[16:32], content[32:64], content[64:]
        token = cls(WorkspaceId(UUID(bytes=workspace)), KeyId(UUID(bytes=key)), secret)
        return token if check == token._check() else None

    @property
    def text(self) -> str:
        content = self.workspace_id.bytes + self.key_id.bytes + self.secret + self._check()
        return TOKEN_PREFIX + base64.urlsafe_b64encode(content).decode()

    @property
    def digest(self) -> bytes:
        """Returns the hash of the secret, which is stored."""
        return hashlib.sha256(self.secret).digest()

    def _check(self) -> bytes:
        """Returns the checksum, by which a token that was cut or mistyped is refused without asking the database."""
        return hashlib.sha256(self.workspace_id.bytes + self.key_id.bytes + self.secret).digest()[:2]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret."""

    id: KeyId
    name: str
    scopes: list[Scope]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    """The time of the last use, precise to the minute; None if the key was never used."""
    revoked_at: datetime | None
    revoked_by: str | None

    @property
    def is_active(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > datetime.now(UTC))

    def principal(self, workspace_id: WorkspaceId) -> Principal:
        scopes = with_included(frozenset(self.scopes))
        return Principal(workspace_id, f"key:{self.id}", self.name, scopes, self.id, self.expires_at)


def _scopes(value: object) -> list[Scope]:
    """Accepts at least one scope, and returns the scopes without duplicates, sorted by name."""
    if not isinstance(value, list) or not 0 < len(value) <= len(Scope):
        raise Violation(f"must name one or more of {', '.join(scope.name for scope in Scope)}")
    return sorted(set(map(Member(Scope), value)), key=lambda scope: scope.name)


def _future(value: object) -> datetime:
    """Accepts a time in the future."""
    at = moment(value)
    if at <= datetime.now(UTC):
        raise Violation("must be in the future")
    if at.year == MAXYEAR:  # the driver takes the last microsecond of that year for infinity, which cannot be compared
        raise Violation("must be before the year 9999: leave it out for never")
    return at


@dataclass(frozen=True, slots=True)
class CreateApiKey:
    """The command to create a key."""

    name: Name
    scopes: Annotated[list[Scope], _scopes]
    expires_at: Annotated[datetime, _future] | None = None
    """The end of the key; None if it never expires."""
    meeting_ids: Annotated[list[MeetingId], MaxItems(MAX_KEY_MEETINGS)] = field(default_factory=list)
    """The meetings that a key with the scope INGEST is granted."""
    id: KeyId = field(default_factory=lambda: KeyId(new_id()))

    @classmethod
    def parse(cls, values: Mapping[str, object]) -> "CreateApiKey":
        """Returns the command of a caller's values by field name. Raises InvalidInput."""
        command = parse(cls, values, "input")
        if command.meeting_ids and Scope.INGEST not in command.scopes:
            message = "are for keys with the scope INGEST: others reach all meetings"
            raise InvalidInput.of("input.meeting_ids", message)
        return command


@dataclass(frozen=True, slots=True)
class CreatedApiKey:
    """A new key, and its token, which cannot be shown again."""

    token: str
    api_key: ApiKey


class _ApiKeyCursorKey(NamedTuple):
    id: KeyId


API_KEYS_CURSOR = CursorFormat("keys", _ApiKeyCursorKey)


def api_key_cursor(key: ApiKey) -> str:
    """Returns the key's cursor in the list of a workspace's keys."""
    return API_KEYS_CURSOR.encode(str(key.id))
