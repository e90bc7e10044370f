"""The words of a segment with their times, as a recogniser gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from domain.rules import Number, Text
from domain.times import Seconds
from domain.validation import MaxItems

MAX_WORDS = 1_000
"""The most words of a segment."""


@dataclass(slots=True)
class Word:
    """A word as it was heard. Times are seconds from the start of the meeting."""

    text: Annotated[str, Text(200, required=True)]
    start_time: Seconds
    end_time: Seconds
    confidence: Annotated[float, Number(0.0, 1.0)] | None = None


Words = Annotated[list[Word], MaxItems(MAX_WORDS)]


def decode_words(stored: Sequence[Mapping[str, Any]] | None) -> list[Word]:
    """Returns the words of their stored form, a list of objects; None has no words."""
    return [Word(**word) for word in stored or ()]
