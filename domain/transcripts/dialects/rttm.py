"""Reads RTTM, which says who spoke when, without words: it names the speakers of a transcript that is there already."""

import math

from domain.transcripts.cues import NotATranscript, Reading, check_size, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source
from domain.transcripts.speaker_turns import Turn

_TYPES = frozenset(
    [
        "SPEAKER",
        "SPKR-INFO",
        "LEXEME",
        "NON-LEX",
        "NOSCORE",
        "NO_RT_METADATA",
        "SEGMENT",
        "NON-SPEECH",
        "IP",
        "SU",
        "CB",
    ]
)


def _turns(source: Source) -> list[Turn]:
    """Returns the turns of a file in the order of their starts. Raises NotATranscript."""
    found: list[Turn] = []
    strays = 0
    for number, line in enumerate(source.lines, 1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":
            if fields and fields[0] not in _TYPES and not line.startswith(";;"):
                strays += 1
                check_size(strays)
                source.notes.add(number, "is no line of RTTM, and is left out", f": {quoted(line)}")
            continue
        try:
            start, duration, speaker = float(fields[3]), float(fields[4]), fields[7]
        except (IndexError, ValueError):
            start = duration = math.nan
            speaker = ""
        if not (math.isfinite(start) and math.isfinite(duration) and duration >= 0 and speaker):
            raise NotATranscript(
                f"line {number:,} cannot be read as a turn (SPEAKER file 1 start duration <NA> <NA> name): {quoted(line)}"
            )
        found.append(Turn(start, start + duration, speaker))
    if not found:
        raise NotATranscript("there is no turn of a speaker in the file")
    return sorted(found)


def _recognises(source: Source) -> bool:
    fields = source.first.split()
    return len(fields) >= 9 and fields[0] in _TYPES


def _read(source: Source) -> Reading:
    _turns(source)
    raise NotATranscript("RTTM names speakers and has no words: import it into the meeting that has the words")


DIALECT = Dialect(
    "RTTM",
    "begins with a line SPEAKER, and is read into a meeting that has the words",
    _recognises,
    _read,
    ("rttm",),
    read_turns=_turns,
)
