"""The function of the database that finds the words of a text for the index, by the rules of `domain.search_words`."""

from domain.search_words import (
    ACCENTS,
    BLANKS_IN_ASCII,
    FOLDED_LETTERS,
    INVISIBLE,
    MAX_NORMALIZED_CHARS,
    MAX_WORD_CHARS,
    PAIRED,
    PAIRED_CHARACTER,
    PUNCTUATION,
    SEPARATORS,
)

_NORMALIZED = (
    r"\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0131\u0134-\u013e\u0141-\u0148\u014a-\u017e\u0386\u0388-\u038a"
    r"\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u0481\u048a-\u052f\u05d0-\u05ea\u0620-\u064a\u0660-\u0669\u0e01-\u0e30"
    r"\u0e32\u0e40-\u0e46\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
"""Letters for which a text need not be normalized: in the form NFKC, composed with nothing, and no separators."""
_WITHOUT_ACCENTS = (
    r"\u0001-\u007f\u0391-\u03a1\u03a3-\u03a9\u03b1-\u03c1\u03c3-\u03c9\u0430-\u0438\u043a-\u044f\u0452\u0454-\u0456"
    r"\u0458-\u045b\u05d0-\u05ea\u0621\u0627-\u063a\u0641-\u0648\u064a\u0900-\u0dff\u0e01-\u0e5b\u10d0-\u10fa"
    r"\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
"""Letters for which a lower-case text need not be folded."""


def _replaced(text: str, replacements: dict[str, str]) -> str:
    """Returns an expression that replaces characters, by `replace`, as `translate` takes ten times as long."""
    for character, replacement in replacements.items():
        text = f"replace({text}, '{character}', '{replacement}')"
    return text


_WITH_BLANKS = _replaced("words", dict.fromkeys(BLANKS_IN_ASCII, " "))
_USUAL_BLANKS = ".-"
_USUAL_WITH_BLANKS = _replaced("words", dict.fromkeys(_USUAL_BLANKS, " "))
_UNUSUAL = rf"[A-Z][A-Z]|[{''.join(sorted(set(BLANKS_IN_ASCII) - set(_USUAL_BLANKS)))}\u0080-\U0010ffff]"
"""A pattern of capitals that may be acronyms, rare blanks, and letters beyond ASCII: texts without need one step."""
_LETTERS = r"a-z0-9\u0080-\U0010ffff"
_ENGLISH_ACRONYMS = "IT|WHO|AM|IS|OR|NO|ON|IN|AS|AT|BY|DO|IF|ME|OF|SO|TO|UP|BE|HE|ALL|ANY|CAN|NOT|OUT|OWN|HAS"
"""The common words that are acronyms, too. Most texts have acronyms, and need not be searched for others."""

SEARCH_VECTOR = rf"""
DO $do$BEGIN EXECUTE format($f$
CREATE FUNCTION search_vector(language text, words text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    config CONSTANT regconfig := CASE language
        WHEN 'english' THEN 'pg_catalog.english'::regconfig ELSE ('pg_catalog.' || language)::regconfig
    END;
    is_ascii boolean;
    acronym text;
    accented text;
BEGIN
    IF octet_length(words) <= {MAX_WORD_CHARS} AND words COLLATE "C" !~ '{_UNUSUAL}' THEN
        RETURN to_tsvector(config, lower({_USUAL_WITH_BLANKS} COLLATE pg_catalog.%1$I));
    END IF;
    is_ascii := octet_length(words) = char_length(words);
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
    IF octet_length(words) > {MAX_WORD_CHARS} THEN
        IF EXISTS (SELECT FROM string_to_table(words, ' ') AS word WHERE octet_length(word) > {MAX_WORD_CHARS}) THEN
            words := (
                SELECT string_agg(substr(word, start, {MAX_WORD_CHARS}), ' ' ORDER BY number, start)
                FROM string_to_table(regexp_replace(words COLLATE "C", '[^{_LETTERS}]+', ' ', 'g'), ' ')
                    WITH ORDINALITY AS letters (word, number),
                    generate_series(1, char_length(word), {MAX_WORD_CHARS}) AS start
            );
        END IF;
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
"""Creates `search_vector(language, words)`.

Most texts are short and in ASCII, and need none of its steps: one pattern finds that out. Each step first checks that it is
needed, without a subquery: PL/pgSQL would run a query for each. Acronyms that are common words otherwise ("IT") are indexed
under a word of their own. Where the language's stemmer reads accents, a word is indexed under both of its stems, at the same
place.
"""
