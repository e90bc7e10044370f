"""Reads WebVTT (https://www.w3.org/TR/webvtt1/), also where it is written carelessly."""

import re
from dataclasses import dataclass, field

from domain.transcripts.captions import Caption, cues_of
from domain.transcripts.clocks import CueTimes, has_broken_times, parse_cue_times
from domain.transcripts.cues import NotATranscript, Reading, check_size, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import FENCE, Source, without_fence

_HEADER = re.compile(r"WEBVTT(?:[ \t]|$)")
_NEARLY_HEADER = re.compile(r"\W{0,3}web ?vtt(?:\W|$)", re.IGNORECASE)
_TITLE = re.compile(r"WEBVTT[ \t]+-[ \t]+(.+)")
_IGNORED = re.compile(r"NOTE(?:[ \t]|$)|(?:STYLE|REGION)\s*$")
_NEARLY_IGNORED = re.compile(r"(?:note|style|region|styles|regions)\b\s*:?\s*$", re.IGNORECASE)
_TIME = r"(?:[0-9]{1,10}:)?[0-5]?[0-9]:[0-5]?[0-9]\.[0-9]{1,3}"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s+(?:\w+:\S.*)?)?", re.ASCII)


def _header(source: Source) -> tuple[int, str]:
    """Returns the index and the text of the first line, or of the one after it if that is a fence of Markdown."""
    start = source.first_line
    if source.first.startswith(FENCE) and start + 1 < len(source.lines):
        return start + 1, source.lines[start + 1].strip()
    return start, source.first


def _recognises(source: Source) -> bool:
    _, header = _header(source)
    return bool(_HEADER.match(header) or _NEARLY_HEADER.match(header))


def _read(source: Source) -> Reading:
    captions, title = captions_and_title(source)
    return Reading(cues_of(captions, source.notes), title)


def captions_and_title(source: Source) -> tuple[list[Caption], str]:
    """Returns the captions of a file and its title, which may be empty. Raises NotATranscript."""
    position, header = _header(source)
    if position > source.first_line:
        source.lines[:] = without_fence(source)
    if not _HEADER.match(header):
        source.notes.add(position + 1, "should be WEBVTT alone, and is read so", f": {quoted(header)}")
    title = _TITLE.fullmatch(header)
    return _Reader(source).captions(), title[1].strip() if title else ""


@dataclass
class _Block:
    """A cue while its lines are collected."""

    line: int
    times: CueTimes
    identifier: str
    payload: list[str] = field(default_factory=list)


class _Reader:
    """Reads the blocks of a file, from top to bottom. Positions are indexes of lines."""

    def __init__(self, source: Source) -> None:
        self._lines = source.lines
        self._notes = source.notes
        self._cues: list[_Block] = []
        self._strays = 0

    def captions(self) -> list[Caption]:
        lines = self._lines
        position = next(index for index, line in enumerate(lines) if line.strip()) + 1
        while position < len(lines) and lines[position] and not (self._times(position) or self._divides(position)):
            position += 1  # the lines of the header
        while position < len(lines):
            if not lines[position] or self._divides(position):
                position += 1
            else:
                position = self._block(position)
        return [
            Caption(number, cue.line, cue.times.start, cue.times.end, cue.identifier, "\n".join(cue.payload))
            for number, cue in enumerate(self._cues, 1)
        ]

    def _block(self, start: int) -> int:
        """Reads the block that starts here, and returns the position after it."""
        lines = self._lines
        times = self._times(start)
        if times:
            return self._cue(start, times, times.number)
        if _IGNORED.match(lines[start]):
            return self._end_of_block(start + 1)
        times = self._times(start + 1)
        if times:
            return self._cue(start + 1, times, lines[start])
        end = self._end_of_block(start)
        following = next((index for index in range(end, min(end + 3, len(lines))) if lines[index].strip()), None)
        if end == start + 1 and following and lines[start].strip().isdigit() and (times := self._times(following)):
            self._notes.add(start + 1, "a blank line stands between the number of a cue and its times")
            return self._cue(following, times, lines[start])
        self._stray(start, end)
        return end

    def _cue(self, position: int, times: CueTimes, identifier: str) -> int:
        """Reads the cue whose times stand here, and those that follow it without a blank line, with their numbers."""
        while True:
            line = self._lines[position]
            if not _TIMES.fullmatch(line):
                self._notes.add(
                    position + 1,
                    "is not written as WebVTT writes times (00:00:01.000 --> 00:00:02.500)",
                    f", and is read as {times.start:g} s to {times.end:g} s: {quoted(line)}",
                )
            cue = _Block(position + 1, times, identifier)
            self._cues.append(cue)
            check_size(len(self._cues))
            if times.rest:
                cue.payload.append(times.rest)
            position = self._end_of_block(position + 1)
            cue.payload += self._lines[cue.line : position]
            following = self._times(position)
            if following and following.number:
                times, identifier = following, following.number
            elif following and cue.payload and cue.payload[-1].strip().isdigit():
                times, identifier = following, cue.payload.pop()
            else:
                return position

    def _stray(self, start: int, end: int) -> None:
        """Reads lines between the cues as words of the cue before them, so that no word is lost."""
        self._strays += 1
        check_size(self._strays)
        block = self._lines[start:end]
        if _HEADER.match(block[0]):
            self._notes.add(start + 1, "begins another WebVTT file, whose cues are read as those of this one")
            return
        if not self._cues or _NEARLY_IGNORED.match(block[0]):
            self._notes.add(start + 1, "belongs to no cue, and is left out", f": {quoted(block[0])}")
            return
        payload = self._cues[-1].payload
        if any(line.strip() for line in payload):
            message = "belongs to no cue, and is read as words of the cue before it"
        else:
            message = "a blank line stands between the times of a cue and its words"
        self._notes.add(start + 1, message, f": {quoted(block[0])}")
        payload += block

    def _end_of_block(self, position: int) -> int:
        lines = self._lines
        while position < len(lines) and lines[position] and not self._times(position, inside=True):
            if self._divides(position):
                break
            position += 1
        return position

    def _divides(self, position: int) -> bool:
        """Returns whether the line is white space that stands for a blank line between two cues."""
        lines = self._lines
        if not lines[position].isspace() or position + 1 >= len(lines) or lines[position + 1].isspace():
            return False
        return bool(self._times(position + 1) or (lines[position + 1].isdigit() and self._times(position + 2)))

    def _times(self, position: int, *, inside: bool = False) -> CueTimes | None:
        """Returns the times in this line, or None. Raises NotATranscript if they are broken.

        `inside` asks for times in a line that no blank line sets apart: without a whole arrow, it could be a text.
        """
        if position >= len(self._lines):
            return None
        line = self._lines[position]
        if (":" not in line and "\uff1a" not in line) or line[0].isalpha():
            return None
        times = parse_cue_times(line)
        if times is None:
            if "-->" in line and has_broken_times(line):
                raise NotATranscript(
                    f"line {position + 1:,} cannot be read as the times of a cue (00:00:01.000 --> 00:00:02.500): "
                    f"{quoted(line)}"
                )
            return None
        if inside and times.arrow != "-->" and (times.rest or not times.arrow):
            return None
        return times


DIALECT = Dialect("WebVTT", "begins with the word WEBVTT", _recognises, _read, ("vtt",), generality=1, has_units=True)
