"""Full-text search over segments: each workspace's language, the words of each segment, and their index."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SEARCH_VECTOR = r"""
CREATE FUNCTION search_vector(language text, words text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF octet_length(words) > 200 THEN
        words := regexp_replace(words, '(\S{100})', '\1 ', 'g');
    END IF;
    RETURN to_tsvector(
        ('pg_catalog.' || language)::regconfig,
        replace(replace(replace(replace(words, '<', ' '), '/', ' '), '@', ' '), '-', ' ')
    );
END
$$"""


def upgrade() -> None:
    op.add_column("workspaces", sa.Column("language", sa.Text(), server_default=sa.text("'english'"), nullable=False))
    op.create_check_constraint(op.f("workspaces_language_check"), "workspaces", "language ~ '^[a-z_]+$'")
    op.execute(SEARCH_VECTOR)
    # One statement, so that the table is written anew once. English is what all workspaces have at this moment.
    op.execute(
        """
        ALTER TABLE segments
            ADD COLUMN language text NOT NULL DEFAULT 'english',
            ADD COLUMN search_vector tsvector GENERATED ALWAYS AS (search_vector(language, text)) STORED
        """
    )
    op.create_index(
        "segments_search_idx",
        "segments",
        ["search_vector"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 1024},
    )


def downgrade() -> None:
    op.drop_index("segments_search_idx", "segments")
    op.drop_column("segments", "search_vector")
    op.drop_column("segments", "language")
    op.execute("DROP FUNCTION search_vector(text, text)")
    op.drop_column("workspaces", "language")
