"""An index of the deletions of meetings by time."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "events_meeting_deletions_idx",
        "events",
        ["workspace_id", "created_at", "entity_id"],
        postgresql_where=sa.text("kind = 'DELETED' AND aggregate = 'MEETING'"),
    )


def downgrade() -> None:
    op.drop_index("events_meeting_deletions_idx", "events")
