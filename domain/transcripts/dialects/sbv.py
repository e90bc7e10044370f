"""Reads SubViewer as YouTube Studio and Google Meet write it (SBV): two times in a line, divided by a comma.

SubViewer 2 (SUB) has a header before them, of lines in brackets.
"""

import re

from domain.transcripts.captions import Caption, cues_of
from domain.transcripts.clocks import parse_clock
from domain.transcripts.cues import NotATranscript, Reading, check_size, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source

_TIME = r"-?[0-9]{1,10}:[0-9]{1,2}:[0-9]{1,2}\.[0-9]{1,6}"
_TIMES = re.compile(rf"[ \t]*({_TIME})[ \t]*,[ \t]*({_TIME})[ \t]*")
_NEARLY_TIMES = re.compile(r"[ \t]*[0-9]{1,10}:[0-9]{1,2}:[0-9]{1,2}[.,]?[0-9]*[ \t]*,")
_HEADER = re.compile(r"\[INFORMATION\]", re.IGNORECASE)
_TITLE = re.compile(r"\[TITLE\](.*)", re.IGNORECASE)
_BREAK = re.compile(r"\[br\]", re.IGNORECASE)


def _recognises(source: Source) -> bool:
    return bool(_TIMES.fullmatch(source.first) or _HEADER.fullmatch(source.first))


def _read(source: Source) -> Reading:
    captions: list[Caption] = []
    payload: list[str] = []
    title = ""
    for number, line in enumerate(source.lines, 1):
        times = _TIMES.fullmatch(line) if "," in line else None
        start, end = (parse_clock(times[1]), parse_clock(times[2])) if times else (None, None)
        if start is not None and end is not None:
            if captions:
                captions[-1] = captions[-1]._replace(payload="\n".join(payload))
            payload = []
            captions.append(Caption(len(captions) + 1, number, start, end, "", ""))
            check_size(len(captions))
        elif times or ("," in line and _NEARLY_TIMES.match(line)):
            raise NotATranscript(
                f"line {number:,} cannot be read as the times of a cue (0:00:01.000,0:00:02.500): {quoted(line)}"
            )
        elif line.strip() and captions:
            payload += _BREAK.split(line)
        elif not captions and (named := _TITLE.fullmatch(line.strip())):
            title = named[1].strip()
    if captions:
        captions[-1] = captions[-1]._replace(payload="\n".join(payload))
    return Reading(cues_of(captions, source.notes), title)


DIALECT = Dialect(
    "SBV", "begins with two times such as 0:00:01.000,0:00:02.500", _recognises, _read, ("sbv", "sub"), has_units=True
)
