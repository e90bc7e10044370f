"""Reads the transcripts that Jigasi, the transcriber of Jitsi, saves as text: `<10:00:05 AM> Dana Reyes: Hello`.

A header names the room and the time at which the transcript started; what is said is wrapped at 80 characters, and the
lines that go on are indented.
"""

import re

from domain.transcripts.cues import Cue, NotATranscript, Reading, check_size, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source

_HEADER = re.compile(r"Transcript of conference held at .*?(?: in room (?P<room>.+))?")
_MOMENT = (
    r"(?P<hours>[0-9]{1,2})[:.](?P<minutes>[0-5][0-9])[:.](?P<seconds>[0-5][0-9])(?:\s?(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_START = re.compile(rf"Transcript, started at {_MOMENT}:")
_EVENT = re.compile(rf"<{_MOMENT}> (?P<rest>.*)")
_SILENT = re.compile(r".* (?:joined the conference|left the conference|raised their hand)")
_RULE = re.compile(r"_{20,}|End of transcript at .*")
_DAY_SECONDS = 24 * 3600


def _read(source: Source) -> Reading:
    """Returns what was said, with times from the start of the transcript; each speech ends where the next one begins."""
    header = _HEADER.fullmatch(source.first)
    assert header  # as the dialect recognised the file
    start: float | None = None
    before = 0.0
    cues: list[Cue] = []
    said: list[str] | None = None
    texts: list[list[str]] = []
    for number, line in enumerate(source.lines, 1):
        if event := _EVENT.fullmatch(line):
            said = None
            if _SILENT.fullmatch(event["rest"]):
                continue
            speaker, colon, text = event["rest"].partition(": ")
            if not colon:
                raise NotATranscript(f"line {number:,} names no speaker before a colon: {quoted(line)}")
            moment = _seconds(event)
            start = moment if start is None else start
            # The clock says no date: a time far before the last one is of the next day.
            time = (moment - start) % _DAY_SECONDS
            before = time = time + (before - time + _DAY_SECONDS / 2) // _DAY_SECONDS * _DAY_SECONDS
            check_size(len(cues))
            said = [text.strip()]
            texts.append(said)
            cues.append(Cue("", max(0.0, time), None, speaker.strip(), number, place=f"line {number:,}"))
        elif begin := _START.fullmatch(line):
            start = _seconds(begin)
        elif said is not None and line.startswith(" ") and line.strip():
            said.append(line.strip())
        elif cues and line.strip() and not _RULE.fullmatch(line.strip()):
            source.notes.add(number, "belongs to no cue, and is left out", f": {quoted(line)}")
    for cue, words in zip(cues, texts, strict=True):
        cue.text = " ".join(words).strip()
    return Reading([cue for cue in cues if cue.text], (header["room"] or "").strip(), has_ends=False)


def _seconds(moment: re.Match[str]) -> float:
    """Returns the seconds since midnight of a time with 12 or 24 hours."""
    hours = int(moment["hours"])
    if moment["half"]:
        hours = hours % 12 + (12 if moment["half"] in "Pp" else 0)
    return float(hours * 3600 + int(moment["minutes"]) * 60 + int(moment["seconds"]))


DIALECT = Dialect(
    "Jitsi text",
    "",
    lambda source: _HEADER.fullmatch(source.first) is not None,
    _read,
    ("txt",),
    has_units=True,
)
