"""Reads transcripts that Adobe Premiere Pro exports as text: two times with frames, the speaker's name, and the words.

00:00:03:12 - 00:00:05:00
Dana Reyes
So the plan stands.
"""

import re

from domain.transcripts.clocks import frame_rate
from domain.transcripts.cues import Cue, Reading, check_size
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source

_CLOCK = r"([0-9]{2}):([0-9]{2}):([0-9]{2})[:;]([0-9]{2})"
_TIMES = re.compile(rf"{_CLOCK}[ \t]+-[ \t]+{_CLOCK}")


def _read(source: Source) -> Reading:
    """Returns the paragraphs. One line alone below the times is what was said, by nobody who is named."""
    found = [
        (number, times) for number, line in enumerate(source.lines, 1) if (times := _TIMES.fullmatch(line.strip()))
    ]
    check_size(len(found))
    most = max(int(times[group]) for _, times in found for group in (4, 8))
    rate = frame_rate(most)
    source.notes.add(None, f"the times end with frames: read as {rate} a second")
    cues: list[Cue] = []
    for (number, times), following in zip(
        found, [*(number for number, _ in found[1:]), len(source.lines) + 1], strict=True
    ):
        lines = [line.strip() for line in source.lines[number : following - 1] if line.strip()]
        start, end = (
            hours * 3600 + minutes * 60 + seconds + frames / rate
            for hours, minutes, seconds, frames in (map(int, times.groups()[:4]), map(int, times.groups()[4:]))
        )
        speaker = lines.pop(0) if len(lines) > 1 else ""
        cues.append(Cue("\n".join(lines), start, end, speaker, number, place=f"line {number:,}"))
    return Reading(cues)


DIALECT = Dialect(
    "Premiere",
    'has times such as "00:00:03:12 - 00:00:05:00", and the name of the speaker in the next line',
    lambda source: _TIMES.fullmatch(source.first) is not None,
    _read,
    ("txt",),
    has_units=True,
)
