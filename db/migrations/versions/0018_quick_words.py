"""Words of usual texts, in ASCII and without acronyms, that are found in one step."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# The piece of `search_vector` that changes; what it returns is the same, so nothing is to be indexed anew.
_IS_ASCII = """\
    is_ascii CONSTANT boolean := octet_length(words) = char_length(words);
    acronym text;
    accented text;
BEGIN
"""
_QUICK_IS_ASCII = """\
    is_ascii boolean;
    acronym text;
    accented text;
BEGIN
    IF octet_length(words) <= 500 AND words COLLATE "C" !~ '[A-Z][A-Z]|[&+/<@_~\\u0080-\\U0010ffff]' THEN
        RETURN to_tsvector(config, lower(replace(replace(words, '.', ' '), '-', ' ') COLLATE pg_catalog.{collation}));
    END IF;
    is_ascii := octet_length(words) = char_length(words);
"""


def _replace_in_search_vector(old: str, new: str) -> None:
    connection = op.get_bind()
    definition, collation = connection.exec_driver_sql(
        "SELECT pg_get_functiondef('search_vector(text, text)'::regprocedure), quote_ident("
        "CASE WHEN current_setting('server_version_num')::int >= 170000 THEN 'pg_c_utf8' ELSE 'und-x-icu' END)"
    ).one()
    old, new = (text.replace("{collation}", collation) for text in (old, new))
    assert old in definition, old
    connection.exec_driver_sql(definition.replace(old, new))


def upgrade() -> None:
    _replace_in_search_vector(_IS_ASCII, _QUICK_IS_ASCII)


def downgrade() -> None:
    _replace_in_search_vector(_QUICK_IS_ASCII, _IS_ASCII)
