"""The words of a text as search compares them, and where they stand in it.

The database finds the words of what is stored by the same rules: see `db.search_vector`, which has the character classes of
this module. They are written as the brackets of a regular expression of Python and of PostgreSQL have them.

- Texts are in the form NFKC of Unicode: full width, ligatures and presentation forms are what they look like.
- Accents and other marks that writers leave out are folded, with case and some letters ("ß" is "ss"). The word with its accents
  is kept beside it, as stemmers of some languages read them.
- All but letters, marks and digits separates words.
- Scripts without blanks between words, and Korean, whose words have endings of all kinds, are compared by pairs of characters.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

BLANKS_IN_ASCII = "</@-._+&~"
"""The ASCII characters that PostgreSQL's parser would join to words, or take for the beginning of something else."""
PUNCTUATION = (
    r"\u00a0\u00ab\u00bb\u2010-\u2027\u2030-\u205e\u3000-\u3003\u3008-\u3020\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40"
    r"\uff5b-\uff65"
)
"""The most frequent separators: texts that have no others beside ASCII need not be normalized."""
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
"""The characters beyond ASCII, of those in the form NFKC, that separate words: punctuation, symbols and blanks."""
INVISIBLE = r"\u00ad\u061c\u180b-\u180f\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
"""The characters that change nothing but how others look, and do not separate words."""
ACCENTS = (
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f"
    r"\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
"""The marks that are folded: accents of Latin, Greek and Cyrillic, and the points of Hebrew and Arabic."""
FOLDED_LETTERS = dict(
    zip("ßæœøđðłıħþŧςىیک", ["ss", "ae", "oe", "o", "d", "d", "l", "i", "h", "th", "t", "σ", "ي", "ي", "ك"], strict=True)
)
"""The lower-case letters that are folded and have no decomposition in Unicode."""
PAIRED = (
    r"\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf\u1000-\u102a\u103f"
    r"\u1050-\u1055\u1100-\u11ff\u1780-\u17b3\u17d7\u17dc\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035"
    r"\u3038-\u303c\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\ua48c\ua960-\ua97c\uac00-\ud7fb\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003fffd"
)
"""The letters that are compared by pairs: Thai, Lao, Burmese, Khmer, Chinese, Japanese, Yi and Korean."""
MARKS_OF_PAIRED = (
    r"\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u1056-\u1059\u17b6-\u17d3\u17dd"
    r"\u3099\u309a"
)
"""The marks that belong to the letter before them."""
PAIRED_CHARACTER = f"[{PAIRED}][{MARKS_OF_PAIRED}]{{0,3}}"
MAX_WORD_CHARS = 500
"""Longer words are broken, as PostgreSQL indexes none of more than 2,046 bytes."""

MAX_NORMALIZED_CHARS = 40_000
"""The characters beyond have no words. The longest text is half as long, but there are letters that stand for 18."""

_ACRONYM = re.compile(r"[A-Z]{2,5}")
_WORD_IN_ASCII = re.compile(rf"[a-z0-9]{{1,{MAX_WORD_CHARS}}}", re.ASCII | re.IGNORECASE)
_WORD = re.compile(
    rf"(?P<run>(?:{PAIRED_CHARACTER})+)|[^\x00-/:-@\[-`{{-\x7f{SEPARATORS}{PAIRED}]{{1,{MAX_WORD_CHARS}}}"
)
_PAIRED_CHARACTER = re.compile(PAIRED_CHARACTER)
_PUNCTUATION = re.compile(f"[{PUNCTUATION}]")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_ACCENTS = re.compile(f"[{ACCENTS}]")
_FOLDED_LETTERS = str.maketrans(FOLDED_LETTERS)
# What these stand after, they may be composed with.
_JAMO = re.compile(r"[\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc]")
_HALF_WIDTH_MARKS = "\uff9e\uff9f"


@dataclass(slots=True)
class Word:
    """A word of a text, from `start` to before `end`, counted in the text's code points."""

    text: str
    """The word in the form NFKC, in its own case."""
    start: int
    end: int
    characters: tuple["Word", ...] = ()
    """The characters of a run of a script that is compared by pairs; other words have none here."""

    @property
    def folded(self) -> str:
        return fold(self.text)


def may_be_acronym(word: str) -> bool:
    """Checks that a word may be an acronym that is written like a common word: "IT", "WHO"."""
    return _ACRONYM.fullmatch(word) is not None


def acronym_lexeme(word: str) -> str:
    """Returns the word under which the index has an acronym that is a common word otherwise."""
    return f"0{word.lower()}"


@lru_cache(maxsize=10_000)
def fold(word: str) -> str:
    """Returns a word of the form NFKC without case and accents."""
    lower = word.lower()
    if lower.isascii():
        return lower
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", lower)).translate(_FOLDED_LETTERS)
    return unicodedata.normalize("NFC", bare)


def words_of(text: str) -> list[Word]:
    """Returns the words of a text, in order. Runs of scripts that are compared by pairs are one word each."""
    if text.isascii():
        return [Word(match[0], *match.span()) for match in _WORD_IN_ASCII.finditer(text)]
    text = _PUNCTUATION.sub(" ", text)
    if unicodedata.is_normalized("NFKC", text) and not _INVISIBLE.search(text):
        return [_word(match, None) for match in _matches(text)]
    normalized, places = _normalized(text)
    return [_word(match, places) for match in _matches(normalized)]


def _matches(text: str) -> Iterator[re.Match[str]]:
    """Yields the words of a text in the form NFKC. PostgreSQL's parser takes symbols and most marks alone for blanks."""
    return (match for match in _WORD.finditer(text) if any(map(_is_letter_or_digit, match[0])))


def _is_letter_or_digit(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("L") or category in ("Nd", "Nl")


def capitals_are_plain(words: list[Word]) -> bool:
    """Checks that all is written in capitals, so that they say nothing of single words."""
    text = " ".join(word.text for word in words)
    return text == text.upper() and sum(_HAS_CAPITALS.search(word.text) is not None for word in words) > 1


_HAS_CAPITALS = re.compile("[A-Z]")

Place = tuple[int, int]
"""The start and the end of a normalized character in the text."""


def _word(match: re.Match[str], places: list[Place] | None) -> Word:
    word = _at(match, 0, places)
    if match["run"] is None:
        return word
    parts = (_at(part, match.start(), places) for part in _PAIRED_CHARACTER.finditer(match[0]))
    return Word(word.text, word.start, word.end, tuple(parts))


def _at(match: re.Match[str], offset: int, places: list[Place] | None) -> Word:
    start, end = match.start() + offset, match.end() + offset
    if places is not None:
        start, end = places[start][0], places[end - 1][1]
    return Word(match[0], start, end)


def _normalized(text: str) -> tuple[str, list[Place]]:
    """Returns the text in the form NFKC without invisible characters, and where each of its characters was."""
    characters: list[str] = []
    places: list[Place] = []
    start = 0
    for cluster in _clusters(text):
        if len(characters) > MAX_NORMALIZED_CHARS:
            break
        end = start + len(cluster)
        for character in _normalized_cluster(cluster):
            characters.append(character)
            places.append((start, end))
        start = end
    return "".join(characters), places


@lru_cache(maxsize=10_000)
def _normalized_cluster(cluster: str) -> str:
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", cluster))


def _clusters(text: str) -> Iterator[str]:
    """Yields parts of the text that can be normalized each on its own: letters with their marks, and runs of Korean letters."""
    start, in_jamo = 0, False
    for place, character in enumerate(text):
        is_jamo = _JAMO.match(character) is not None
        joins = is_jamo and in_jamo
        if not character.isascii() and not joins:
            joins = character in _HALF_WIDTH_MARKS or unicodedata.category(character)[0] == "M"
        if place > start and not joins:
            yield text[start:place]
            start = place
        in_jamo = is_jamo
    if text:
        yield text[start:]
