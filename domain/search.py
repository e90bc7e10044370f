"""Full-text search over segments: the query, the segments found, and the places of the words in them."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple

from domain.cursors import CursorFormat
from domain.ids import MeetingId
from domain.pagination import Edge, PageRequest
from domain.rules import Number, Text, Violation
from domain.search_words import PAIRED
from domain.segments import SEGMENT_ID, SPEAKER, Segment
from domain.times import Seconds

MAX_QUERY_CHARS = 1_000
MAX_QUERY_WORDS = 32
"""The most words of a query. Each makes ranking and highlighting more expensive."""
MAX_HIGHLIGHTS = 100
"""The most highlights of one segment."""
MAX_HIGHLIGHTED_CHARS = 4_000
"""The length of the start of a segment that is searched for highlights. It is more than anybody says at a time."""
UNRANKED = 0.0
"""The rank of everything that is found with very common words, which come in the order of time."""
DEFAULT_LANGUAGE = "english"
LANGUAGES = frozenset(
    (
        *("arabic", "armenian", "basque", "catalan", "danish", "dutch", "english", "finnish", "french", "german"),
        *("greek", "hindi", "hungarian", "indonesian", "irish", "italian", "lithuanian", "nepali", "norwegian"),
        *("portuguese", "romanian", "russian", "serbian", "simple", "spanish", "swedish", "tamil", "turkish"),
        "yiddish",
    )
)
"""The languages that can be searched: those of every PostgreSQL from 15 on. `simple` only makes words lower case."""

_QUERY_TEXT = Text(MAX_QUERY_CHARS, required=True)
_WORD = re.compile(r"[^\s!-/:-@\[-`{-~]+")
"""A run without blanks and ASCII's punctuation, at which the database separates words, too."""
_WHOLE_WORDS = re.compile(rf".*(?=[\s{PAIRED}])", re.DOTALL)


def search_query(value: object) -> str:
    """Accepts a query with a bounded number of words."""
    query = _QUERY_TEXT(value)
    words = len(_WORD.findall(query))
    if words > MAX_QUERY_WORDS:
        raise Violation(f"must have at most {MAX_QUERY_WORDS} words, has {words}")
    return query


def language(value: object) -> str:
    """Accepts one of `LANGUAGES`."""
    if not isinstance(value, str) or value not in LANGUAGES:
        raise Violation(f"must be one of {', '.join(sorted(LANGUAGES))}")
    return value


@dataclass(frozen=True, slots=True)
class Search:
    """A query in web-search syntax, and conditions: every condition that is not None must hold.

    `created_after` is included, `created_before` is not. A segment is in the span from `from_time` to `to_time`, in seconds
    of its meeting, if any moment of the segment is in it, the ends included.
    """

    query: Annotated[str, search_query]
    meeting_id: MeetingId | None = None
    speaker: Annotated[str, SPEAKER] | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    from_time: Seconds | None = None
    to_time: Seconds | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A request for one page of the segments that a search finds, best first. Nothing is read before a field asks for it."""

    page: PageRequest
    search: Search


@dataclass(slots=True)
class Hit:
    """A segment that was found. `rank` is from 0 to 1."""

    segment: Segment
    rank: float


@dataclass(frozen=True, slots=True)
class SearchEdge(Edge[Segment]):
    """A segment that was found, with its cursor and its rank from 0 to 1."""

    rank: float
    query: str


class HitKey(NamedTuple):
    """The key of a segment in the list of the segments that a search finds."""

    rank: Annotated[float, Number(0, 1)]
    meeting_id: MeetingId
    segment_id: Annotated[int, SEGMENT_ID]


SEARCH_CURSOR = CursorFormat("search", HitKey)


def hit_cursor(hit: Hit) -> str:
    """Returns the cursor of a segment that was found."""
    return SEARCH_CURSOR.encode(hit.rank, str(hit.segment.meeting_id), hit.segment.segment_id)


@dataclass(frozen=True, slots=True)
class Highlight:
    """A word of the query in a segment's text, from `start` to before `end`, counted in Unicode code points."""

    start: int
    end: int


def highlightable(text: str) -> str:
    """Returns the start of a text that is searched for highlights: whole words, up to `MAX_HIGHLIGHTED_CHARS` characters."""
    if len(text) <= MAX_HIGHLIGHTED_CHARS:
        return text
    start = _WHOLE_WORDS.match(text, 0, MAX_HIGHLIGHTED_CHARS + 1)
    return start[0] if start else ""
