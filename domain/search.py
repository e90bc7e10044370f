"""Full-text search over segments: what is asked, what is found, and where in a text its words are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from domain import cursors
from domain.ids import MeetingId, uuid
from domain.pagination import Edge, PageRequest
from domain.segments import MAX_TIME_SECONDS, SPEAKER, Segment
from domain.validation import Check, Rule, Violation, integer, moment, number, text

MAX_QUERY_CHARS = 1_000
"""Characters."""
MAX_QUERY_WORDS = 32
"""Of a query: each makes ranking and highlighting dearer."""
MAX_HIGHLIGHTS = 100
"""Of one segment found."""
MAX_HIGHLIGHTED_CHARS = 4_000
"""Characters of a segment, from its start, that are looked into for highlights: more than anybody says at a time."""
DEFAULT_LANGUAGE = "english"
LANGUAGES = frozenset(
    (
        *("arabic", "armenian", "basque", "catalan", "danish", "dutch", "english", "finnish", "french", "german"),
        *("greek", "hindi", "hungarian", "indonesian", "irish", "italian", "lithuanian", "nepali", "norwegian"),
        *("portuguese", "romanian", "russian", "serbian", "simple", "spanish", "swedish", "tamil", "turkish"),
        "yiddish",
    )
)
"""The text search configurations of every PostgreSQL from 15 on; `simple` is none: words are only made lower case."""

NO_WORDS = "</@-"
"""Blanks to the search: else what follows would be taken for a tag, and what they join for one word only."""
MARKS = "\ufdd0\ufdd1"
"""What the database puts around each word found, in a text from which it has taken them: no characters of any script."""
_MARKED = re.compile(f"{MARKS[0]}[^{MARKS}]*{MARKS[1]}")
_ALL_PAIRED = re.compile(f"[^{MARKS}]*(?:{_MARKED.pattern}[^{MARKS}]*)*+")
_NO_WORDS = dict.fromkeys(map(ord, NO_WORDS + MARKS), " ")
_BLANKS = re.compile(r"[</@]|(?<=[^\s\"])-")
"""NO_WORDS in a query, where a hyphen before a word excludes it."""
_BEFORE_A_BLANK = re.compile(r".*(?=\s)", re.DOTALL)
_WORD = re.compile(r"[^\s!-/:-@\[-`{-~]+")
"""What stands between blanks and ASCII's punctuation, at which the database parts words too."""


def _query(value: Any) -> str:
    """A rule: text of some words, of which there are not too many."""
    query: str = _QUERY_TEXT(value)
    words = len(_WORD.findall(query))
    if words > MAX_QUERY_WORDS:
        raise Violation(f"must have at most {MAX_QUERY_WORDS} words, has {words}")
    return query


_QUERY_TEXT = text(MAX_QUERY_CHARS, required=True)


def language(value: Any) -> str:
    """A rule: one of LANGUAGES."""
    if value not in LANGUAGES:
        raise Violation(f"must be one of {', '.join(sorted(LANGUAGES))}")
    return str(value)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, in web-search syntax, and where: every given condition must hold.

    `created_after` is included, `created_before` is not. A segment is in the span from `from_time` to `to_time` (seconds of
    its meeting) if any moment of it is, the ends included.
    """

    query: str
    meeting_id: MeetingId | None = None
    speaker: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    from_time: float | None = None
    to_time: float | None = None


_RULES: dict[str, Rule] = {
    "query": _query,
    "meeting_id": uuid,
    "speaker": SPEAKER,
    "created_after": moment,
    "created_before": moment,
    "from_time": number(0.0, MAX_TIME_SECONDS),
    "to_time": number(0.0, MAX_TIME_SECONDS),
}


def checked_search(values: Mapping[str, Any]) -> Search:
    """The search from the values a caller gave; null asks for nothing. Raises InvalidInput."""
    check = Check()
    stored = check.fields(_RULES, {name: value for name, value in values.items() if value is not None})
    check.done()
    return Search(**stored)


def as_indexed(query: str) -> str:
    """The query with the same characters for blanks as in what is searched."""
    return _BLANKS.sub(" ", query)


@dataclass(frozen=True, slots=True)
class Highlight:
    """A word found: from `start` to before `end`, counted in Unicode code points of the segment's text."""

    start: int
    end: int


def looked_into(text: str) -> str:
    """What of a text is looked into for highlights: whole words, up to MAX_HIGHLIGHTED_CHARS characters."""
    if len(text) <= MAX_HIGHLIGHTED_CHARS:
        return text
    start = _BEFORE_A_BLANK.match(text, 0, MAX_HIGHLIGHTED_CHARS + 1)
    return start[0] if start else ""


def only_words(text: str) -> str:
    """The text, as long as it is, with blanks for what the index takes for blanks, and for MARKS."""
    return text.translate(_NO_WORDS)


def highlights(marked: str, text: str) -> list[Highlight]:
    """Where the first words between MARKS are in the text, in order. None if the marked text is not as long as the text."""
    if not _ALL_PAIRED.fullmatch(marked) or len(marked) - 2 * marked.count(MARKS[0]) != len(text):
        return []
    found = (
        # Each word has the marks of those before it in front, and its own first one.
        Highlight(match.start() - 2 * nth, match.end() - 2 * nth - 2)
        for nth, match in enumerate(_MARKED.finditer(marked))
    )
    return list(islice((highlight for highlight in found if highlight.start < highlight.end), MAX_HIGHLIGHTS))


@dataclass(slots=True)
class Hit:
    """A segment found. `rank` is from 0 to 1."""

    segment: Segment
    rank: float


CURSOR: Rule = cursors.cursor("search", number(0, 1), uuid, integer(0))


def hit_cursor(hit: Hit) -> str:
    return cursors.encode("search", hit.rank, str(hit.segment.meeting_id), hit.segment.segment_id)


@dataclass(frozen=True, slots=True)
class SearchEdge(Edge[Segment]):
    rank: float
    query: str


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One page of what is to be found, best first: what is not asked of it is not looked for."""

    request: PageRequest
    search: Search
