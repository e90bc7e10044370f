"""Webhooks: who is told of changes, and the outbox, which triggers fill in the statement of the change."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FUNCTIONS = {
    "queue_deliveries": """
CREATE FUNCTION queue_deliveries(
    workspace uuid, kind text, changed_aggregate text, changed_id uuid, new_version integer, new_change_seq bigint,
    delay interval
) RETURNS void LANGUAGE plpgsql AS
$$DECLARE
    now timestamptz;
BEGIN
    IF NOT EXISTS (
        SELECT FROM webhooks WHERE workspace_id = workspace AND disabled_at IS NULL AND kind = ANY (webhooks.events)
    ) THEN
        RETURN;
    END IF;
    now := clock_timestamp();
    INSERT INTO webhook_deliveries AS pending (
        workspace_id, id, webhook_id, aggregate, aggregate_id, events, version, change_seq, message_id,
        created_at, changed_at, next_attempt_at
    )
    SELECT workspace, gen_random_uuid(), webhooks.id, changed_aggregate, changed_id, ARRAY[kind], new_version, new_change_seq,
        gen_random_uuid(), now, now, now + delay
    FROM webhooks WHERE workspace_id = workspace AND disabled_at IS NULL AND kind = ANY (webhooks.events)
    ORDER BY webhooks.id
    ON CONFLICT (workspace_id, webhook_id, aggregate_id) WHERE state = 'PENDING' DO UPDATE SET
        events = CASE WHEN kind = ANY (pending.events) THEN pending.events ELSE pending.events || kind END,
        version = coalesce(EXCLUDED.version, pending.version),
        change_seq = greatest(EXCLUDED.change_seq, pending.change_seq),
        message_id = EXCLUDED.message_id,
        changed_at = EXCLUDED.changed_at,
        next_attempt_at = CASE
            WHEN pending.sending = '{}' AND pending.attempts = '[]'
            THEN least(EXCLUDED.next_attempt_at, pending.next_attempt_at)
            ELSE pending.next_attempt_at
        END;
END$$""",
    "queue_event": """
CREATE FUNCTION queue_event() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    PERFORM queue_deliveries(
        NEW.workspace_id, NEW.aggregate || '_' || NEW.kind, NEW.aggregate, NEW.aggregate_id,
        CASE WHEN NEW.entity_id = NEW.aggregate_id THEN NEW.version END, NULL, '0'
    );
    RETURN NULL;
END$$""",
    "queue_segments": """
CREATE FUNCTION queue_segments() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    PERFORM queue_deliveries(
        NEW.workspace_id, 'MEETING_SEGMENTS_CHANGED', 'MEETING', NEW.id, NEW.version, NEW.change_seq, '1 s'
    );
    RETURN NULL;
END$$""",
    "queue_erasure": """
CREATE FUNCTION queue_erasure() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    PERFORM queue_deliveries(NEW.workspace_id, 'MEETING_ERASED', 'MEETING', NEW.meeting_id, NULL, NULL, '0');
    RETURN NULL;
END$$""",
}
TRIGGERS = {
    "events_are_queued": """
CREATE TRIGGER events_are_queued AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION queue_event()""",
    "meetings_segments_are_queued": """
CREATE TRIGGER meetings_segments_are_queued AFTER UPDATE OF change_seq ON meetings
FOR EACH ROW WHEN (NEW.change_seq > OLD.change_seq) EXECUTE FUNCTION queue_segments()""",
    "erasures_are_queued": """
CREATE TRIGGER erasures_are_queued AFTER INSERT ON erasures FOR EACH ROW EXECUTE FUNCTION queue_erasure()""",
}
RECORDED = ("name", "url", "events", "document", "secret_rotated_at", "disabled_at")


def upgrade() -> None:
    _set_aggregates("AGENT", "MEETING", "WEBHOOK")
    op.create_table(
        "webhooks",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", ARRAY(sa.Text()), nullable=False),
        sa.Column("document", sa.Text()),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("old_secret", sa.LargeBinary()),
        sa.Column("old_secret_expires_at", sa.DateTime(timezone=True)),
        sa.Column("secret_rotated_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        _time("created_at", nullable=False),
        _time("updated_at", nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True)),
        sa.Column("failing_since", sa.DateTime(timezone=True)),
        sa.Column("paused_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("webhooks_pkey")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("webhooks_workspace_id_fkey")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id", "version"],
            ["events.workspace_id", "events.entity_id", "events.version"],
            name="webhooks_event_fkey",
        ),
        sa.CheckConstraint("name <> ''", name=op.f("webhooks_name_check")),
        sa.CheckConstraint("url ~ '^https?://'", name=op.f("webhooks_url_check")),
        sa.CheckConstraint("cardinality(events) > 0", name=op.f("webhooks_events_check")),
        sa.CheckConstraint("octet_length(secret) = 32", name=op.f("webhooks_secret_check")),
        sa.CheckConstraint(
            "(old_secret IS NULL) = (old_secret_expires_at IS NULL)", name=op.f("webhooks_old_secret_check")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("webhooks_version_check")),
    )
    op.execute(
        f"""
CREATE TRIGGER webhooks_change_raises_version AFTER UPDATE OF {", ".join(RECORDED)} ON webhooks
FOR EACH ROW WHEN (NEW.version <= OLD.version) EXECUTE FUNCTION refuse('a change must raise the version')"""
    )
    op.execute(
        """
CREATE TRIGGER webhooks_deletion_has_event AFTER DELETE ON webhooks
FOR EACH ROW EXECUTE FUNCTION require_deletion_event()"""
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("aggregate", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Uuid(), nullable=False),
        sa.Column("events", ARRAY(sa.Text()), nullable=False),
        sa.Column("sending", ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer()),
        sa.Column("change_seq", sa.BigInteger()),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'PENDING'"), nullable=False),
        _time("created_at", nullable=False),
        _time("changed_at", nullable=False),
        _time("next_attempt_at", nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("webhook_deliveries_pkey")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("webhook_deliveries_workspace_id_fkey")),
        sa.CheckConstraint(
            "aggregate IN ('AGENT', 'MEETING', 'WEBHOOK')", name=op.f("webhook_deliveries_aggregate_check")
        ),
        sa.CheckConstraint("state IN ('PENDING', 'DELIVERED', 'FAILED')", name=op.f("webhook_deliveries_state_check")),
        sa.CheckConstraint(
            "(state = 'PENDING') = (next_attempt_at IS NOT NULL) AND (state = 'PENDING') = (finished_at IS NULL)",
            name=op.f("webhook_deliveries_times_check"),
        ),
        sa.CheckConstraint("jsonb_typeof(attempts) = 'array'", name=op.f("webhook_deliveries_attempts_check")),
    )
    pending = sa.text("state = 'PENDING'")
    op.create_index(
        "webhook_deliveries_pending_key",
        "webhook_deliveries",
        ["workspace_id", "webhook_id", "aggregate_id"],
        unique=True,
        postgresql_where=pending,
    )
    op.create_index(
        "webhook_deliveries_due_idx",
        "webhook_deliveries",
        ["workspace_id", "webhook_id", "next_attempt_at"],
        postgresql_where=pending,
    )
    op.create_index(
        "webhook_deliveries_list_idx", "webhook_deliveries", ["workspace_id", "webhook_id", "created_at", "id"]
    )
    for statement in (*FUNCTIONS.values(), *TRIGGERS.values()):
        op.execute(statement)


def downgrade() -> None:
    for name, table in zip(TRIGGERS, ("events", "meetings", "erasures"), strict=True):
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for name in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {name}")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
    op.execute("DROP TRIGGER events_are_kept ON events")
    op.execute("DELETE FROM events WHERE aggregate = 'WEBHOOK'")
    op.execute(
        """
CREATE TRIGGER events_are_kept BEFORE DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION refuse('events are never changed or deleted')"""
    )
    _set_aggregates("AGENT", "MEETING")


def _time(name: str, *, nullable: bool) -> sa.Column[object]:
    now = sa.text("clock_timestamp()")
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=nullable)


def _set_aggregates(*names: str) -> None:
    """Lets the events be of these aggregates."""
    allowed = ", ".join(f"'{name}'" for name in names)
    op.drop_constraint("events_aggregate_check", "events")
    op.create_check_constraint(op.f("events_aggregate_check"), "events", f"aggregate IN ({allowed})")
