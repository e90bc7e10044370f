"""Reads MicroDVD (SUB), whose times are frames, and MPL2, whose times are tenths of a second."""

import re

from domain.transcripts.captions import Caption, cues_of
from domain.transcripts.cues import NotATranscript, Reading, check_size, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source

_FRAMES = re.compile(r"\{([0-9]{1,9})\}[ \t]*\{([0-9]{0,9})\}(.*)")
_TENTHS = re.compile(r"\[([0-9]{1,9})\][ \t]*\[([0-9]{0,9})\](.*)")
_RATE = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,6})?")
_CODES = re.compile(r"\{[A-Za-z]:[^{}]*\}")
_USUAL_FRAMES_PER_SECOND = 23.976


def _form(source: Source) -> re.Pattern[str] | None:
    return next((form for form in (_FRAMES, _TENTHS) if form.fullmatch(source.first)), None)


def _read(source: Source) -> Reading:
    form = _form(source)
    assert form  # as the dialect recognised the file
    units_per_second = 10.0 if form is _TENTHS else 0.0
    captions: list[Caption] = []
    for number, line in enumerate(source.lines, 1):
        if not line.strip():
            continue
        found = form.fullmatch(line.strip())
        if found is None:
            raise NotATranscript(f"line {number:,} has no two times in brackets before its text: {quoted(line)}")
        start, end, text = found.groups()
        if not units_per_second:
            rate = text.strip().replace(",", ".") if start in "01" and _RATE.fullmatch(text.strip()) else ""
            units_per_second = float(rate) if rate and float(rate) else _USUAL_FRAMES_PER_SECOND
            if rate:
                continue
            source.notes.add(None, f"the file does not say how many frames a second has: read as {units_per_second}")
        lines = [part.removeprefix("/") for part in _CODES.sub("", text).split("|")]
        began = int(start) / units_per_second
        ended = int(end) / units_per_second if end else began
        check_size(len(captions))
        captions.append(Caption(len(captions) + 1, number, began, ended, "", "\n".join(lines)))
    return Reading(cues_of(captions, source.notes))


DIALECT = Dialect(
    "MicroDVD or MPL2",
    "begins with two numbers in brackets, such as {25}{50} or [10][20]",
    lambda source: _form(source) is not None,
    _read,
    ("sub",),
    has_units=True,
)
