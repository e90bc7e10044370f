"""API keys, and the meetings that those of bots reach."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", ARRAY(sa.Text()), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by", sa.Text()),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("api_keys_pkey")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("api_keys_workspace_id_fkey")),
        sa.CheckConstraint("name <> ''", name=op.f("api_keys_name_check")),
        sa.CheckConstraint(
            "cardinality(scopes) > 0 AND scopes <@ '{READ,WRITE,ADMIN,INGEST}'", name=op.f("api_keys_scopes_check")
        ),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("api_keys_digest_check")),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("api_keys_revoked_check")),
    )
    op.create_index(
        "api_keys_name_idx",
        "api_keys",
        ["workspace_id", "name"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "meeting_grants",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "principal", "meeting_id", name=op.f("meeting_grants_pkey")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "meeting_id"],
            ["meetings.workspace_id", "meetings.id"],
            name=op.f("meeting_grants_workspace_id_meeting_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("meeting_grants_workspace_id_meeting_id_idx"), "meeting_grants", ["workspace_id", "meeting_id"]
    )


def downgrade() -> None:
    op.drop_table("meeting_grants")
    op.drop_table("api_keys")
