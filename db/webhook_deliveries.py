"""Deliveries of webhooks in SQL, as the owners of the webhooks see them."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Text, bindparam, func, or_, select, text, true

from db.driver import Record
from db.keyset import PageShape, keyset_page, page_parameters
from db.repository import ID, IDS, WORKSPACE, Repository
from db.row_mapping import AnySelect
from db.webhook_tables import webhook_deliveries, webhooks
from domain.errors import NotFound
from domain.history import Aggregate
from domain.ids import DeliveryId, WebhookId
from domain.pagination import Page, PageRequest
from domain.webhooks import DELIVERIES_BY_AGE, TEST, Attempt, Delivery, Webhook, WebhookDeliveryState

_FIELDS = (
    *("id", "webhook_id", "message_id", "aggregate", "aggregate_id", "version", "change_seq", "state"),
    *("created_at", "changed_at", "next_attempt_at", "finished_at", "attempts"),
)
_D = webhook_deliveries.c
_EVENTS = func.array_cat(_D.sending, _D.events).label("events")
_COLUMNS: list[ColumnElement[Any]] = [*(_D[name] for name in _FIELDS), _EVENTS]
_WEBHOOK_IDS = func.unnest(IDS).table_valued("id", with_ordinality="nth").render_derived(name="requested")
_STATE = bindparam("state", type_=Text)
_OF_WEBHOOKS = (
    _D.workspace_id == WORKSPACE,
    _D.webhook_id == _WEBHOOK_IDS.c.id,
    or_(_STATE.is_(None), _D.state == _STATE),
)


def to_attempt(stored: dict[str, Any]) -> Attempt:
    return Attempt(**{**stored, "at": datetime.fromisoformat(stored["at"])})


def _to_delivery(row: Record) -> Delivery:
    return Delivery(
        **{name: row[name] for name in _FIELDS if name not in ("aggregate", "state", "attempts")},
        aggregate=Aggregate(row.aggregate),
        state=WebhookDeliveryState(row.state),
        events=list(dict.fromkeys(row.events)),
        attempts=[to_attempt(each) for each in row.attempts],
    )


class DeliveryRepository(Repository):
    """The deliveries of the webhooks of one workspace."""

    @staticmethod
    @lru_cache(maxsize=20)
    def _pages(shape: PageShape) -> AnySelect:
        of_one = select(*_COLUMNS).where(*_OF_WEBHOOKS)
        page = keyset_page(of_one, [_D.created_at, _D.id], shape, descending=True).lateral("page")
        return select(_WEBHOOK_IDS.c.nth, *page.c).join_from(_WEBHOOK_IDS, page, true())

    async def pages(
        self, ids: Collection[WebhookId], request: PageRequest, state: WebhookDeliveryState | None
    ) -> dict[WebhookId, Page[Delivery]]:
        """Returns one page of the deliveries of each webhook, the newest first, in one statement."""
        parameters = {"ids": list(ids), "state": state and state.value} | page_parameters(request, 2)
        found: defaultdict[int, list[Delivery]] = defaultdict(list)
        for row in await self._rows(self._pages(PageShape.of(request)), **parameters):
            found[row["nth"]].append(_to_delivery(row))
        return {id: Page.of(request, found[nth], DELIVERIES_BY_AGE.cursor) for nth, id in enumerate(ids, 1)}

    _COUNTS = select(_D.webhook_id, func.count().label("total")).where(*_OF_WEBHOOKS).group_by(_D.webhook_id)

    async def counts(self, ids: Collection[WebhookId], state: WebhookDeliveryState | None) -> dict[WebhookId, int]:
        """Returns how many deliveries each webhook has; one without any is left out."""
        rows = await self._rows(self._COUNTS, ids=list(ids), state=state and state.value)
        return {row.webhook_id: row.total for row in rows}

    _GET = (
        select(*_COLUMNS)
        .join_from(
            webhook_deliveries, webhooks, (webhooks.c.workspace_id == WORKSPACE) & (webhooks.c.id == _D.webhook_id)
        )
        .where(_D.workspace_id == WORKSPACE, _D.id == ID)
    )

    async def get(self, id: DeliveryId) -> Delivery:
        """Returns the delivery. Raises NotFound, also if its webhook is deleted."""
        rows = await self._rows(self._GET, id=id)
        if not rows:
            raise NotFound("delivery", id)
        return _to_delivery(rows[0])

    # An event that is added to a pending delivery makes another message of it. An attempt that is under way goes on, and the
    # added event is sent after it.
    _QUEUE = text(
        f"""
INSERT INTO webhook_deliveries AS pending (
    workspace_id, id, webhook_id, aggregate, aggregate_id, events, version, change_seq, message_id
) VALUES (
    :workspace, gen_random_uuid(), :webhook_id, :aggregate, :aggregate_id, CAST(:events AS text[]), :version, :change_seq,
    :message_id
) ON CONFLICT (workspace_id, webhook_id, aggregate_id) WHERE state = 'PENDING' DO UPDATE SET
    events = ARRAY(SELECT DISTINCT name FROM unnest(pending.events || EXCLUDED.events) AS name ORDER BY name),
    version = greatest(pending.version, EXCLUDED.version),
    change_seq = greatest(pending.change_seq, EXCLUDED.change_seq),
    message_id = CASE
        WHEN EXCLUDED.events <@ (pending.events || pending.sending) THEN pending.message_id ELSE gen_random_uuid()
    END,
    changed_at = EXCLUDED.changed_at,
    next_attempt_at = CASE WHEN pending.sending = '{{}}' THEN EXCLUDED.next_attempt_at ELSE pending.next_attempt_at END
RETURNING {", ".join(_FIELDS)}, sending || events AS events"""
    )

    async def queue_test(self, webhook: Webhook) -> Delivery:
        """Queues a delivery that tells of no change, or returns the one that is queued already."""
        return await self._queue(webhook.id, Aggregate.WEBHOOK, webhook.id, [TEST], webhook.version, None, uuid4())

    async def queue_again(self, delivery: Delivery) -> Delivery:
        """Queues the events of a delivery again, to be sent now, and returns the pending delivery that has them."""
        return await self._queue(
            *(delivery.webhook_id, delivery.aggregate, delivery.aggregate_id, delivery.events),
            *(delivery.version, delivery.change_seq, delivery.message_id),
        )

    async def _queue(
        self,
        webhook_id: WebhookId,
        aggregate: Aggregate,
        aggregate_id: UUID,
        events: list[str],
        version: int | None,
        change_seq: int | None,
        message_id: UUID,
    ) -> Delivery:
        self._changes.webhooks.add(webhook_id)
        (row,) = await self._rows(
            self._QUEUE,
            webhook_id=webhook_id,
            aggregate=aggregate.value,
            aggregate_id=aggregate_id,
            events=events,
            version=version,
            change_seq=change_seq,
            message_id=message_id,
        )
        return _to_delivery(row)
