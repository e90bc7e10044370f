"""The numbers of changes that were lost when a backup was restored, so that no cursor of theirs is taken for one of others."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    lost_changes = sa.Column("lost_changes", INT8MULTIRANGE(), nullable=False, server_default=sa.text("'{}'"))
    op.add_column("meetings", lost_changes)
    _queue_segments_when("NEW.change_seq > OLD.change_seq AND NEW.lost_changes = OLD.lost_changes")


def downgrade() -> None:
    _queue_segments_when("NEW.change_seq > OLD.change_seq")
    op.drop_column("meetings", "lost_changes")


def _queue_segments_when(condition: str) -> None:
    """Tells webhooks of a write of segments; a restore, which raises the numbers of all meetings, is none."""
    op.execute("DROP TRIGGER meetings_segments_are_queued ON meetings")
    op.execute(
        f"""
CREATE TRIGGER meetings_segments_are_queued AFTER UPDATE OF change_seq ON meetings
FOR EACH ROW WHEN ({condition})
EXECUTE FUNCTION queue_segments()"""
    )
