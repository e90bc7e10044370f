"""API keys in SQL: those of one workspace, to manage them; and those of all, to know who asks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, Text, Uuid, bindparam, exists, func, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY

from db.connections import Connection
from db.keyset import Shape, keyset, page_parameters
from db.repository import ID, KEY, WORKSPACE, Repository, columns
from db.tables import api_keys, workspaces
from domain.api_keys import ApiKey, CreateApiKey, Token, cursor
from domain.errors import NotFound
from domain.ids import KeyId, WorkspaceId
from domain.pagination import Page, PageRequest
from domain.principals import Scope

_FIELDS = tuple(field.name for field in fields(ApiKey))
_COLUMNS = columns(api_keys, _FIELDS)
_SCOPES = _FIELDS.index("scopes")
_HERE = api_keys.c.workspace_id == WORKSPACE
_LIST = select(*_COLUMNS).where(_HERE)


@lru_cache(maxsize=20)
def _page(shape: Shape) -> Select[Any]:
    return keyset(_LIST, [api_keys.c.id], shape, descending=True)


_COUNT = select(func.count()).select_from(api_keys).where(_HERE)
_BY_ID = _LIST.where(api_keys.c.id == ID)
_CREATE = (
    insert(api_keys)
    .values({name: bindparam(f"new_{name}") for name in ("id", "name", "scopes", "digest", "created_by", "expires_at")})
    .values(workspace_id=WORKSPACE)
    .returning(*_COLUMNS)
)
_REVOKE = (
    update(api_keys)
    .where(_HERE, api_keys.c.id == KEY, api_keys.c.revoked_at.is_(None))
    .values(revoked_at=func.clock_timestamp(), revoked_by=bindparam("by", type_=Text))
    .returning(*_COLUMNS)
)


def _key(row: Sequence[Any]) -> ApiKey:
    values = list(row)
    values[_SCOPES] = [Scope(scope) for scope in values[_SCOPES]]
    return ApiKey(*values)


class KeyRepository(Repository):
    """The keys of one workspace."""

    async def page(self, request: PageRequest) -> Page[ApiKey]:
        """From the newest to the oldest, revoked ones too."""
        rows = await self._rows(_page(Shape.of(request)), **page_parameters(request, 1))
        return Page.of(request, [_key(row) for row in rows], cursor)

    async def count(self) -> int:
        return int((await self._rows(_COUNT))[0][0])

    async def create(self, new: CreateApiKey, digest: bytes) -> ApiKey:
        """Raises Conflict if another key that is not revoked has its name."""
        values = {"id": new.id, "name": new.name, "scopes": [scope.value for scope in new.scopes]}
        values |= {"digest": digest, "expires_at": new.expires_at, "created_by": self._author.actor}
        rows = await self._rows(_CREATE, **{f"new_{name}": value for name, value in values.items()})
        return _key(rows[0])

    async def revoke(self, id: KeyId) -> ApiKey:
        """A key that is revoked already stays as it is. Raises NotFound."""
        rows = await self._rows(_REVOKE, key=id, by=self._author.actor) or await self._rows(_BY_ID, id=id)
        if not rows:
            raise NotFound("key", id)
        self._changes.keys.add(id)
        return _key(rows[0])


_ACTIVE = (api_keys.c.revoked_at.is_(None), func.coalesce(api_keys.c.expires_at > func.clock_timestamp(), True))
_RECOGNISED = select(*_COLUMNS).where(
    _HERE, api_keys.c.id == ID, api_keys.c.digest == bindparam("digest", type_=api_keys.c.digest.type), *_ACTIVE
)
_HAS_WORKSPACE = select(exists().where(workspaces.c.id == WORKSPACE))
_ANY = select(exists().select_from(api_keys))
_GIVEN = (
    func.unnest(bindparam("workspaces", type_=ARRAY(Uuid)), bindparam("keys", type_=ARRAY(Uuid)))
    .table_valued("workspace_id", "id")
    .render_derived()
)
_STILL_ACTIVE = select(api_keys.c.id).where(
    tuple_(api_keys.c.workspace_id, api_keys.c.id).in_(select(_GIVEN.c.workspace_id, _GIVEN.c.id)), *_ACTIVE
)
_USED = text(
    "UPDATE api_keys SET last_used_at = used.at"
    " FROM unnest(CAST(:workspaces AS uuid[]), CAST(:keys AS uuid[]), CAST(:times AS timestamptz[]))"
    " AS used (workspace_id, id, at)"
    " WHERE api_keys.workspace_id = used.workspace_id AND api_keys.id = used.id"
    " AND (last_used_at IS NULL OR last_used_at < used.at)"
)

KeyName = tuple[WorkspaceId, KeyId]


class Credentials:
    """The keys of all workspaces, as far as that takes to know who asks. On a connection in autocommit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def recognised(self, token: Token) -> ApiKey | None:
        """The key of the token, if it is one's, and neither revoked nor expired."""
        values = {"workspace": token.workspace_id, "id": token.key_id, "digest": token.digest}
        rows = await self._connection.rows(_RECOGNISED, values)
        return _key(rows[0]) if rows else None

    async def still_active(self, keys: Collection[KeyName]) -> set[KeyId]:
        """Those of the keys that are neither revoked nor expired."""
        names = {"workspaces": [workspace for workspace, _ in keys], "keys": [key for _, key in keys]}
        return {row[0] for row in await self._connection.rows(_STILL_ACTIVE, names)}

    async def used(self, times: Mapping[KeyName, datetime]) -> None:
        """Store when the keys were last used."""
        workspaces, keys = zip(*times, strict=True)
        values = {"workspaces": list(workspaces), "keys": list(keys), "times": list(times.values())}
        await self._connection.rows(_USED, values)

    async def has_workspace(self, id: WorkspaceId) -> bool:
        rows = await self._connection.rows(_HAS_WORKSPACE, {"workspace": id})
        return bool(rows[0][0])

    async def are_there(self) -> bool:
        """Whether any workspace has ever had a key, revoked ones included."""
        rows = await self._connection.rows(_ANY, {})
        return bool(rows[0][0])
