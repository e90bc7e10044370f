"""Reads SubRip (SRT), also without numbers, with short arrows, and where it is otherwise written carelessly."""

import re
from typing import NamedTuple

from domain.transcripts.captions import Caption, cues_of
from domain.transcripts.clocks import CueTimes, parse_cue_times, visible
from domain.transcripts.cues import NotATranscript, Reading, check_size, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.markup import VERBATIM
from domain.transcripts.source import FENCE, Source, without_fence

_TIME = r"[0-9]{1,10}:[0-5]?[0-9]:[0-5]?[0-9][,.][0-9]{3}"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s+(?:\w+:\S.*)?)?", re.ASCII)
_NUMBER = re.compile(r"[^\w\s]{0,3}\s?([0-9]{1,10})\s?[^\w\s]{0,3}", re.ASCII)
_MAX_LINES_BEFORE = 20
"""The number of lines before the first cue in which a file that is named `.srt` must have its first times."""


class _Start(NamedTuple):
    """The indexes of the line where a cue starts, of its times, and the times. `number` is empty where there is none."""

    first: int
    at: int
    times: CueTimes
    number: str


def _recognises(source: Source) -> bool:
    lines = [line for line in source.lines[source.first_line : source.first_line + 12] if line.strip()]
    if lines and lines[0].startswith(FENCE):
        lines = lines[1:]
    if any(parse_cue_times(line) for line in lines[:1]):
        return True
    if len(lines) > 1 and _number(lines[0]) and ("-->" in lines[1] or parse_cue_times(lines[1])):
        return True
    first = source.lines[: source.first_line + _MAX_LINES_BEFORE]
    return source.extension == "srt" and any("-->" in line and parse_cue_times(line) for line in first)


def _read(source: Source) -> Reading:
    lines, notes = source.lines, source.notes
    if source.first.startswith(FENCE):
        lines = without_fence(source)
    starts = _starts(lines)
    for index in range(starts[0].first if starts else 0):
        if lines[index].strip():
            notes.add(index + 1, "belongs to no cue, and is left out", f": {quoted(lines[index])}")
    captions: list[Caption] = []
    ends = [start.first for start in starts[1:]] + [len(lines)]
    for number, (start, end) in enumerate(zip(starts, ends, strict=False), 1):
        line = lines[start.at]
        if not _TIMES.fullmatch(line):
            notes.add(
                start.at + 1,
                "is not written as SubRip writes times (00:00:01,000 --> 00:00:02,500)",
                f", and is read as {start.times.start:g} s to {start.times.end:g} s: {quoted(line)}",
            )
        if not start.number:
            notes.add(start.at + 1, "has no cue number before it")
        elif not start.times.number and start.number != lines[start.first].strip():
            notes.add(start.first + 1, "has marks around the number of a cue", f": {quoted(lines[start.first])}")
        payload = [line for line in lines[start.at + 1 : end] if line and not line.isspace()]
        if number == len(starts) and _is_cut_off(lines, start):
            notes.add(
                len(lines), "the file ends after the number of a cue, which is left out", f": {quoted(payload.pop())}"
            )
        if start.times.rest:
            payload.insert(0, start.times.rest)
        captions.append(
            Caption(number, start.at + 1, start.times.start, start.times.end, start.number, "\n".join(payload))
        )
    return Reading(cues_of(captions, notes))


def _starts(lines: list[str]) -> list[_Start]:
    """Returns where each cue starts. Raises NotATranscript where broken times stand in place of a cue's."""
    starts: list[_Start] = []
    written = -1  # the last line that is not blank
    for index, line in enumerate(lines):
        if (
            (":" in line or "-->" in line or "\uff1a" in line)
            and line[0] != VERBATIM
            and (not line[0].isalpha() or "-->" in line)
        ):
            times = parse_cue_times(line)
            number = "" if times and times.number else _number_of_cue(lines, written, index, starts)
            if times and (times.arrow == "-->" or number or written < index - 1 or (times.arrow and not times.rest)):
                starts.append(_Start(written if number else index, index, times, number or times.number))
                check_size(len(starts))
            elif "-->" in line and (number or written < index - 1):
                raise NotATranscript(
                    f"line {index + 1:,} cannot be read as the times of a cue (00:00:01,000 --> 00:00:02,500): "
                    f"{quoted(line)}"
                )
        if line and not line.isspace():
            written = index
    return starts


def _number_of_cue(lines: list[str], written: int, times: int, starts: list[_Start]) -> str:
    """Returns the number in the last line that is written before these times, or an empty text if that is no number."""
    if written < 0:
        return ""
    number = _number(lines[written])
    if not number or written == 0 or not lines[written - 1].strip():
        return number
    if written < times - 1:
        return ""  # it ends a text, as it does not stand apart
    if starts and starts[-1].at == written - 1 and starts[-1].number:
        # It is all that the cue before has for words, or the number of this one.
        return number if int(number) == int(starts[-1].number) + 1 else ""
    return "" if starts and starts[-1].at == written - 1 else number


def _is_cut_off(lines: list[str], last: _Start) -> bool:
    """Returns whether the file ends with the number of a cue that is not there, apart from the text of the last one."""
    written = next((index for index in range(len(lines) - 1, last.at, -1) if lines[index].strip()), last.at)
    number = _number(lines[written]) if written > last.at + 1 and not lines[written - 1].strip() else ""
    return bool(number and last.number) and int(number) == int(last.number) + 1


def _number(line: str) -> str:
    found = _NUMBER.fullmatch(visible(line).strip()) if len(line) < 40 and line[:1] != VERBATIM else None
    return found[1] if found else ""


DIALECT = Dialect(
    "SubRip",
    "begins with the number of its first cue, and the times in the next line",
    _recognises,
    _read,
    ("srt",),
    generality=2,
    has_units=True,
)
