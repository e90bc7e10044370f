"""Reads LRC, the format of lyrics, which players and some recorders write for speech: a time in brackets before each line."""

import re

from domain.transcripts.captions import Caption, cues_of
from domain.transcripts.clocks import CLOCK, seconds
from domain.transcripts.cues import NotATranscript, Reading, check_size, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source

_TIME = r"\[[0-9]{1,3}:[0-9]{2}(?:[.:][0-9]{1,3})?\]"
_LINE = re.compile(rf"((?:{_TIME}[ \t]*+)++)(.*)")
_TAG = re.compile(r"\[(ti|ar|al|au|by|re|ve|offset|length|la|id|tool|#):?([^\]]*)\]", re.IGNORECASE)
_WORD_TIME = re.compile(r"<[0-9]{1,3}:[0-9]{2}(?:[.:][0-9]{1,3})?>[ \t]?")
_NEARLY_TIME = re.compile(r"\s*\[[0-9]+:[0-9.:]+")
_OFFSET = re.compile(r"[ \t]*([+-]?[0-9]{1,9})[ \t]*")
_FIRST_LINES = 20


def _recognises(source: Source) -> bool:
    first = _TAG.fullmatch(source.first) or _LINE.fullmatch(source.first)
    if source.extension == "lrc":
        return first is not None
    lines = source.lines[source.first_line : source.first_line + _FIRST_LINES]
    return _TAG.fullmatch(source.first) is not None and any(_LINE.fullmatch(line) for line in lines)


def _read(source: Source) -> Reading:
    """Returns the lines in the order of their times, each until the next one; a line without words only ends the one before."""
    timed: list[tuple[float, int, list[str]]] = []
    tags: dict[str, str] = {}
    for number, line in enumerate(source.lines, 1):
        if found := _LINE.fullmatch(line.strip()):
            texts = [_WORD_TIME.sub("", found[2]).strip()]
            timed += [(seconds(time), number, texts) for time in CLOCK.finditer(found[1])]
            check_size(len(timed))
        elif tag := _TAG.fullmatch(line.strip()):
            tags.setdefault(tag[1].lower(), tag[2].strip())
        elif _NEARLY_TIME.match(line):
            raise NotATranscript(f"line {number:,} has a time that cannot be read ([00:01.50]): {quoted(line)}")
        elif timed and line.strip():
            source.notes.add(number, "has no time, and is read as words of the line before it", f": {quoted(line)}")
            timed[-1][2].append(line.strip())
        elif line.strip():
            source.notes.add(number, "belongs to no cue, and is left out", f": {quoted(line)}")
    offset = _OFFSET.fullmatch(tags.get("offset", ""))
    earlier = int(offset[1]) / 1000 if offset else 0.0  # a positive offset shows lines sooner
    timed.sort(key=lambda line: line[:2])
    ends = [start for start, _, _ in timed[1:]] + [start for start, _, _ in timed[-1:]]
    captions = [
        Caption(index, number, start - earlier, end - earlier, "", "\n".join(texts).strip())
        for index, ((start, number, texts), end) in enumerate(zip(timed, ends, strict=True), 1)
    ]
    return Reading(cues_of(captions, source.notes), tags.get("ti", ""))


DIALECT = Dialect(
    "LRC",
    "begins with a tag such as [ti:Weekly], or a time such as [00:01.00]",
    _recognises,
    _read,
    ("lrc",),
    has_units=True,
)
