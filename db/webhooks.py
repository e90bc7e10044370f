"""Webhooks in SQL. Their deliveries are in `db.webhook_deliveries`, and what a sender does in `db.webhook_outbox`."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    LargeBinary,
    any_,
    bindparam,
    case,
    func,
    null,
    select,
    update,
)

from db.driver import Record
from db.event_writes import AuditedTable, Values, new_values
from db.keyset import PageShape, keyset_page, page_parameters
from db.repository import ID, IDS, KEY, WORKSPACE, Repository, columns
from db.row_mapping import AnySelect
from db.tables import recorded_columns
from db.webhook_tables import webhooks
from domain.errors import Conflict, NotFound
from domain.history import Aggregate, EventKind
from domain.ids import WebhookId
from domain.pagination import Page, PageRequest
from domain.webhooks import MAX_WEBHOOKS, OLD_SECRET_SECONDS, Webhook, WebhookEventType, webhook_cursor

_FIELDS = tuple(field.name for field in fields(Webhook))
_IN_WORKSPACE = webhooks.c.workspace_id == WORKSPACE
_SECRET = bindparam("new_secret", type_=LargeBinary)


def _webhook_columns(source: FromClause) -> list[ColumnElement[Any]]:
    return columns(source, _FIELDS)


def _to_webhooks(rows: Sequence[Record]) -> list[Webhook]:
    return [Webhook(**{**row, "events": [WebhookEventType(name) for name in row.events]}) for row in rows]


def _kind(old: Values, new: Values) -> ColumnElement[str]:
    is_switched = old["disabled_at"].is_(None) != new["disabled_at"].is_(None)
    return case((is_switched, EventKind.STATE_CHANGED.value), else_=EventKind.UPDATED.value)


_CLOCKED = ("disabled_at",)
_AUDITED = AuditedTable(webhooks, Aggregate.WEBHOOK, _kind, _CLOCKED)
_WEBHOOKS = select(*_webhook_columns(webhooks)).where(_IN_WORKSPACE)


class WebhookRepository(Repository):
    """The webhooks of one workspace."""

    _BY_IDS = _WEBHOOKS.where(webhooks.c.id == any_(IDS))

    async def by_ids(self, ids: Collection[WebhookId]) -> dict[WebhookId, Webhook]:
        return {each.id: each for each in _to_webhooks(await self._rows(self._BY_IDS, ids=list(ids)))}

    _GET_FOR_UPDATE = _WEBHOOKS.where(webhooks.c.id == ID).with_for_update(key_share=True)

    async def get_for_update(self, id: WebhookId) -> Webhook:
        """Returns the webhook and locks its row until the unit of work ends. Raises NotFound."""
        rows = await self._rows(self._GET_FOR_UPDATE, id=id)
        if not rows:
            raise NotFound("webhook", id)
        return _to_webhooks(rows)[0]

    @staticmethod
    @lru_cache(maxsize=20)
    def _page(shape: PageShape) -> AnySelect:
        return keyset_page(_WEBHOOKS, [webhooks.c.id], shape, descending=True)

    async def page(self, request: PageRequest) -> Page[Webhook]:
        """Returns a page of all webhooks, the newest first."""
        rows = await self._rows(self._page(PageShape.of(request)), **page_parameters(request, 1))
        return Page.of(request, _to_webhooks(rows), webhook_cursor)

    _COUNT = select(func.count().label("total")).select_from(webhooks).where(_IN_WORKSPACE)

    async def count(self) -> int:
        (row,) = await self._rows(self._COUNT)
        return int(row.total)

    _CREATE = _AUDITED.insert_one(_webhook_columns, secret=bindparam("secret", type_=LargeBinary))

    async def create(self, new: Webhook, secret: bytes) -> Webhook:
        """Stores a new webhook and returns it. Raises Conflict if the workspace has as many as it can have."""
        if await self.count() >= MAX_WEBHOOKS:
            raise Conflict(f"a workspace has at most {MAX_WEBHOOKS} webhooks: delete one that is not used")
        self._changes.webhooks.add(new.id)
        rows = await self._write(self._CREATE, id=new.id, secret=secret, **_stored_values(new))
        return _to_webhooks(rows)[0]

    _UPDATE = _AUDITED.update_one(_webhook_columns)
    _FORGIVE = (
        update(webhooks)
        .where(_IN_WORKSPACE, webhooks.c.id == KEY)
        .values(failing_since=null(), paused_until=null())
        .returning(*_webhook_columns(webhooks))
    )

    _ROTATE = (
        update(webhooks)
        .where(_IN_WORKSPACE, webhooks.c.id == KEY)
        .values(
            secret=_SECRET,
            old_secret=webhooks.c.secret,
            old_secret_expires_at=func.clock_timestamp()
            + func.make_interval(0, 0, 0, 0, 0, 0, bindparam("seconds", type_=Integer)),
        )
        .returning(webhooks.c.id)
    )

    async def update(self, changed: Webhook) -> Webhook:
        """Stores the values of a webhook that the caller has locked, and returns it; from now on it has not failed yet."""
        self._changes.webhooks.add(changed.id)
        await self._write(self._UPDATE, key=changed.id, expected_version=changed.version, **_stored_values(changed))
        return _to_webhooks(await self._rows(self._FORGIVE, key=changed.id))[0]

    async def rotate_secret(self, rotated: Webhook, secret: bytes) -> Webhook:
        """Stores another secret of a webhook that the caller has locked; the present one is valid for a day beside it."""
        await self._rows(self._ROTATE, key=rotated.id, new_secret=secret, seconds=OLD_SECRET_SECONDS)
        return await self.update(rotated)

    _DELETE = _AUDITED.delete_rows(_IN_WORKSPACE, webhooks.c.id == ID)

    async def delete(self, id: WebhookId) -> None:
        """Deletes the webhook. Its deliveries are no longer seen, and are deleted by the servers before long."""
        await self._write(self._DELETE, id=id)


def _stored_values(webhook: Webhook) -> dict[str, Any]:
    values = {name: getattr(webhook, name) for name in recorded_columns(webhooks)}
    times = {name: values[name] is not None for name in _CLOCKED}
    return new_values({**values, **times, "events": [each.value for each in webhook.events]})
