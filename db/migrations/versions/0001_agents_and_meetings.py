"""Agents, variants, meetings and segments, and the default workspace."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("name <> ''", name=op.f("workspaces_name_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("workspaces_pkey")),
    )
    op.create_table(
        "agents",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("active_variant_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("model_provider", sa.Text(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=False),
        sa.Column("user_prompt_template", sa.Text(), nullable=False),
        sa.Column("prompt_version", sa.Text(), nullable=False),
        sa.Column("temperature", sa.Double(), nullable=False),
        sa.Column("max_tokens", sa.Integer(), nullable=False),
        sa.Column("context_window", sa.Integer(), nullable=False),
        sa.Column("input_token_limit", sa.Integer(), nullable=False),
        sa.Column("token_budget", sa.Integer(), nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), nullable=False),
        sa.Column("max_retries", sa.Integer(), nullable=False),
        sa.CheckConstraint("model_provider <> '' AND model_name <> ''", name=op.f("agents_model_check")),
        sa.CheckConstraint("name <> ''", name=op.f("agents_name_check")),
        sa.CheckConstraint(
            "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) <= 80", name=op.f("agents_slug_check")
        ),
        sa.CheckConstraint(
            "max_tokens >= 0 AND context_window >= 0 AND input_token_limit >= 0"
            " AND token_budget >= 0 AND timeout_seconds >= 0 AND max_retries >= 0",
            name=op.f("agents_counts_check"),
        ),
        sa.CheckConstraint("temperature BETWEEN 0 AND 2", name=op.f("agents_temperature_check")),
        sa.CheckConstraint("version >= 1", name=op.f("agents_version_check")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("agents_workspace_id_fkey")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("agents_pkey")),
        sa.UniqueConstraint("workspace_id", "slug", name=op.f("agents_workspace_id_slug_key")),
    )
    op.create_table(
        "agent_variants",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("model_provider", sa.Text(), nullable=True),
        sa.Column("model_name", sa.Text(), nullable=True),
        sa.Column("system_prompt", sa.Text(), nullable=True),
        sa.Column("user_prompt_template", sa.Text(), nullable=True),
        sa.Column("prompt_version", sa.Text(), nullable=True),
        sa.Column("temperature", sa.Double(), nullable=True),
        sa.Column("max_tokens", sa.Integer(), nullable=True),
        sa.Column("context_window", sa.Integer(), nullable=True),
        sa.Column("input_token_limit", sa.Integer(), nullable=True),
        sa.Column("token_budget", sa.Integer(), nullable=True),
        sa.Column("timeout_seconds", sa.Integer(), nullable=True),
        sa.Column("max_retries", sa.Integer(), nullable=True),
        sa.CheckConstraint("model_provider <> '' AND model_name <> ''", name=op.f("agent_variants_model_check")),
        sa.CheckConstraint("name <> ''", name=op.f("agent_variants_name_check")),
        sa.CheckConstraint(
            "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) <= 80", name=op.f("agent_variants_slug_check")
        ),
        sa.CheckConstraint(
            "max_tokens >= 0 AND context_window >= 0 AND input_token_limit >= 0"
            " AND token_budget >= 0 AND timeout_seconds >= 0 AND max_retries >= 0",
            name=op.f("agent_variants_counts_check"),
        ),
        sa.CheckConstraint("temperature BETWEEN 0 AND 2", name=op.f("agent_variants_temperature_check")),
        sa.CheckConstraint("version >= 1", name=op.f("agent_variants_version_check")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "agent_id"],
            ["agents.workspace_id", "agents.id"],
            name=op.f("agent_variants_workspace_id_agent_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("agent_variants_pkey")),
        sa.UniqueConstraint("workspace_id", "agent_id", "id", name=op.f("agent_variants_workspace_id_agent_id_id_key")),
        sa.UniqueConstraint(
            "workspace_id", "agent_id", "slug", name=op.f("agent_variants_workspace_id_agent_id_slug_key")
        ),
    )
    op.create_foreign_key(
        "agents_active_variant_id_fkey",
        "agents",
        "agent_variants",
        ["workspace_id", "id", "active_variant_id"],
        ["workspace_id", "agent_id", "id"],
    )
    op.create_table(
        "meetings",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("change_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_segment_id", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("jsonb_typeof(metadata) = 'object'", name=op.f("meetings_metadata_check")),
        sa.CheckConstraint(
            "state IN ('CREATED', 'RECORDING', 'STOPPING', 'STOPPED', 'COMPLETED', 'ERROR')",
            name=op.f("meetings_state_check"),
        ),
        sa.CheckConstraint("title <> ''", name=op.f("meetings_title_check")),
        sa.CheckConstraint("started_at <= ended_at", name=op.f("meetings_times_check")),
        sa.CheckConstraint(
            "version >= 1 AND change_seq >= 0 AND last_segment_id >= 0", name=op.f("meetings_counters_check")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "agent_id"],
            ["agents.workspace_id", "agents.id"],
            name=op.f("meetings_workspace_id_agent_id_fkey"),
            ondelete="SET NULL (agent_id)",
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("meetings_workspace_id_fkey")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("meetings_pkey")),
    )
    op.create_index(
        op.f("meetings_metadata_idx"),
        "meetings",
        ["metadata"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"metadata": "jsonb_path_ops"},
    )
    op.create_index(
        op.f("meetings_workspace_id_agent_id_id_idx"), "meetings", ["workspace_id", "agent_id", "id"], unique=False
    )
    op.create_index(
        op.f("meetings_workspace_id_state_id_idx"), "meetings", ["workspace_id", "state", "id"], unique=False
    )
    op.create_table(
        "segments",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("start_time", sa.Double(), nullable=False),
        sa.Column("end_time", sa.Double(), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("change_seq", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("(text = '') = deleted", name=op.f("segments_text_check")),
        sa.CheckConstraint(
            "0 <= start_time AND start_time <= end_time AND end_time <= 36000000", name=op.f("segments_times_check")
        ),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("segments_confidence_check")),
        sa.CheckConstraint("segment_id >= 0", name=op.f("segments_segment_id_check")),
        sa.CheckConstraint("version >= 1 AND change_seq >= 1", name=op.f("segments_counters_check")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "meeting_id"],
            ["meetings.workspace_id", "meetings.id"],
            name=op.f("segments_workspace_id_meeting_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "meeting_id", "segment_id", name=op.f("segments_pkey")),
    )
    op.create_index(
        "segments_change_idx", "segments", ["workspace_id", "meeting_id", "change_seq", "segment_id"], unique=False
    )
    op.create_index(
        "segments_speaker_idx",
        "segments",
        ["workspace_id", "meeting_id", "speaker", "segment_id"],
        unique=False,
        postgresql_where=sa.text("NOT deleted"),
    )
    op.execute("INSERT INTO workspaces (id, name) VALUES ('01900000-0000-7000-8000-000000000000', 'default')")


def downgrade() -> None:
    op.drop_table("segments")
    op.drop_table("meetings")
    op.drop_constraint("agents_active_variant_id_fkey", "agents")
    op.drop_table("agent_variants")
    op.drop_table("agents")
    op.drop_table("workspaces")
