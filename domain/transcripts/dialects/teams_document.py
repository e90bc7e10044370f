"""Reads the text of the documents that Microsoft Teams wrote: times, a line with the speaker's name, and the words.

0:0:0.0 --> 0:0:3.200
Dana Reyes
So the plan stands.
"""

import re

from domain.transcripts.clocks import parse_clock
from domain.transcripts.cues import Cue, Reading, check_size
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source

_CLOCK = r"[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}\.[0-9]{1,7}"
_TIMES = re.compile(rf"[ \t]*({_CLOCK})[ \t]+-->[ \t]+({_CLOCK})[ \t]*")
_WITHOUT_ZEROS = re.compile(r"(?:^|[^0-9])[0-9]:|:[0-9]:")
"""Tells the times of Teams, which have no zeros in front, from those of captions."""
_SAMPLE_LINES = 300


def _recognises(source: Source) -> bool:
    lines = [line.strip() for line in source.lines[source.first_line : source.first_line + _SAMPLE_LINES]]
    starts = [index for index, line in enumerate(lines) if _TIMES.fullmatch(line)]
    if not starts or starts[0] or not _WITHOUT_ZEROS.search(lines[0]):
        return False
    ends = [*starts[1:], len(lines)]
    written = [[line for line in lines[start + 1 : end] if line] for start, end in zip(starts, ends, strict=True)]
    full = written[:-1] or written
    return all(len(block) > 1 and len(block[0]) <= 100 for block in full)


def _read(source: Source) -> Reading:
    cues: list[Cue] = []
    said: list[str] = []
    for number, line in enumerate([*source.lines, "0:0:0.0 --> 0:0:0.0"], 1):
        times = _TIMES.fullmatch(line) if "-->" in line else None
        if times is None:
            if line.strip():
                said.append(line.strip())
            continue
        if cues and said:
            cues[-1].speaker, cues[-1].text = (said[0], "\n".join(said[1:])) if len(said) > 1 else ("", said[0])
        said = []
        check_size(len(cues))
        cues.append(Cue("", parse_clock(times[1]), parse_clock(times[2]), line=number, place=f"line {number:,}"))
    return Reading(cues[:-1])


DIALECT = Dialect(
    "Teams document",
    'has times such as "0:0:3.240 --> 0:0:8.100", and the name of the speaker in the next line',
    _recognises,
    _read,
    ("txt",),
    has_units=True,
)
