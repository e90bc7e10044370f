"""Erasures of meetings, which remove from events what was said and named."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("erased_by", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("erased_by <> ''", name=op.f("erasures_erased_by_check")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("erasures_workspace_id_fkey")),
        sa.PrimaryKeyConstraint("workspace_id", "meeting_id", name=op.f("erasures_pkey")),
    )
    op.execute(
        """
CREATE FUNCTION erased_changes(changes jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT coalesce(jsonb_object_agg(
        key, CASE WHEN key IN ('state', 'agent_id', 'started_at', 'ended_at') THEN value ELSE '[null, null]' END
    ), '{}') FROM jsonb_each(changes)
)"""
    )
    op.execute(
        """
CREATE FUNCTION require_erasure() RETURNS trigger LANGUAGE plpgsql AS
$$DECLARE
    erased events := OLD;
BEGIN
    erased.actor := 'erased';
    erased.reason := NULL;
    erased.changes := erased_changes(OLD.changes);
    IF NEW IS DISTINCT FROM erased OR OLD.aggregate <> 'MEETING' OR NOT EXISTS (
        SELECT FROM erasures WHERE workspace_id = OLD.workspace_id AND meeting_id = OLD.entity_id
    ) THEN
        RAISE EXCEPTION 'events are never changed or deleted, only erased'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END$$"""
    )
    op.execute(
        """
CREATE FUNCTION require_deletion() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    IF EXISTS (SELECT FROM meetings WHERE workspace_id = NEW.workspace_id AND id = NEW.meeting_id) THEN
        RAISE EXCEPTION 'what is erased is deleted first' USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END$$"""
    )
    _replace_trigger("events_are_kept", "DELETE OR TRUNCATE")
    op.execute(
        """
CREATE TRIGGER events_are_erased_only AFTER UPDATE ON events FOR EACH ROW EXECUTE FUNCTION require_erasure()"""
    )
    op.execute(
        """
CREATE TRIGGER erasures_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON erasures
FOR EACH STATEMENT EXECUTE FUNCTION refuse('erasures are never changed or deleted')"""
    )
    op.execute(
        """
CREATE TRIGGER erasures_follow_deletion AFTER INSERT ON erasures FOR EACH ROW EXECUTE FUNCTION require_deletion()"""
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER events_are_erased_only ON events")
    _replace_trigger("events_are_kept", "UPDATE OR DELETE OR TRUNCATE")
    op.drop_table("erasures")
    for function in ("require_deletion()", "require_erasure()", "erased_changes(jsonb)"):
        op.execute(f"DROP FUNCTION {function}")


def _replace_trigger(name: str, events: str) -> None:
    op.execute(f"DROP TRIGGER {name} ON events")
    op.execute(
        f"""
CREATE TRIGGER {name} BEFORE {events} ON events
FOR EACH STATEMENT EXECUTE FUNCTION refuse('events are never changed or deleted')"""
    )
