"""Reads CTM of Kaldi, NeMo and NIST's tools, a word a line: recording, channel, start, duration, word, confidence."""

import re

from domain.transcripts.cues import Cue, CueWord, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import confidence_of
from domain.transcripts.recording_lines import is_comment, recording_lines
from domain.transcripts.source import Source
from domain.transcripts.spoken_words import sentences

_TIME = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_LINE = re.compile(
    rf"(\S++)[ \t]++(\S++)[ \t]++({_TIME})[ \t]++({_TIME})[ \t]++(\S++)(?:[ \t]++({_TIME}|NA)(?:[ \t]++\S++){{0,2}})?[ \t]*+"
)
_NO_WORD = re.compile(r"<(?:eps|sil|unk)>|<NA>", re.IGNORECASE)
_FIRST_LINES = 20


def _recognises(source: Source) -> bool:
    lines = [
        line for line in source.lines[source.first_line : source.first_line + _FIRST_LINES] if not is_comment(line)
    ]
    return bool(lines) and all(map(_LINE.fullmatch, lines)) and (len(lines) > 1 or source.extension == "ctm")


def _read(source: Source) -> Reading:
    """Returns sentences, or what pauses divide. Where there are several channels, each is a speaker."""
    words: dict[str, list[CueWord]] = {}
    for _, found in recording_lines(source, _LINE, "a word (recording 1 0.50 0.30 word 0.99)"):
        if not _NO_WORD.fullmatch(found[5]):
            start = float(found[3])
            end = round(start + float(found[4]), 6)
            words.setdefault(found[2], []).append(CueWord(found[5], start, end, confidence_of(found[6])))
    cues: list[Cue] = []
    for channel, said in words.items():
        found_cues = sentences(said, f"channel {channel}")
        for cue in found_cues:
            cue.speaker = channel if len(words) > 1 else ""
        cues += found_cues
    cues.sort(key=lambda cue: cue.start_time or 0.0)
    return Reading(cues)


DIALECT = Dialect(
    "CTM",
    "has lines such as: recording 1 0.50 0.30 word 0.99",
    _recognises,
    _read,
    ("ctm",),
    generality=1,
    has_units=True,
)
