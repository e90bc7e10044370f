"""Reads the tables that Whisper writes (`--output_format tsv`): start and end in milliseconds, and the text."""

import re

from domain.transcripts.cues import Cue, NotATranscript, Reading, check_size, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source

_HEADER = ["start", "end", "text"]
_OTHER_TIMES = re.compile(r"[0-9]+[.,:]")
_ROW = re.compile(r"([0-9]{1,12})\t([0-9]{1,12})\t(.*)")


def _recognises(source: Source) -> bool:
    """Returns whether the file has this header, and no row whose times are no whole numbers: see the dialect of tables."""
    first = source.lines[source.first_line + 1 : source.first_line + 2]
    return source.first.lower().split("\t") == _HEADER and not any(map(_OTHER_TIMES.match, first))


def _read(source: Source) -> Reading:
    cues: list[Cue] = []
    for number, line in enumerate(source.lines[source.first_line + 1 :], source.first_line + 2):
        row = _ROW.fullmatch(line)
        if row:
            check_size(len(cues))
            text = row[3].strip()
            cues.append(Cue(text, int(row[1]) / 1000, int(row[2]) / 1000, line=number, place=f"line {number:,}"))
        elif line.strip():
            raise NotATranscript(f"line {number:,} is no row with a start, an end and a text: {quoted(line)}")
    return Reading(cues, in_milliseconds=True)


DIALECT = Dialect(
    "Whisper table", "begins with the names start, end and text, divided by tabs", _recognises, _read, ("tsv",)
)
