"""The history of agents, variants and meetings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CONFIG = (
    *("model_provider", "model_name", "system_prompt", "user_prompt_template", "prompt_version", "temperature"),
    *("max_tokens", "context_window", "input_token_limit", "token_budget", "timeout_seconds", "max_retries"),
)
RECORDED = {
    "agents": ("AGENT", "id", ("slug", "name", "description", "active_variant_id", *CONFIG)),
    "agent_variants": ("AGENT", "agent_id", ("slug", "name", "description", *CONFIG)),
    "meetings": ("MEETING", "id", ("title", "state", "metadata", "agent_id", "started_at", "ended_at")),
}


def upgrade() -> None:
    op.execute(
        """
CREATE FUNCTION object_keys(object jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT jsonb_object_keys(CASE jsonb_typeof(object) WHEN 'object' THEN object ELSE '{}' END))"""
    )
    op.create_table(
        "events",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("aggregate", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("restored_version", sa.Integer(), nullable=True),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "fields", postgresql.ARRAY(sa.Text()), sa.Computed("object_keys(changes)", persisted=True), nullable=False
        ),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('CREATED', 'UPDATED', 'ACTIVATED', 'DEACTIVATED', 'STATE_CHANGED', 'ROLLED_BACK', 'DELETED')",
            name=op.f("events_kind_check"),
        ),
        sa.CheckConstraint(
            "(kind = 'ROLLED_BACK') = (restored_version IS NOT NULL)", name=op.f("events_restored_version_check")
        ),
        sa.CheckConstraint(
            "version >= 1 AND restored_version >= 1 AND restored_version < version", name=op.f("events_versions_check")
        ),
        sa.CheckConstraint("aggregate IN ('AGENT', 'MEETING')", name=op.f("events_aggregate_check")),
        sa.CheckConstraint("actor <> ''", name=op.f("events_actor_check")),
        sa.CheckConstraint("jsonb_typeof(changes) = 'object'", name=op.f("events_changes_check")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("events_workspace_id_fkey")),
        sa.PrimaryKeyConstraint("workspace_id", "entity_id", "version", name=op.f("events_pkey")),
    )
    op.create_index("events_history_idx", "events", ["workspace_id", "aggregate_id", "number"], unique=True)
    for table, (aggregate, aggregate_id, fields) in RECORDED.items():
        # History starts with what is there: an event of creation that has the present values.
        values = ", ".join(f"'{field}', {field}" for field in fields)
        op.execute(
            f"""
            INSERT INTO events (workspace_id, entity_id, version, aggregate, aggregate_id, kind, actor, reason, changes)
            SELECT workspace_id, id, version, '{aggregate}', {aggregate_id},
                'CREATED', 'migration', 'as it was when history began',
                (SELECT coalesce(jsonb_object_agg(key, jsonb_build_array(NULL, value)), '{{}}')
                 FROM jsonb_each(jsonb_build_object({values})) WHERE value <> 'null')
            FROM {table} ORDER BY id
            """
        )
        op.create_foreign_key(
            f"{table}_event_fkey",
            table,
            "events",
            ["workspace_id", "id", "version"],
            ["workspace_id", "entity_id", "version"],
        )
    # Deleting an agent takes it from its meetings as a change of theirs, with its event; not behind their backs.
    op.drop_constraint("meetings_workspace_id_agent_id_fkey", "meetings")
    op.create_foreign_key(
        "meetings_workspace_id_agent_id_fkey",
        "meetings",
        "agents",
        ["workspace_id", "agent_id"],
        ["workspace_id", "id"],
    )
    op.execute(
        """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME; END$$"""
    )
    op.execute(
        """
CREATE FUNCTION require_deletion_event() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    IF NOT EXISTS (
        SELECT FROM events
        WHERE workspace_id = OLD.workspace_id AND entity_id = OLD.id AND version = OLD.version + 1 AND kind = 'DELETED'
    ) THEN
        RAISE EXCEPTION 'a deletion needs its event' USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END$$"""
    )
    op.execute(
        """
CREATE TRIGGER events_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION refuse('events are never changed or deleted')"""
    )
    for table, (_, _, fields) in RECORDED.items():
        op.execute(
            f"""
CREATE TRIGGER {table}_change_raises_version AFTER UPDATE OF {", ".join(fields)} ON {table}
FOR EACH ROW WHEN (NEW.version <= OLD.version) EXECUTE FUNCTION refuse('a change must raise the version')"""
        )
        op.execute(
            f"""
CREATE TRIGGER {table}_deletion_has_event AFTER DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION require_deletion_event()"""
        )


def downgrade() -> None:
    op.drop_constraint("meetings_workspace_id_agent_id_fkey", "meetings")
    op.create_foreign_key(
        "meetings_workspace_id_agent_id_fkey",
        "meetings",
        "agents",
        ["workspace_id", "agent_id"],
        ["workspace_id", "id"],
        ondelete="SET NULL (agent_id)",
    )
    for table in RECORDED:
        op.drop_constraint(f"{table}_event_fkey", table)
        op.execute(f"DROP TRIGGER {table}_change_raises_version ON {table}")
        op.execute(f"DROP TRIGGER {table}_deletion_has_event ON {table}")
    op.drop_table("events")
    op.execute("DROP FUNCTION object_keys(jsonb), refuse(), require_deletion_event()")
