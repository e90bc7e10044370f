"""Reads STM, the references of NIST's tools: recording, channel, speaker, start, end, a label in `<>`, and the words."""

import re

from domain.transcripts.cues import Cue, Reading, check_size
from domain.transcripts.dialect import Dialect
from domain.transcripts.recording_lines import is_comment, recording_lines
from domain.transcripts.source import Source

_TIME = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_LINE = re.compile(
    rf"(\S++)[ \t]++(\S++)[ \t]++(\S++)[ \t]++({_TIME})[ \t]++({_TIME})(?:[ \t]++(<[^<>\n]*+>))?(?:[ \t]++(.*))?"
)
_FIRST_LINES = 100
_NOT_SAID = ("ignore_time_segment_in_scoring", "<NA>")


def _recognises(source: Source) -> bool:
    lines = source.lines[source.first_line : source.first_line + _FIRST_LINES]
    line = next((line for line in lines if not is_comment(line)), "")
    found = _LINE.fullmatch(line)
    return found is not None and (source.extension == "stm" or found[6] is not None)


def _read(source: Source) -> Reading:
    """Returns the utterances of the one recording that the file is about."""
    cues: list[Cue] = []
    expected = "an utterance (recording 1 speaker 0.50 2.00 <o,f0> words)"
    for number, found in recording_lines(source, _LINE, expected):
        text = (found[7] or "").strip()
        if text and text.lower() not in _NOT_SAID:
            check_size(len(cues))
            cues.append(Cue(text, float(found[4]), float(found[5]), found[3], number, place=f"line {number:,}"))
    return Reading(cues)


DIALECT = Dialect(
    "STM",
    "has lines such as: recording 1 speaker 0.50 2.00 <o,f0,male> words",
    _recognises,
    _read,
    ("stm",),
    generality=1,
    has_units=True,
)
