"""Case folding that is the same in every database, whatever its locale: in the orders of lists, in filters and in search."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXTS = {"agents": "name", "meetings": "title"}

FOLD_CASE = """
DO $do$BEGIN EXECUTE format(
    $f$CREATE FUNCTION fold_case(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(value COLLATE pg_catalog.%I)$f$,
    CASE WHEN current_setting('server_version_num')::int >= 170000 THEN 'pg_c_utf8' ELSE 'und-x-icu' END
); END$do$"""

SEARCH_VECTOR = r"""
DO $do$BEGIN EXECUTE format($f$
CREATE OR REPLACE FUNCTION search_vector(language text, words text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF octet_length(words) > 200 THEN
        words := regexp_replace(words, '(\S{100})', '\1 ', 'g');
    END IF;
    RETURN to_tsvector(
        ('pg_catalog.' || language)::regconfig,
        lower(replace(replace(replace(replace(words, '<', ' '), '/', ' '), '@', ' '), '-', ' ') COLLATE pg_catalog.%I)
    );
END
$$$f$, CASE WHEN current_setting('server_version_num')::int >= 170000 THEN 'pg_c_utf8' ELSE 'und-x-icu' END
); END$do$"""

# Only where the database's own rules are others, as the index has other words then.
INDEX_SEGMENTS = "UPDATE segments SET language = language WHERE NOT deleted AND lower('IÉЖ') <> fold_case('IÉЖ')"

PREVIOUS_SEARCH_VECTOR = r"""
CREATE OR REPLACE FUNCTION search_vector(language text, words text) RETURNS tsvector
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
    op.execute(FOLD_CASE)
    op.execute(SEARCH_VECTOR)
    op.execute(INDEX_SEGMENTS)
    _create_orders("fold_case")


def downgrade() -> None:
    _create_orders("lower")
    op.execute(PREVIOUS_SEARCH_VECTOR)
    op.execute(INDEX_SEGMENTS)
    op.execute("DROP FUNCTION fold_case(text)")


def _create_orders(function: str) -> None:
    for table, text in TEXTS.items():
        op.drop_index(f"{table}_{text}_idx", table)
        op.create_index(
            f"{table}_{text}_idx", table, ["workspace_id", sa.text(f'{function}({text}) COLLATE "C"'), "id"]
        )
