"""API keys in SQL: lists, creates and revokes the keys of one workspace."""

from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache

from sqlalchemy import Text, bindparam, func, insert, select, update

from db.driver import Record
from db.keyset import PageShape, keyset_page, page_parameters
from db.repository import ID, KEY, WORKSPACE, Repository, columns
from db.row_mapping import AnySelect
from db.tables import api_keys
from domain.api_keys import ApiKey, CreateApiKey, api_key_cursor
from domain.errors import NotFound
from domain.ids import KeyId
from domain.pagination import Page, PageRequest
from domain.principals import Scope

COLUMNS = columns(api_keys, [field.name for field in fields(ApiKey)])
_IN_WORKSPACE = api_keys.c.workspace_id == WORKSPACE
_KEYS = select(*COLUMNS).where(_IN_WORKSPACE)


def to_api_key(row: Record) -> ApiKey:
    """Returns the key of a row of `COLUMNS`."""
    return ApiKey(**{**row, "scopes": [Scope(scope) for scope in row.scopes]})


class KeyRepository(Repository):
    """The keys of one workspace."""

    @staticmethod
    @lru_cache(maxsize=20)
    def _page(shape: PageShape) -> AnySelect:
        return keyset_page(_KEYS, [api_keys.c.id], shape, descending=True)

    async def page(self, request: PageRequest) -> Page[ApiKey]:
        """Returns a page of all keys, revoked ones included, the newest first."""
        rows = await self._rows(self._page(PageShape.of(request)), **page_parameters(request, 1))
        return Page.of(request, [to_api_key(row) for row in rows], api_key_cursor)

    _COUNT = select(func.count().label("total")).select_from(api_keys).where(_IN_WORKSPACE)

    async def count(self) -> int:
        (row,) = await self._rows(self._COUNT)
        return int(row.total)

    _CREATE = (
        insert(api_keys)
        .values(workspace_id=WORKSPACE)
        .values(
            {name: bindparam(f"new_{name}") for name in ("id", "name", "scopes", "digest", "created_by", "expires_at")}
        )
        .returning(*COLUMNS)
    )

    async def create(self, new: CreateApiKey, digest: bytes) -> ApiKey:
        """Stores a key and returns it. Raises Conflict if another key that is not revoked has its name."""
        (row,) = await self._rows(
            self._CREATE,
            new_id=new.id,
            new_name=new.name,
            new_scopes=[scope.value for scope in new.scopes],
            new_digest=digest,
            new_created_by=self._author.actor,
            new_expires_at=new.expires_at,
        )
        return to_api_key(row)

    _BY_ID = _KEYS.where(api_keys.c.id == ID)
    _REVOKE = (
        update(api_keys)
        .where(_IN_WORKSPACE, api_keys.c.id == KEY, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=func.clock_timestamp(), revoked_by=bindparam("by", type_=Text))
        .returning(*COLUMNS)
    )

    async def revoke(self, id: KeyId) -> ApiKey:
        """Revokes a key and returns it; a key that is revoked already stays as it is. Raises NotFound."""
        rows: Sequence[Record] = await self._rows(self._REVOKE, key=id, by=self._author.actor)
        if not rows:
            rows = await self._rows(self._BY_ID, id=id)
        if not rows:
            raise NotFound("key", id)
        self._changes.keys.add(id)
        return to_api_key(rows[0])
