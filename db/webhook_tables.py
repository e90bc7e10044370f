"""The tables of webhooks: who is told of changes, and what is to be told."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.shared_columns import event_of_version, times, version
from db.tables import metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    # `domain.webhooks.WebhookEventType`
    Column("events", ARRAY(Text), nullable=False),
    # The query that is executed for each delivery; null: none.
    Column("document", Text),
    # Secrets are stored as they are, as deliveries are signed with them. No history and no answer has them.
    Column("secret", LargeBinary, nullable=False),
    Column("old_secret", LargeBinary),
    Column("old_secret_expires_at", DateTime(timezone=True)),
    Column("secret_rotated_at", DateTime(timezone=True)),
    version(),
    *times(),
    Column("disabled_at", DateTime(timezone=True)),
    # The first failure since the last success, and the time until which the receiver asked to be left alone.
    Column("failing_since", DateTime(timezone=True)),
    Column("paused_until", DateTime(timezone=True)),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
    event_of_version("webhooks"),
    CheckConstraint("name <> ''", name="name"),
    CheckConstraint("url ~ '^https?://'", name="url"),
    CheckConstraint("cardinality(events) > 0", name="events"),
    CheckConstraint("octet_length(secret) = 32", name="secret"),
    CheckConstraint("(old_secret IS NULL) = (old_secret_expires_at IS NULL)", name="old_secret"),
    CheckConstraint("version >= 1", name="version"),
)

# The deliveries of events to receivers. The pending ones are the outbox: `db.webhook_triggers` writes them in the statement
# of the change. They refer to no webhook by a foreign key, as a writer would then wait for somebody who deletes the webhook.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("webhook_id", Uuid, nullable=False),
    # The thing that has changed. For a test delivery it is the webhook itself.
    Column("aggregate", Text, nullable=False),
    Column("aggregate_id", Uuid, nullable=False),
    # The kinds of changes that no attempt has, and those that the present attempt has.
    Column("events", ARRAY(Text), nullable=False),
    Column("sending", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # The newest version of what has changed, and the number of a meeting's last write of segments: both are given under the
    # lock of its row, so they grow in the order of the commits.
    Column("version", Integer),
    Column("change_seq", BigInteger),
    # The webhook-id of what is sent: another one as soon as more changes go into it.
    Column("message_id", Uuid, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'PENDING'")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    # The time of the last change that it tells of.
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    # While an attempt is under way, this is when another server may attempt it, as the first one must be gone.
    Column("next_attempt_at", DateTime(timezone=True), server_default=func.clock_timestamp()),
    Column("finished_at", DateTime(timezone=True)),
    # The last attempts: objects with the fields of `domain.webhooks.Attempt`.
    Column("attempts", JSONB, nullable=False, server_default=text("'[]'")),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
    CheckConstraint("aggregate IN ('AGENT', 'MEETING', 'WEBHOOK')", name="aggregate"),
    CheckConstraint("state IN ('PENDING', 'DELIVERED', 'FAILED')", name="state"),
    CheckConstraint(
        "(state = 'PENDING') = (next_attempt_at IS NOT NULL) AND (state = 'PENDING') = (finished_at IS NULL)",
        name="times",
    ),
    CheckConstraint("jsonb_typeof(attempts) = 'array'", name="attempts"),
    Index(
        "webhook_deliveries_pending_key",
        *("workspace_id", "webhook_id", "aggregate_id"),
        unique=True,
        postgresql_where=text("state = 'PENDING'"),
    ),
    Index(
        "webhook_deliveries_due_idx",
        *("workspace_id", "webhook_id", "next_attempt_at"),
        postgresql_where=text("state = 'PENDING'"),
    ),
    Index("webhook_deliveries_list_idx", "workspace_id", "webhook_id", "created_at", "id"),
)
