"""Reads TTML (https://www.w3.org/TR/ttml1/), which is also called DFXP, by its times in media time."""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from domain.transcripts.captions import Caption, as_payload, cues_of
from domain.transcripts.clocks import parse_clock
from domain.transcripts.cues import NotATranscript, Reading, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source

_MAX_DEPTH = 100
_OFFSET = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(h|m|s|ms|f|t)")
_FRAMES = re.compile(r"([0-9]{1,10}):([0-9]{2}):([0-9]{2}):([0-9]{2,3})(?:\.[0-9]+)?")
_SECONDS = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}|[0-9]{1,9}")
_FACTORS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


@dataclass(slots=True)
class _Element:
    """An element that is open. Times are seconds of the media; `end` is None where nothing ends the element."""

    name: str
    start: float = 0.0
    end: float | None = None
    agent: str = ""
    id: str = ""
    line: int = 0
    has_times: bool = False


@dataclass
class _Reader:
    source: Source
    captions: list[Caption] = field(default_factory=list)
    agents: dict[str, str] = field(default_factory=dict)
    title: str = ""
    _open: list[_Element] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _frame_rate: float = 30.0
    _tick_rate: float = 1.0
    _agent_id: str = ""
    _is_of_apple: bool = False
    """Tells whether times count from the start of the media everywhere, and are seconds, and spans with times are words."""

    def read(self) -> None:
        """Raises NotATranscript."""
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        self._parser = parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.EntityDeclHandler = self._refuse_entities
        try:
            parser.Parse(re.sub(r"^\s*<\?xml[^>]*\?>", _without_encoding, self.source.text, count=1).encode(), True)
        except expat.ExpatError as error:
            problem = expat.errors.messages.get(error.code, "unknown problem")
            raise NotATranscript(f"line {error.lineno:,}: this is no valid XML: {problem}") from None

    def _refuse_entities(self, *_: object) -> None:
        raise NotATranscript(f"line {self._parser.CurrentLineNumber:,} declares an entity of XML, which is not read")

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        name = qualified.rpartition(":")[2]
        local = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if len(self._open) >= _MAX_DEPTH:
            raise NotATranscript(f"line {self._parser.CurrentLineNumber:,}: the XML has more than {_MAX_DEPTH} levels")
        parent = self._open[-1] if self._open else _Element("")
        if name == "tt":
            self._set_rates(local)
            self._is_of_apple = any("apple.com/" in value for value in attributes.values())
        is_word = self._is_of_apple and name == "span" and local.get("unit") != "sentence"
        element = _Element(name, parent.start, parent.end, local.get("agent", parent.agent))
        element.id = local.get("id", "") if name == "p" else parent.id
        element.line, element.has_times = self._parser.CurrentLineNumber, parent.has_times
        if is_word:
            element.has_times = False
            if local.get("unit") == "word" and self._text and not self._text[-1][-1:].isspace():
                self._text.append(" ")
        elif name in ("body", "div", "p", "span"):
            self._set_times(element, parent, local)
        if name == "br":
            self._text.append("\n")
        elif name == "p" or (name == "span" and "begin" in local and not is_word):
            self._flush(parent)
        elif name in ("title", "name", "agent"):
            self._text.clear()
        if name == "agent":
            self._agent_id = local.get("id", "")
        self._open.append(element)

    def _end(self, _: str) -> None:
        element = self._open.pop()
        if element.name == "p" or (element.name == "span" and element.has_times):
            self._flush(element)
        elif element.name == "title":
            self.title = self.title or " ".join("".join(self._text).split())
            self._text.clear()
        elif element.name == "name" and self._agent_id:
            self.agents.setdefault(self._agent_id, " ".join("".join(self._text).split()))
            self._text.clear()

    def _set_rates(self, attributes: dict[str, str]) -> None:
        rate = attributes.get("frameRate", "")
        multiplier = re.fullmatch(r"([0-9]{1,6})[ :/]([0-9]{1,6})", attributes.get("frameRateMultiplier", "1 1"))
        if re.fullmatch(r"[0-9]{1,6}", rate) and int(rate):
            self._frame_rate = float(rate)
        if multiplier and int(multiplier[1]) and int(multiplier[2]):
            self._frame_rate *= int(multiplier[1]) / int(multiplier[2])
        ticks = attributes.get("tickRate", "")
        if re.fullmatch(r"[0-9]{1,12}", ticks) and int(ticks):
            self._tick_rate = float(ticks)

    def _set_times(self, element: _Element, parent: _Element, attributes: dict[str, str]) -> None:
        begin, end, duration = (self._time(attributes.get(name)) for name in ("begin", "end", "dur"))
        element.has_times = begin is not None
        origin = 0.0 if self._is_of_apple else parent.start
        element.start = parent.start if begin is None else origin + begin
        if end is not None:
            element.end = origin + end
        elif duration is not None:
            element.end = element.start + duration

    def _time(self, value: str | None) -> float | None:
        if value is None or not value.strip():
            return None
        value = value.strip()
        if offset := _OFFSET.fullmatch(value):
            number, unit = float(offset[1]), offset[2]
            if unit == "ms":
                return number / 1000
            if unit in _FACTORS:
                return number * _FACTORS[unit]
            return number / (self._frame_rate if unit == "f" else self._tick_rate)
        if frames := _FRAMES.fullmatch(value):
            hours, minutes, whole, count = map(int, frames.groups())
            return hours * 3600 + minutes * 60 + whole + count / self._frame_rate
        if (seconds := _SECONDS.fullmatch(value)) and (self._is_of_apple or "." in value):
            return float(seconds[0])
        time = parse_clock(value)
        if time is None:
            raise NotATranscript(
                f"line {self._parser.CurrentLineNumber:,} has a time that cannot be read (00:00:01.000): {quoted(value)}"
            )
        return time

    def _flush(self, element: _Element) -> None:
        """Makes a caption of the text that was read since the last one, if it has words and stands in a paragraph."""
        words = "".join(self._text)
        self._text.clear()
        if element.name not in ("p", "span") or not words or words.isspace():
            return
        text = " ".join(words.split())
        if "\n" in words:
            text = "\n".join(line for each in words.split("\n") if (line := " ".join(each.split())))
        if element.end is None:
            self.source.notes.add(element.line, "a paragraph has no end, and ends where it begins")
        end = element.start if element.end is None else element.end
        number = len(self.captions) + 1
        self.captions.append(Caption(number, element.line, element.start, end, element.id, text))
        self.speakers.append(element.agent)

    speakers: list[str] = field(default_factory=list)
    """The agent of each caption."""


def _without_encoding(declaration: re.Match[str]) -> str:
    return "\n" * declaration[0].count("\n")  # the text is decoded already


def _recognises(source: Source) -> bool:
    start = source.text.lstrip()[:4_000]
    return start.startswith("<") and bool(re.search(r"<(?:\w+:)?tt[\s>]", start))


def _read(source: Source) -> Reading:
    reader = _Reader(source)
    reader.read()
    captions = [
        caption._replace(payload=as_payload(caption.payload, reader.agents.get(agent, agent)))
        for caption, agent in zip(reader.captions, reader.speakers, strict=True)
    ]
    return Reading(cues_of(captions, source.notes), reader.title)


DIALECT = Dialect("TTML", "is XML with the element tt", _recognises, _read, ("ttml", "dfxp", "xml"), has_units=True)
