"""Credentials in SQL: the API keys of all workspaces, read to find out who sends a request."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Uuid, bindparam, exists, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from db.api_keys import COLUMNS, to_api_key
from db.connections import Connection
from db.repository import ID, WORKSPACE
from db.tables import api_keys, workspaces
from domain.api_keys import ApiKey, Token
from domain.ids import KeyId, WorkspaceId

KeyName = tuple[WorkspaceId, KeyId]

_IS_ACTIVE = (api_keys.c.revoked_at.is_(None), func.coalesce(api_keys.c.expires_at > func.clock_timestamp(), True))
_REQUESTED_KEYS = (
    func.unnest(bindparam("workspaces", type_=ARRAY(Uuid)), bindparam("keys", type_=ARRAY(Uuid)))
    .table_valued("workspace_id", "id")
    .render_derived()
)


class Credentials:
    """Reads and notes the use of the keys of all workspaces. Each statement is a transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    _AUTHENTICATE = select(*COLUMNS).where(
        api_keys.c.workspace_id == WORKSPACE,
        api_keys.c.id == ID,
        api_keys.c.digest == bindparam("digest", type_=api_keys.c.digest.type),
        *_IS_ACTIVE,
    )

    async def authenticate(self, token: Token) -> ApiKey | None:
        """Returns the key whose token this is, or None if there is no such key, or it is revoked or expired."""
        values = {"workspace": token.workspace_id, "id": token.key_id, "digest": token.digest}
        rows = await self._connection.rows(self._AUTHENTICATE, values)
        return to_api_key(rows[0]) if rows else None

    _FILTER_ACTIVE = select(api_keys.c.id).where(
        tuple_(api_keys.c.workspace_id, api_keys.c.id).in_(
            select(_REQUESTED_KEYS.c.workspace_id, _REQUESTED_KEYS.c.id)
        ),
        *_IS_ACTIVE,
    )

    async def filter_active(self, keys: Collection[KeyName]) -> set[KeyId]:
        """Returns the keys that are neither revoked nor expired."""
        names = {"workspaces": [workspace for workspace, _ in keys], "keys": [key for _, key in keys]}
        return {row.id for row in await self._connection.rows(self._FILTER_ACTIVE, names)}

    _RECORD_USE = text(
        "UPDATE api_keys SET last_used_at = greatest(last_used_at, clock_timestamp() - used.age)"
        " FROM unnest(CAST(:workspaces AS uuid[]), CAST(:keys AS uuid[]), CAST(:ages AS interval[]))"
        " AS used (workspace_id, id, age)"
        " WHERE api_keys.workspace_id = used.workspace_id AND api_keys.id = used.id"
    )

    async def record_use(self, ages: Mapping[KeyName, timedelta]) -> None:
        """Stores when the keys were last used, which is so long ago: the clocks of servers may differ."""
        workspaces, keys = zip(*ages, strict=True)
        values = {"workspaces": list(workspaces), "keys": list(keys), "ages": list(ages.values())}
        await self._connection.rows(self._RECORD_USE, values)

    _WORKSPACE_EXISTS = select(exists().where(workspaces.c.id == WORKSPACE).label("found"))

    async def workspace_exists(self, id: WorkspaceId) -> bool:
        (row,) = await self._connection.rows(self._WORKSPACE_EXISTS, {"workspace": id})
        return bool(row.found)

    _NOW = select(func.clock_timestamp().label("now"))

    async def now(self) -> datetime:
        """Returns the time of the database's clock, which sets the times of its rows."""
        (row,) = await self._connection.rows(self._NOW, {})
        now: datetime = row.now
        return now

    _ANY_KEY_EXISTS = select(exists().select_from(api_keys).label("found"))

    async def any_key_exists(self) -> bool:
        """Checks whether any workspace has ever had a key, revoked ones included."""
        (row,) = await self._connection.rows(self._ANY_KEY_EXISTS, {})
        return bool(row.found)
