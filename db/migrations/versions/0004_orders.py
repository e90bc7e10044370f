"""Indexes for the orders of lists."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXTS = {"agents": "name", "meetings": "title"}
NARROWED = ("agent_id", "state")


def upgrade() -> None:
    for table, text in TEXTS.items():
        for column in ("created_at", "updated_at"):
            op.create_index(op.f(f"{table}_workspace_id_{column}_id_idx"), table, ["workspace_id", column, "id"])
        op.create_index(f"{table}_{text}_idx", table, ["workspace_id", sa.text(f'lower({text}) COLLATE "C"'), "id"])
    for column in NARROWED:
        op.create_index(
            op.f(f"meetings_workspace_id_{column}_created_at_id_idx"),
            "meetings",
            ["workspace_id", column, "created_at", "id"],
        )
        op.drop_index(op.f(f"meetings_workspace_id_{column}_id_idx"), "meetings")


def downgrade() -> None:
    for column in NARROWED:
        op.create_index(op.f(f"meetings_workspace_id_{column}_id_idx"), "meetings", ["workspace_id", column, "id"])
        op.drop_index(op.f(f"meetings_workspace_id_{column}_created_at_id_idx"), "meetings")
    for table, text in TEXTS.items():
        op.drop_index(f"{table}_{text}_idx", table)
        for column in ("created_at", "updated_at"):
            op.drop_index(op.f(f"{table}_workspace_id_{column}_id_idx"), table)
