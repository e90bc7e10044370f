"""The outbox in SQL, as senders see it: the pending deliveries of all workspaces.

A sender takes a delivery by a lease: for some time nobody else attempts it. Nothing is locked while a receiver is waited for.
If a sender dies, others attempt its deliveries when the leases end. Each statement is a transaction of its own, and none waits
for a lock while it holds another.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Executable, text

from db.connections import Connection
from db.driver import Record
from domain.history import Aggregate
from domain.ids import WebhookId
from domain.webhooks import GIVE_UP_AFTER, MAX_ATTEMPTS_KEPT, Attempt, Message

LEASE_SECONDS = 90
"""The time after which an attempt is taken for dead. It is longer than an attempt can take."""
MAX_KEPT = 10_000
"""The number of finished deliveries of a webhook that are kept, the newest."""
KEPT_DAYS = 7
"""The days for which finished deliveries are kept."""
MAX_REMOVED_AT_ONCE = 10_000
PAUSE_SECONDS = 1
"""The time between two deliveries of one meeting or agent whose changes do not end: they are collected meanwhile."""
TIDY_LOCK_KEY = 5_729_463_020
"""The key of the lock that lets one server at a time tidy."""
_RECOVERY_SECONDS = 30
"""The time over which pending deliveries are spread when their receiver answers again."""

_ATTEMPTS = f"""(CASE WHEN jsonb_array_length(delivery.attempts) >= {MAX_ATTEMPTS_KEPT} THEN delivery.attempts - 0
        ELSE delivery.attempts END) || CAST(:attempt AS jsonb)"""
_OF_ATTEMPT = "workspace_id = :workspace AND id = :id AND state = 'PENDING' AND next_attempt_at = :lease"


class Outbox:
    """Takes and finishes deliveries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def _run(self, statement: Executable, **values: object) -> Sequence[Record]:
        return await self._connection.rows(statement, values)

    _EXISTS = text("SELECT EXISTS (SELECT FROM webhooks) AS found")

    async def has_webhooks(self) -> bool:
        """Returns whether any workspace has a webhook, so that there can be something to send."""
        (row,) = await self._run(self._EXISTS)
        return bool(row.found)

    # Each webhook has its share, so that one with many deliveries leaves room for the others. One whose receiver is not known
    # to be quick gets one attempt at a time, and all that fail or are slow together leave room for those that do neither.
    _CLAIM = text(
        """
WITH candidates AS MATERIALIZED (
    SELECT webhooks.*, each.delivery_id,
        row_number() OVER (PARTITION BY webhooks.is_troubled ORDER BY each.nth, random()) AS place
    FROM (
        SELECT *, id = ANY (CAST(:quick AS uuid[])) AS is_quick,
            failing_since IS NOT NULL OR id = ANY (CAST(:slow AS uuid[])) AS is_troubled
        FROM webhooks
    ) AS webhooks CROSS JOIN LATERAL (
        SELECT delivery.id AS delivery_id, row_number() OVER (ORDER BY delivery.next_attempt_at) AS nth FROM (
            SELECT id, next_attempt_at FROM webhook_deliveries AS pending
            WHERE pending.workspace_id = webhooks.workspace_id AND pending.webhook_id = webhooks.id
                AND pending.state = 'PENDING' AND pending.next_attempt_at <= statement_timestamp()
                AND (pending.aggregate = 'WEBHOOK' AND pending.aggregate_id = webhooks.id OR webhooks.disabled_at IS NULL
                    AND coalesce(webhooks.paused_until <= statement_timestamp(), true))
            ORDER BY next_attempt_at LIMIT :share FOR UPDATE SKIP LOCKED
        ) AS delivery
    ) AS each
    WHERE NOT webhooks.id = ANY (CAST(:busy AS uuid[])) AND (each.nth = 1 OR webhooks.is_quick AND NOT webhooks.is_troubled)
),
due AS MATERIALIZED (
    SELECT * FROM candidates WHERE NOT is_troubled OR place <= :troubled_limit ORDER BY place LIMIT :limit
)
UPDATE webhook_deliveries AS delivery SET
    sending = ARRAY(SELECT DISTINCT name FROM unnest(delivery.sending || delivery.events) AS name ORDER BY name),
    events = '{}',
    next_attempt_at = clock_timestamp() + make_interval(secs => :lease_seconds)
FROM due
WHERE delivery.workspace_id = due.workspace_id AND delivery.id = due.delivery_id
RETURNING delivery.workspace_id, delivery.id, delivery.webhook_id, due.name AS webhook_name, due.url, due.document, due.secret,
    CASE WHEN due.old_secret_expires_at > statement_timestamp() THEN due.old_secret END AS old_secret,
    due.failing_since, delivery.message_id, delivery.aggregate, delivery.aggregate_id, delivery.sending AS events,
    delivery.version, delivery.change_seq, delivery.changed_at, jsonb_array_length(delivery.attempts) AS attempts,
    delivery.next_attempt_at AS lease"""
    )

    async def claim(
        self,
        limit: int,
        share: int,
        troubled_limit: int,
        quick: Collection[WebhookId] = (),
        slow: Collection[WebhookId] = (),
        busy: Collection[WebhookId] = (),
    ) -> list[Message]:
        """Takes up to `limit` deliveries that are due, none of webhooks that are `busy`.

        Up to `share` are of each webhook that is `quick` and does not fail. Of the others there is one of each, and up to
        `troubled_limit` are of those that are `slow` or fail.
        """
        rows = await self._run(
            self._CLAIM,
            limit=limit,
            share=share,
            troubled_limit=troubled_limit,
            quick=list(quick),
            slow=list(slow),
            busy=list(busy),
            lease_seconds=LEASE_SECONDS,
        )
        return [_to_message(row) for row in rows]

    # If more was to be told meanwhile, the delivery stays pending with that, and what was sent is kept as another row.
    _DELIVERED = text(
        f"""
WITH delivery AS MATERIALIZED (SELECT * FROM webhook_deliveries WHERE {_OF_ATTEMPT} FOR UPDATE),
sent AS (
    INSERT INTO webhook_deliveries (
        workspace_id, id, webhook_id, aggregate, aggregate_id, events, version, change_seq, message_id, state, created_at,
        changed_at, next_attempt_at, finished_at, attempts
    )
    SELECT workspace_id, gen_random_uuid(), webhook_id, aggregate, aggregate_id, sending, CAST(:version AS integer),
        CAST(:change_seq AS bigint), CAST(:message_id AS uuid), 'DELIVERED', created_at,
        CAST(:changed_at AS timestamptz), NULL, clock_timestamp(), {_ATTEMPTS}
    FROM delivery WHERE events <> '{{}}'
)
UPDATE webhook_deliveries AS stored SET
    state = CASE WHEN delivery.events = '{{}}' THEN 'DELIVERED' ELSE 'PENDING' END,
    finished_at = CASE WHEN delivery.events = '{{}}' THEN clock_timestamp() END,
    next_attempt_at = CASE WHEN delivery.events <> '{{}}' THEN clock_timestamp() + interval '{PAUSE_SECONDS} s' END,
    events = CASE WHEN delivery.events = '{{}}' THEN delivery.sending ELSE delivery.events END,
    sending = '{{}}',
    created_at = CASE WHEN delivery.events = '{{}}' THEN delivery.created_at ELSE delivery.changed_at END,
    attempts = CASE WHEN delivery.events = '{{}}' THEN {_ATTEMPTS} ELSE '[]' END
FROM delivery WHERE stored.workspace_id = delivery.workspace_id AND stored.id = delivery.id
RETURNING stored.id"""
    )
    # Rows that a writer or a sender has locked are left as they are, so that nobody waits here.
    _RECOVERED = text(
        f"""
WITH recovered AS (
    UPDATE webhooks SET failing_since = NULL, paused_until = NULL
    WHERE workspace_id = :workspace AND id = :webhook_id AND (failing_since IS NOT NULL OR paused_until IS NOT NULL)
    RETURNING id
),
waiting AS (
    SELECT id FROM webhook_deliveries
    WHERE workspace_id = :workspace AND webhook_id IN (SELECT id FROM recovered)
        AND state = 'PENDING' AND sending = '{{}}' FOR UPDATE SKIP LOCKED
)
UPDATE webhook_deliveries AS delivery SET next_attempt_at = least(
    delivery.next_attempt_at, statement_timestamp() + random() * interval '{_RECOVERY_SECONDS} s'
)
FROM waiting WHERE delivery.workspace_id = :workspace AND delivery.id = waiting.id"""
    )

    async def note_success(self, message: Message, attempt: Attempt) -> None:
        """Finishes a delivery that the receiver took. Does nothing if the lease has passed to another sender."""
        await self._run(
            self._DELIVERED,
            **_of_attempt(message, attempt),
            version=message.version,
            change_seq=message.change_seq,
            message_id=message.message_id,
            changed_at=message.changed_at,
        )
        if message.failing_since is not None and not message.is_test:
            await self._run(self._RECOVERED, workspace=message.workspace_id, webhook_id=message.webhook_id)

    _FAILED = text(
        f"""
UPDATE webhook_deliveries AS delivery SET
    state = CASE WHEN is_over THEN 'FAILED' ELSE 'PENDING' END,
    finished_at = CASE WHEN is_over THEN clock_timestamp() END,
    next_attempt_at = CASE WHEN NOT is_over THEN clock_timestamp() + make_interval(secs => :delay) END,
    events = ARRAY(SELECT DISTINCT name FROM unnest(delivery.sending || delivery.events) AS name ORDER BY name),
    sending = '{{}}',
    attempts = {_ATTEMPTS}
FROM (
    SELECT workspace_id, id, :is_last OR changed_at < clock_timestamp() - make_interval(secs => :give_up_seconds) AS is_over
    FROM webhook_deliveries WHERE {_OF_ATTEMPT} FOR UPDATE
) AS attempted
WHERE delivery.workspace_id = attempted.workspace_id AND delivery.id = attempted.id"""
    )
    _FAILING = text(
        """
UPDATE webhooks SET
    failing_since = coalesce(failing_since, clock_timestamp()),
    paused_until = greatest(paused_until, clock_timestamp() + make_interval(secs => :pause))
WHERE workspace_id = :workspace AND id = :webhook_id AND disabled_at IS NULL
RETURNING id"""
    )

    async def note_failure(
        self, message: Message, attempt: Attempt, delay: float, pause: float, *, is_receivers_fault: bool = True
    ) -> None:
        """Schedules another attempt after `delay` seconds, unless the delivery is a test, or its time for attempts is over.

        `pause` is the time for which the receiver asked not to be called, in seconds; 0 if it did not ask. The webhook counts
        as failing from now on, if the failure is the receiver's fault.
        """
        await self._run(
            self._FAILED,
            **_of_attempt(message, attempt),
            delay=delay,
            is_last=message.is_test,
            give_up_seconds=GIVE_UP_AFTER.total_seconds(),
        )
        if is_receivers_fault and not message.is_test and (message.failing_since is None or pause):
            await self._run(self._FAILING, workspace=message.workspace_id, webhook_id=message.webhook_id, pause=pause)

    # A webhook that is disabled gets nothing: what is pending fails after its day, unless it is enabled before.
    _EXPIRE = text(
        """
WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(:lock) AS is_taken)
UPDATE webhook_deliveries AS delivery SET state = 'FAILED', finished_at = clock_timestamp(), next_attempt_at = NULL
FROM (
    SELECT pending.workspace_id, pending.id FROM webhook_deliveries AS pending JOIN webhooks
        ON webhooks.workspace_id = pending.workspace_id AND webhooks.id = pending.webhook_id
    WHERE (SELECT is_taken FROM turn) AND pending.state = 'PENDING' AND webhooks.disabled_at IS NOT NULL
        AND pending.changed_at < statement_timestamp() - make_interval(secs => :give_up_seconds)
    LIMIT :limit FOR UPDATE OF pending SKIP LOCKED
) AS expired
WHERE delivery.workspace_id = expired.workspace_id AND delivery.id = expired.id"""
    )
    _REMOVE = text(
        """
WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(:lock) AS is_taken)
DELETE FROM webhook_deliveries AS delivery USING (
    SELECT old.workspace_id, old.id FROM webhooks CROSS JOIN LATERAL (
        SELECT workspace_id, id FROM (
            SELECT workspace_id, id, created_at, row_number() OVER (ORDER BY created_at DESC, id DESC) AS nth
            FROM webhook_deliveries AS finished
            WHERE (SELECT is_taken FROM turn)
                AND finished.workspace_id = webhooks.workspace_id AND finished.webhook_id = webhooks.id
                AND finished.state <> 'PENDING'
        ) AS numbered
        WHERE nth > :kept OR created_at < statement_timestamp() - make_interval(days => :days) LIMIT :limit
    ) AS old
    UNION ALL
    SELECT workspace_id, id FROM (
        SELECT workspace_id, id FROM webhook_deliveries AS orphan
        WHERE (SELECT is_taken FROM turn) AND NOT EXISTS (
            SELECT FROM webhooks WHERE webhooks.workspace_id = orphan.workspace_id AND webhooks.id = orphan.webhook_id
        )
        LIMIT :limit FOR UPDATE SKIP LOCKED
    ) AS orphans
) AS removed
WHERE delivery.workspace_id = removed.workspace_id AND delivery.id = removed.id"""
    )

    async def tidy(self) -> None:
        """Removes deliveries that are too old, too many, or of deleted webhooks; fails deliveries that nobody sends.

        Does nothing while another process does it.
        """
        values = {"limit": MAX_REMOVED_AT_ONCE, "lock": TIDY_LOCK_KEY}
        await self._run(self._EXPIRE, give_up_seconds=GIVE_UP_AFTER.total_seconds(), **values)
        await self._run(self._REMOVE, kept=MAX_KEPT, days=KEPT_DAYS, **values)


def _of_attempt(message: Message, attempt: Attempt) -> dict[str, object]:
    stored: Mapping[str, object] = {
        "at": attempt.at.isoformat(),
        "status_code": attempt.status_code,
        "error": attempt.error,
        "duration": attempt.duration,
    }
    return {
        "workspace": message.workspace_id,
        "id": message.id,
        "lease": message.lease,
        "attempt": [stored],
    }


def _to_message(row: Record) -> Message:
    values = {name: row[name] for name in Message._fields if name not in ("secrets", "aggregate")}
    secrets = [secret for secret in (row.secret, row.old_secret) if secret is not None]
    return Message(**values, secrets=secrets, aggregate=Aggregate(row.aggregate))
