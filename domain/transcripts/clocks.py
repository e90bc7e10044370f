"""Reads times of day as captions write them, and lines with the times of a cue, also where these are written carelessly."""

import re
import unicodedata
from typing import NamedTuple

_CLOCK = (
    r"(-?)[ \t]?(?:([0-9]{1,10})[ \t]?:[ \t]?)?([0-9]{1,3})[ \t]?:[ \t]?([0-9]{1,2})"
    r"(?:[ \t]?[.,:;][ \t]?([0-9]{1,9}))?(?![0-9:])"
)
CLOCK = re.compile(_CLOCK)
_ARROW_HEADS = ">\u203a\u00bb\u2192\u21d2\u2794\u279c\u27a1\u27f6"
_ARROW = re.compile(rf"[ \t]*((?:[-\u2010-\u2015\u2212=~][ \t]?){{0,4}}[{_ARROW_HEADS}]*)[ \t]*")
_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2061-\u2064\u2066-\u2069\ufeff]")
_SETTING = re.compile(
    r"\w+[:=]\S+|[0-9.,]+%?|%|line|position|size|align|vertical|region|start|end|middle|center|left|right"
)


_NUMBER_BEFORE = re.compile(r"#?([0-9]{1,10})[.):]?[ \t]+")
_USUAL_TIMES = re.compile(
    r"([0-9]{1,10}):([0-5][0-9]):([0-5][0-9])[.,]([0-9]{3}) --> ([0-9]{1,10}):([0-5][0-9]):([0-5][0-9])[.,]([0-9]{3})"
)


_FRAME_RATES = (24, 25, 30, 50, 60)


class CueTimes(NamedTuple):
    """The times of a cue, in seconds, which may be negative."""

    start: float
    end: float
    rest: str
    """The words that follow the times in their line and are no settings."""
    arrow: str
    """The arrow as it is written; empty where nothing but white space divides the times."""
    number: str = ""
    """The number of the cue, if it stands in the same line before the times."""


def seconds(clock: re.Match[str]) -> float:
    """Returns the time of a match of `CLOCK`."""
    sign, hours, minutes, whole, fraction = clock.groups()
    total = int(hours or 0) * 3600 + int(minutes) * 60 + int(whole)
    return float(f"{sign}{total}.{fraction or 0}")


def _time(hours: str, minutes: str, whole: str, milliseconds: str) -> float:
    return (((int(hours) * 60 + int(minutes)) * 60 + int(whole)) * 1000 + int(milliseconds)) / 1000


def parse_clock(text: str) -> float | None:
    """Returns the seconds of a text such as `00:01:02,500` or `1:02`, or None."""
    clock = CLOCK.fullmatch(visible(text).strip())
    return seconds(clock) if clock else None


def frame_rate(most: int) -> int:
    """Returns the lowest usual number of frames in a second of which this one can be the last."""
    return next((rate for rate in _FRAME_RATES if most < rate), 100)


def visible(text: str) -> str:
    """Returns the text in its compatible form (full-width digits become usual ones), and without invisible marks."""
    return text if text.isascii() else _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


def parse_cue_times(line: str) -> CueTimes | None:
    """Returns the times of a line such as `00:00:01,000 --> 00:00:02,500 align:start`, or None.

    Arrows of any form are read, and times without hours or a fraction; those of short times must be whole. Two times that no
    arrow divides need fractions. The number of the cue may stand before them, if the arrow is a whole one.
    """
    if usual := _USUAL_TIMES.fullmatch(line):
        hours, minutes, whole, fraction, *end = usual.groups()
        return CueTimes(_time(hours, minutes, whole, fraction), _time(*end), "", "-->")
    line = visible(line).strip()
    first = CLOCK.match(line)
    numbered = None if first else _NUMBER_BEFORE.match(line)
    if numbered:
        first = CLOCK.match(line, numbered.end())
    if not first:
        return None
    arrow = _ARROW.match(line, first.end())
    assert arrow  # as it matches the empty text
    second = CLOCK.match(line, arrow.end())
    if not second or arrow.start() == arrow.end():
        return None
    if numbered and arrow[1].strip() != "-->":
        return None
    is_arrow = arrow[1].strip() == "-->" or (first[2] and second[2] and any(head in arrow[1] for head in _ARROW_HEADS))
    if not is_arrow and not (first[5] and second[5]):
        return None
    rest = line[second.end() :]
    if rest and not rest[0].isspace():
        return None
    if all(map(_SETTING.fullmatch, rest.split())):
        rest = ""
    number = numbered[1] if numbered else ""
    return CueTimes(seconds(first), seconds(second), rest.strip(), arrow[1].strip(), number)


def could_be_times(line: str) -> bool:
    """Returns whether a reader could take the line for the times of a cue, so that it must not stand in a text."""
    return parse_cue_times(line) is not None


def has_broken_times(line: str) -> bool:
    """Returns whether the line begins as the times of a cue do, but does not go on so."""
    left, arrow, right = visible(line).partition("-->")
    return bool(arrow) and any(re.match(r"[ \t]*-?[0-9]+[ \t]?:[ \t]?\w", side) for side in (left, right))
