"""Full-text search over segments: what is asked, what is found, and where in a text its words are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.filters import moment
from domain.ids import MeetingId, uuid
from domain.pages import Edge, Page, PageInfo
from domain.segments import MAX_SECONDS, SPEAKER, Segment
from domain.validation import Check, Rule, Violation, number, text

MAX_QUERY = 1_000
"""Characters."""
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
_MARKED = re.compile(f"{MARKS[0]}([^{MARKS}]*){MARKS[1]}")
_BLANKS = re.compile(r"[</@]|(?<=[^\s\"])-")
"""NO_WORDS in a query, where a hyphen before a word excludes it."""


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
    "query": text(MAX_QUERY, required=True),
    "meeting_id": uuid,
    "speaker": SPEAKER,
    "created_after": moment,
    "created_before": moment,
    "from_time": number(0.0, MAX_SECONDS),
    "to_time": number(0.0, MAX_SECONDS),
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


def highlights(marked: str, text: str) -> list[Highlight]:
    """Where the words between MARKS are in the text, in order. None if the marked text is not as long as the text."""
    found = [
        # Each word has the marks of those before it in front, and its own first one.
        Highlight(match.start() - 2 * nth, match.end() - 2 * nth - 2)
        for nth, match in enumerate(_MARKED.finditer(marked))
    ]
    if len(marked) - 2 * len(found) != len(text):
        return []
    return [highlight for highlight in found if highlight.start < highlight.end]


@dataclass(slots=True)
class Hit:
    """A segment found. `rank` is from 0 to 1; `marked` is its text, blanks for what is no word, with MARKS."""

    segment: Segment
    rank: float
    marked: str


@dataclass(frozen=True, slots=True)
class SearchEdge(Edge[Segment]):
    rank: float
    highlights: list[Highlight]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of what was found, best first, as a connection of segments."""

    hits: Page[Hit]

    @property
    def edges(self) -> list[SearchEdge]:
        return [
            SearchEdge(self.hits.cursor(hit), hit.segment, hit.rank, highlights(hit.marked, hit.segment.text))
            for hit in self.hits.nodes
        ]

    @property
    def nodes(self) -> list[Segment]:
        return [hit.segment for hit in self.hits.nodes]

    @property
    def page_info(self) -> PageInfo:
        return self.hits.page_info

    async def total(self) -> int:
        assert self.hits.total is not None
        return await self.hits.total()
