"""Holds of meetings, which keep them from being deleted or erased, and an index of the meetings by their end."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

RECORDED = ("external_id", "title", "state", "metadata", "speaker_names", "agent_id", "started_at", "ended_at")


def upgrade() -> None:
    op.add_column("meetings", sa.Column("held_at", sa.DateTime(timezone=True)))
    op.execute(
        """
CREATE TRIGGER meetings_held_are_kept BEFORE DELETE ON meetings
FOR EACH ROW WHEN (OLD.held_at IS NOT NULL) EXECUTE FUNCTION refuse('a meeting that is held is not deleted')"""
    )
    op.execute(
        """
CREATE FUNCTION require_release() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    IF EXISTS (
        SELECT FROM meetings WHERE workspace_id = NEW.workspace_id AND id = NEW.meeting_id AND held_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'nobody is erased from a meeting that is held'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END$$"""
    )
    op.execute(
        """
CREATE TRIGGER speaker_erasures_spare_held AFTER INSERT ON speaker_erasures
FOR EACH ROW EXECUTE FUNCTION require_release()"""
    )
    _raise_version_after(*RECORDED, "held_at")
    op.create_index(
        "meetings_retention_idx",
        "meetings",
        ["workspace_id", sa.text("coalesce(ended_at, updated_at)"), "id"],
        postgresql_where=sa.text("state IN ('STOPPED', 'COMPLETED', 'ERROR') AND held_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("meetings_retention_idx", "meetings")
    _raise_version_after(*RECORDED)
    op.execute("DROP TRIGGER speaker_erasures_spare_held ON speaker_erasures")
    op.execute("DROP FUNCTION require_release()")
    op.execute("DROP TRIGGER meetings_held_are_kept ON meetings")
    op.drop_column("meetings", "held_at")


def _raise_version_after(*columns: str) -> None:
    """Requires a new version of a meeting for each change of these columns."""
    op.execute("DROP TRIGGER meetings_change_raises_version ON meetings")
    op.execute(
        f"""
CREATE TRIGGER meetings_change_raises_version AFTER UPDATE OF {", ".join(columns)} ON meetings
FOR EACH ROW WHEN (NEW.version <= OLD.version) EXECUTE FUNCTION refuse('a change must raise the version')"""
    )
