"""Lays the turns of speakers over the segments of a transcript: who speaks longest in a segment is its speaker."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, islice
from typing import NamedTuple


class Turn(NamedTuple):
    """The time, in seconds, in which a speaker speaks."""

    start: float
    end: float
    speaker: str


def speakers_during(turns: Sequence[Turn], spans: Sequence[tuple[float, float]]) -> list[str]:
    """Returns for each span of time, in seconds, who speaks longest in it; an empty text where nobody speaks.

    The turns are in the order of their starts, and may overlap.
    """
    latest_ends = list(accumulate((turn.end for turn in turns), max))
    return [_speaker_during(turns, bisect_left(latest_ends, start), start, end) for start, end in spans]


def _speaker_during(turns: Sequence[Turn], first: int, start: float, end: float) -> str:
    shares: dict[str, float] = {}
    for turn in islice(turns, first, None):
        if turn.start > end:
            break
        share = min(end, turn.end) - max(start, turn.start)
        if share > 0 or (start == end and turn.start <= start <= turn.end):
            shares[turn.speaker] = shares.get(turn.speaker, 0.0) + share
    return max(shares, key=lambda speaker: shares[speaker]) if shares else ""
