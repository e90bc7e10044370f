"""API keys. A key's token is shown once; what is stored suffices to recognise it, and not to make it.

The secret in a token is 256 random bits, so a plain SHA-256 of it cannot be searched through: there is no need for the slow
hashes that passwords need (OWASP, Password Storage Cheat Sheet, is about what people make up).
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from domain import cursors
from domain.errors import InvalidInput
from domain.ids import KeyId, MeetingId, WorkspaceId, new_id, uuid
from domain.principals import Principal, Scope, with_included
from domain.validation import Check, Rule, Violation, moment, nullable, one_of, text

TOKEN_PREFIX = "rapporteur_"
"""Of tokens, so that scanners of repositories and logs find them."""
_SECRET_BYTES = 32
_TOKEN_CHARS = len(TOKEN_PREFIX) + 88
"""Characters of a token: in base64 two UUIDs, the secret, and a checksum of two bytes."""
MAX_KEY_MEETINGS = 1_000
"""That a key is given when it is made."""

CURSOR: Rule = cursors.cursor("keys", uuid)


class Token(NamedTuple):
    """What a client sends: it says which key it is, and holds the key's secret."""

    workspace_id: WorkspaceId
    key_id: KeyId
    secret: bytes

    @classmethod
    def new(cls, workspace_id: WorkspaceId, key_id: KeyId) -> Self:
        return cls(workspace_id, key_id, secrets.token_bytes(_SECRET_BYTES))

    @classmethod
    def parsed(cls, value: str) -> Self | None:
        """None for what is no token of ours."""
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
        """What is stored of the secret."""
        return hashlib.sha256(self.secret).digest()

    def _check(self) -> bytes:
        """Tells a token that was cut or mistyped without asking the database."""
        return hashlib.sha256(self.workspace_id.bytes + self.key_id.bytes + self.secret).digest()[:2]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is shown: without its secret."""

    id: KeyId
    name: str
    scopes: list[Scope]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    """To the minute."""
    revoked_at: datetime | None
    revoked_by: str | None

    @property
    def is_active(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > datetime.now(UTC))

    def principal(self, workspace_id: WorkspaceId) -> Principal:
        scopes = with_included(frozenset(self.scopes))
        return Principal(workspace_id, f"key:{self.id}", self.name, scopes, self.id, self.expires_at)


@dataclass(frozen=True, slots=True)
class CreateApiKey:
    id: KeyId
    name: str
    scopes: list[Scope]
    expires_at: datetime | None
    meeting_ids: list[MeetingId]


@dataclass(frozen=True, slots=True)
class CreatedApiKey:
    token: str
    """Of the key, never to be had again."""
    api_key: ApiKey


def _scopes(value: Any) -> list[Scope]:
    if not isinstance(value, list) or not 0 < len(value) <= len(Scope):
        raise Violation(f"must name one or more of {', '.join(scope.name for scope in Scope)}")
    return sorted({one_of(Scope)(scope) for scope in value}, key=lambda scope: scope.name)


def _future(value: Any) -> datetime:
    at = moment(value)
    if at <= datetime.now(UTC):
        raise Violation("must be in the future")
    if at.year == MAXYEAR:  # the driver takes its last microsecond for infinity, which is no time to compare with
        raise Violation("must be before the year 9999: leave it out for never")
    return at


def _meetings(value: Any) -> list[MeetingId]:
    if value is None:
        return []
    if len(value) > MAX_KEY_MEETINGS:
        raise Violation(f"must have at most {MAX_KEY_MEETINGS:,} items, has {len(value):,}")
    return list(value)


RULES: dict[str, Rule] = {
    "name": text(200, required=True, strip=True),
    "scopes": _scopes,
    "expires_at": nullable(_future),
    "meeting_ids": _meetings,
}


def new_key(values: Mapping[str, Any]) -> CreateApiKey:
    """A key of these values, which are named as its fields are. Raises InvalidInput."""
    check = Check()
    checked = {"expires_at": None, "meeting_ids": []} | check.fields(RULES, values, "input")
    check.done()
    given = checked["meeting_ids"]
    checked["meeting_ids"] = [check.value(uuid, id, f"input.meeting_ids.{number}") for number, id in enumerate(given)]
    check.done()
    if given and Scope.INGEST not in checked["scopes"]:
        raise InvalidInput.of("input.meeting_ids", "are for keys with the scope INGEST: others reach all meetings")
    return CreateApiKey(KeyId(new_id()), **checked)


def cursor(key: ApiKey) -> str:
    return cursors.encode("keys", str(key.id))
