"""Reads (Advanced) SubStation Alpha (ASS, SSA), whose events can name who speaks."""

import re

from domain.transcripts.captions import Caption, as_payload, cues_of
from domain.transcripts.clocks import parse_clock
from domain.transcripts.cues import NotATranscript, Reading, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source

_USUAL_FORMAT = "Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"
_OVERRIDES = re.compile(r"\{[^{}]*+\}")
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9]")


def _recognises(source: Source) -> bool:
    return source.first.lower() in ("[script info]", "[events]")


def _read(source: Source) -> Reading:
    """Returns the dialogue. Comments and drawings are not read."""
    names = _names(_USUAL_FORMAT)
    captions: list[Caption] = []
    title, is_event = "", False
    for number, line in enumerate(source.lines, 1):
        kind, _, rest = line.partition(":")
        if line.startswith("["):
            is_event = line.strip().lower() == "[events]"
        elif kind.strip().lower() == "title" and not is_event:
            title = title or rest.strip()
        elif is_event and kind == "Format":
            names = _names(rest)
        elif is_event and kind == "Dialogue":
            event = dict(zip(names, rest.split(",", len(names) - 1), strict=False))
            start, end = parse_clock(event.get("start", "")), parse_clock(event.get("end", ""))
            if start is None or end is None or "text" not in event:
                raise NotATranscript(f"line {number:,} cannot be read as dialogue: {quoted(line)}")
            marked = event["text"]
            text = "" if _DRAWING.search(marked) else re.sub(r"\\[Nn]", "\n", _OVERRIDES.sub("", marked))
            speaker = event.get("name", event.get("actor", "")).strip()
            payload = as_payload(text.replace("\\h", " ").strip(), speaker)
            captions.append(Caption(len(captions) + 1, number, start, end, "", payload))
    return Reading(cues_of(captions, source.notes), title)


def _names(format: str) -> list[str]:
    return [name.strip().lower() for name in format.split(",")]


DIALECT = Dialect(
    "SubStation Alpha", "begins with the line [Script Info]", _recognises, _read, ("ass", "ssa"), has_units=True
)
