"""The words of texts in all scripts, for search: see `domain.search_words` and `db.search_vector`."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BLANKS_IN_ASCII = "</@-._+&~"
PUNCTUATION = (
    r"\u00a0\u00ab\u00bb\u2010-\u2027\u2030-\u205e\u3000-\u3003\u3008-\u3020\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40"
    r"\uff5b-\uff65"
)
SEPARATORS = (
    r"\u0080-\u00ac\u00ae-\u00bf\u00d7\u00f7\u02c2-\u02c5\u02d2-\u02df\u037e\u0387\u0482\u055a-\u055f\u0589-\u058f"
    r"\u05be\u05c0\u05c3\u05c6\u05f3-\u060f\u061b\u061d-\u061f\u066a-\u066d\u06d4\u06dd\u06de\u06e9\u0700-\u070f"
    r"\u07f6-\u07f9\u0964\u0965\u0970\u0df4\u0e3f\u0e4f\u0e5a\u0e5b\u0f01-\u0f17\u0f3a-\u0f3d\u104a-\u104f\u10fb"
    r"\u1360-\u1368\u166e\u1680\u17d4-\u17d6\u17d8-\u17db\u1800-\u180a\u2000-\u200b\u2010-\u2029\u202f-\u205f"
    r"\u2070-\u20cf\u2100-\u2131\u213a-\u214d\u214f\u2190-\u2bff\u2e00-\u2e7f\u2ff0-\u3004\u3008-\u3020\u3030\u3036"
    r"\u3037\u303d-\u3040\u309b\u309c\u30a0\u30fb\u3190-\u319f\u31c0-\u31e3\u3200-\u33ff\u4dc0-\u4dff\ua490-\ua4c6"
    r"\ua4fe\ua4ff\ue000-\uf8ff\ufd3e\ufd3f\ufdd0-\ufdef\ufe10-\ufe19\ufe30-\ufe6f\ufffc-\uffff\U0001f000-\U0001faff"
    r"\U000e0000-\U000e00ff\U000f0000-\U0010ffff"
)
INVISIBLE = r"\u00ad\u061c\u180b-\u180f\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
ACCENTS = (
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f"
    r"\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
FOLDED_LETTERS = dict(
    zip("ßæœøđðłıħþŧςىیک", ["ss", "ae", "oe", "o", "d", "d", "l", "i", "h", "th", "t", "σ", "ي", "ي", "ك"], strict=True)
)
PAIRED = (
    r"\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf\u1000-\u102a\u103f"
    r"\u1050-\u1055\u1100-\u11ff\u1780-\u17b3\u17d7\u17dc\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035"
    r"\u3038-\u303c\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\ua48c\ua960-\ua97c\uac00-\ud7fb\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003fffd"
)
MARKS_OF_PAIRED = (
    r"\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u1056-\u1059\u17b6-\u17d3\u17dd"
    r"\u3099\u309a"
)
PAIRED_CHARACTER = f"[{PAIRED}][{MARKS_OF_PAIRED}]{{0,3}}"
MAX_WORD_CHARS = 500
_NORMALIZED = (
    r"\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0131\u0134-\u013e\u0141-\u0148\u014a-\u017e\u0386\u0388-\u038a"
    r"\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u0481\u048a-\u052f\u05d0-\u05ea\u0620-\u064a\u0660-\u0669\u0e01-\u0e30"
    r"\u0e32\u0e40-\u0e46\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
_WITHOUT_ACCENTS = (
    r"\u0001-\u007f\u0391-\u03a1\u03a3-\u03a9\u03b1-\u03c1\u03c3-\u03c9\u0430-\u0438\u043a-\u044f\u0452\u0454-\u0456"
    r"\u0458-\u045b\u05d0-\u05ea\u0621\u0627-\u063a\u0641-\u0648\u064a\u0900-\u0dff\u0e01-\u0e5b\u10d0-\u10fa"
    r"\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)


def _replaced(text: str, replacements: dict[str, str]) -> str:
    for character, replacement in replacements.items():
        text = f"replace({text}, '{character}', '{replacement}')"
    return text


_WITH_BLANKS = _replaced("words", dict.fromkeys(BLANKS_IN_ASCII, " "))
MAX_NORMALIZED_CHARS = 40_000
_LETTERS = r"a-z0-9\u0080-\U0010ffff"
_ENGLISH_ACRONYMS = "IT|WHO|AM|IS|OR|NO|ON|IN|AS|AT|BY|DO|IF|ME|OF|SO|TO|UP|BE|HE|ALL|ANY|CAN|NOT|OUT|OWN|HAS"

SEARCH_VECTOR = rf"""
DO $do$BEGIN EXECUTE format($f$
CREATE OR REPLACE FUNCTION search_vector(language text, words text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    config CONSTANT regconfig := ('pg_catalog.' || language)::regconfig;
    is_ascii CONSTANT boolean := octet_length(words) = char_length(words);
    acronym text;
    accented text;
BEGIN
    IF NOT is_ascii THEN
        words := regexp_replace(words COLLATE "C", '[{PUNCTUATION}]+', ' ', 'g');
        IF words COLLATE "C" ~ '[^{_NORMALIZED}]' THEN
            words := left(normalize(words, NFKC), {MAX_NORMALIZED_CHARS});
            words := regexp_replace(words COLLATE "C", '[{INVISIBLE}]+', '', 'g');
            words := regexp_replace(words COLLATE "C", '[{SEPARATORS}]+', ' ', 'g');
        END IF;
        IF words COLLATE "C" ~ '[{PAIRED}]' THEN
            words := regexp_replace(words COLLATE "C", '((?:{PAIRED_CHARACTER})+)', ' \1 ', 'g');
            words := regexp_replace(words COLLATE "C", '({PAIRED_CHARACTER})', '\1 \1', 'g');
        END IF;
    END IF;
    IF words COLLATE "C" ~ '[A-Z][A-Z]' AND (language <> 'english' OR words COLLATE "C" ~ '\m(?:{_ENGLISH_ACRONYMS})\M') THEN
        words := {_WITH_BLANKS};
        FOR acronym IN
            SELECT DISTINCT capitals[1]
            FROM regexp_matches(words COLLATE pg_catalog.%1$I, '\m[A-Z]{{2,5}}\M', 'g') AS capitals
            WHERE to_tsvector(config, capitals[1]) = '' AND (
                words COLLATE "C" ~ '[a-z]' OR words COLLATE "C" !~ '[A-Z]\M.*\m[A-Z]'
                OR words <> upper(words COLLATE pg_catalog.%1$I)
            )
        LOOP
            words := regexp_replace(words COLLATE pg_catalog.%1$I, '\m' || acronym || '\M', '0' || acronym, 'g');
        END LOOP;
        words := lower(words COLLATE pg_catalog.%1$I);
    ELSE
        words := lower({_WITH_BLANKS} COLLATE pg_catalog.%1$I);
    END IF;
    IF octet_length(words) > {MAX_WORD_CHARS} AND EXISTS (
        SELECT FROM string_to_table(words, ' ') AS word WHERE octet_length(word) > {MAX_WORD_CHARS}
    ) THEN
        words := (
            SELECT string_agg(substr(word, start, {MAX_WORD_CHARS}), ' ' ORDER BY number, start)
            FROM string_to_table(regexp_replace(words COLLATE "C", '[^{_LETTERS}]+', ' ', 'g'), ' ')
                WITH ORDINALITY AS letters (word, number),
                generate_series(1, char_length(word), {MAX_WORD_CHARS}) AS start
        );
    END IF;
    IF NOT is_ascii AND words COLLATE "C" ~ '[^{_WITHOUT_ACCENTS}]' THEN
        accented := words;
        words := regexp_replace(normalize(words, NFD) COLLATE "C", '[{ACCENTS}]+', '', 'g');
        IF words COLLATE "C" ~ '[{"".join(FOLDED_LETTERS)}]' THEN
            words := {_replaced("words", FOLDED_LETTERS)};
        END IF;
        IF octet_length(words) <> char_length(words) THEN
            words := normalize(words, NFC);
        END IF;
        IF words <> accented AND language NOT IN ('english', 'simple') THEN
            RETURN (to_tsvector(config, words)::text || ' ' || to_tsvector(config, accented)::text)::tsvector;
        END IF;
    END IF;
    RETURN to_tsvector(config, words);
END
$$$f$, CASE WHEN current_setting('server_version_num')::int >= 170000 THEN 'pg_c_utf8' ELSE 'und-x-icu' END
); END$do$"""

PREVIOUS_SEARCH_VECTOR = r"""
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

INDEX_SEGMENTS = """
UPDATE segments SET language = language
WHERE NOT deleted AND search_vector IS DISTINCT FROM search_vector(language, text)"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SEARCH_VECTOR)  # with colons that are no parameters
    # What was written before is indexed anew afterwards, meeting by meeting, so that nobody waits long: see `db.search_index`.
    op.add_column("workspaces", sa.Column("index_version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.alter_column("workspaces", "index_version", server_default=sa.text("2"))
    # What the rules take more from a write, it saves by sorting words into the index less often.
    op.execute("ALTER INDEX segments_search_idx SET (gin_pending_list_limit = 2048)")


def downgrade() -> None:
    op.execute("ALTER INDEX segments_search_idx SET (gin_pending_list_limit = 1024)")
    op.drop_column("workspaces", "index_version")
    op.execute(PREVIOUS_SEARCH_VECTOR)
    op.execute(INDEX_SEGMENTS)
