"""Reads YouTube's timed text: `<text start="1.5" dur="2">` in seconds (srv1), or `t="1500" d="2000"` in ms."""

import html
import re
from xml.parsers import expat

from domain.transcripts.captions import Caption, as_payload, cues_of
from domain.transcripts.cues import NotATranscript, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import seconds_of
from domain.transcripts.source import Source

_NAMES = {"text": ("start", "dur", 1.0), "p": ("t", "d", 0.001)}
"""The elements with a text, the names of their times, and the unit in seconds."""


def _recognises(source: Source) -> bool:
    start = source.text.lstrip()[:1_000]
    return start.startswith("<") and bool(re.search(r"<(?:transcript|timedtext)[\s>]", start))


def _read(source: Source) -> Reading:
    captions: list[Caption] = []
    words: list[str] = []
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        if name in _NAMES:
            start_name, duration_name, unit = _NAMES["p" if "t" in attributes else name]
            begin = seconds_of(attributes.get(start_name, ""), unit)
            if begin is None:
                raise NotATranscript(f"line {parser.CurrentLineNumber:,}: a text has no time that can be read")
            end = begin + (seconds_of(attributes.get(duration_name, ""), unit) or 0.0)
            captions.append(Caption(len(captions) + 1, parser.CurrentLineNumber, begin, end, "", ""))
            words.clear()

    def end(name: str) -> None:
        if name in _NAMES and captions:
            # The texts of srv1 are escaped twice.
            captions[-1] = captions[-1]._replace(payload=as_payload(html.unescape("".join(words)).strip(), ""))

    def refuse_entities(*_: object) -> None:
        raise NotATranscript(f"line {parser.CurrentLineNumber:,} declares an entity of XML, which is not read")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = words.append, refuse_entities
    try:
        parser.Parse(
            re.sub(r"^\s*<\?xml[^>]*\?>", lambda found: "\n" * found[0].count("\n"), source.text, count=1).encode(),
            True,
        )
    except expat.ExpatError as error:
        problem = expat.errors.messages.get(error.code, "unknown problem")
        raise NotATranscript(f"line {error.lineno:,}: this is no valid XML: {problem}") from None
    return Reading(cues_of(captions, source.notes))


DIALECT = Dialect(
    "YouTube timed text",
    "is XML with the element transcript or timedtext",
    _recognises,
    _read,
    ("xml", "srv1", "srv3"),
    has_units=True,
)
