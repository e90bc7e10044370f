"""API keys in SQL: listing, creating and revoking those of one workspace."""

from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, Text, bindparam, func, insert, select, update

from db.keyset import PageShape, keyset_page, page_parameters
from db.repository import ID, KEY, WORKSPACE, Repository, columns
from db.tables import api_keys
from domain.api_keys import ApiKey, CreateApiKey, cursor
from domain.errors import NotFound
from domain.ids import KeyId
from domain.pagination import Page, PageRequest
from domain.principals import Scope

_FIELDS = tuple(field.name for field in fields(ApiKey))
COLUMNS = columns(api_keys, _FIELDS)
_SCOPES = _FIELDS.index("scopes")
_IN_WORKSPACE = api_keys.c.workspace_id == WORKSPACE
_LIST = select(*COLUMNS).where(_IN_WORKSPACE)


@lru_cache(maxsize=20)
def _page(shape: PageShape) -> Select[Any]:
    return keyset_page(_LIST, [api_keys.c.id], shape, descending=True)


_COUNT = select(func.count()).select_from(api_keys).where(_IN_WORKSPACE)
_BY_ID = _LIST.where(api_keys.c.id == ID)
_CREATE = (
    insert(api_keys)
    .values({name: bindparam(f"new_{name}") for name in ("id", "name", "scopes", "digest", "created_by", "expires_at")})
    .values(workspace_id=WORKSPACE)
    .returning(*COLUMNS)
)
_REVOKE = (
    update(api_keys)
    .where(_IN_WORKSPACE, api_keys.c.id == KEY, api_keys.c.revoked_at.is_(None))
    .values(revoked_at=func.clock_timestamp(), revoked_by=bindparam("by", type_=Text))
    .returning(*COLUMNS)
)


def api_key(row: Sequence[Any]) -> ApiKey:
    values = list(row)
    values[_SCOPES] = [Scope(scope) for scope in values[_SCOPES]]
    return ApiKey(*values)


class KeyRepository(Repository):
    """The keys of one workspace."""

    async def page(self, request: PageRequest) -> Page[ApiKey]:
        """From the newest to the oldest, revoked ones too."""
        rows = await self._rows(_page(PageShape.of(request)), **page_parameters(request, 1))
        return Page.of(request, [api_key(row) for row in rows], cursor)

    async def count(self) -> int:
        return int((await self._rows(_COUNT))[0][0])

    async def create(self, new: CreateApiKey, digest: bytes) -> ApiKey:
        """Raises Conflict if another key that is not revoked has its name."""
        values = {"id": new.id, "name": new.name, "scopes": [scope.value for scope in new.scopes]}
        values |= {"digest": digest, "expires_at": new.expires_at, "created_by": self._author.actor}
        rows = await self._rows(_CREATE, **{f"new_{name}": value for name, value in values.items()})
        return api_key(rows[0])

    async def revoke(self, id: KeyId) -> ApiKey:
        """A key that is revoked already stays as it is. Raises NotFound."""
        rows = await self._rows(_REVOKE, key=id, by=self._author.actor) or await self._rows(_BY_ID, id=id)
        if not rows:
            raise NotFound("key", id)
        self._changes.keys.add(id)
        return api_key(rows[0])
