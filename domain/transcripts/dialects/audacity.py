"""Reads the labels of Audacity: a start, an end and a text in each line, divided by tabs, with times in seconds."""

import re

from domain.transcripts.captions import Caption, as_payload, cues_of
from domain.transcripts.cues import NotATranscript, Reading, check_size, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source

_TIME = r"-?[0-9]{1,9}[.,][0-9]{1,9}"
_LINE = re.compile(rf"({_TIME})\t({_TIME})(?:\t(.*))?")
_FREQUENCIES = "\\\t"
"""Begins the line that Audacity writes below a label of some frequencies."""


def _read(source: Source) -> Reading:
    captions: list[Caption] = []
    for number, line in enumerate(source.lines, 1):
        if not line.strip() or line.startswith(_FREQUENCIES):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise NotATranscript(
                f"line {number:,} is no label (start, end and text, with tabs between): {quoted(line)}"
            )
        check_size(len(captions))
        start, end = (float(time.replace(",", ".")) for time in found.groups()[:2])
        captions.append(Caption(len(captions) + 1, number, start, end, "", as_payload((found[3] or "").strip(), "")))
    return Reading(cues_of(captions, source.notes))


DIALECT = Dialect(
    "Audacity",
    "has lines with a start and an end in seconds and a text, divided by tabs",
    lambda source: _LINE.fullmatch(source.lines[source.first_line]) is not None,
    _read,
    ("txt",),
    has_units=True,
)
