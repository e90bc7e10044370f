"""Ids that callers give to their meetings and segments."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEYS = {"meetings": ["workspace_id"], "segments": ["workspace_id", "meeting_id"]}
"""The columns in which an external id is unique."""
RECORDED = ("title", "state", "metadata", "agent_id", "started_at", "ended_at")


def upgrade() -> None:
    for table, key in KEYS.items():
        op.add_column(table, sa.Column("external_id", sa.Text()))
        op.create_check_constraint(
            op.f(f"{table}_external_id_check"), table, "char_length(external_id) BETWEEN 1 AND 200"
        )
        op.create_index(
            f"{table}_external_id_idx",
            table,
            [*key, "external_id"],
            unique=True,
            postgresql_where=sa.text("external_id IS NOT NULL"),
        )
        op.execute(
            f"""
CREATE TRIGGER {table}_external_id_is_kept AFTER UPDATE OF external_id ON {table}
FOR EACH ROW WHEN (NEW.external_id IS DISTINCT FROM OLD.external_id)
EXECUTE FUNCTION refuse('an external id is given at creation, and never changed')"""
        )
    _raise_version_after("external_id", *RECORDED)


def downgrade() -> None:
    _raise_version_after(*RECORDED)
    for table in reversed(KEYS):
        op.execute(f"DROP TRIGGER {table}_external_id_is_kept ON {table}")
        op.drop_column(table, "external_id")


def _raise_version_after(*columns: str) -> None:
    """Requires a new version of a meeting for each change of these columns."""
    op.execute("DROP TRIGGER meetings_change_raises_version ON meetings")
    op.execute(
        f"""
CREATE TRIGGER meetings_change_raises_version AFTER UPDATE OF {", ".join(columns)} ON meetings
FOR EACH ROW WHEN (NEW.version <= OLD.version) EXECUTE FUNCTION refuse('a change must raise the version')"""
    )
