"""Reads segments of JSON documents by the names that a dialect gives its fields."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from domain.transcripts.clocks import parse_clock
from domain.transcripts.cues import Cue, CueWord, NotATranscript, Notes, check_size
from domain.transcripts.source import Source, without_surrogates
from domain.transcripts.spoken_words import split_by_speaker

Path = tuple[str | int, ...]
_NUMBER = re.compile(r"\s*+(-?[0-9]{1,15}(?:\.[0-9]{1,15})?)\s*+(?:s\s*+)?")
_MISSING = object()


@dataclass(frozen=True)
class Fields:
    """The names of the fields of a dialect's segments. Where there are several, the first that is there counts."""

    text: tuple[str, ...] = ("text",)
    start: tuple[str, ...] = ("start", "startTime", "start_time")
    end: tuple[str, ...] = ("end", "endTime", "end_time")
    duration: tuple[str, ...] = ()
    speaker: tuple[str, ...] = ("speaker",)
    segment_id: tuple[str, ...] = ("segmentId", "segment_id", "id")
    confidence: tuple[str, ...] = ("confidence",)
    is_final: tuple[str, ...] = ("isFinal", "is_final")
    is_interim: tuple[str, ...] = ("is_interim", "isInterim")
    words: tuple[str, ...] = ("words",)
    word_text: tuple[str, ...] = ("punctuated_word", "word", "text", "content")
    word_confidence: tuple[str, ...] = ("confidence", "probability", "score", "conf")
    seconds_per_unit: float = 1.0
    needs_end: bool = True
    """Tells whether a segment without an end or a duration is refused; otherwise it ends where the next one starts."""
    keeps_text: bool = False
    """Tells whether white space around a text belongs to it."""


class SegmentReader:
    """Reads the segments of one list of a document."""

    def __init__(self, source: Source, path: Path, fields: Fields) -> None:
        self._source = source
        self._path = source.items_path = path
        self._fields = fields
        self._unread: set[str] = set()

    def read(self, items: Sequence[object]) -> list[Cue]:
        """Returns the cues of these items. Raises NotATranscript, which names the item and the field."""
        check_size(len(items))
        cues: list[Cue] = []
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                raise NotATranscript(f"{self.place(index)} must be an object with {self._needed()}")
            cues += self._cues(item, index)
        return cues

    def place(self, index: int) -> str:
        return f"{path_text(self._path)}[{index}]"

    def _note(self, index: int, message: str, detail: str = "") -> None:
        self._source.notes.add(self._source.line_of_item(index), message, f" ({self.place(index)}{detail})")

    def _needed(self) -> str:
        fields = self._fields
        return f"{fields.text[0]}, {fields.start[0]} and {(fields.end + fields.duration)[0]}"

    def _cues(self, item: Mapping[str, object], index: int) -> list[Cue]:
        fields = self._fields
        name, value = _find(item, fields.text)
        words = self._words(item, index)
        if name is None:
            raise NotATranscript(f"{self.place(index)}.{fields.text[0]}: is needed")
        if value is None:
            return []
        if not isinstance(value, str):
            raise NotATranscript(f"{self.place(index)}.{name}: must be a text")
        text = without_surrogates(value)
        if not text.strip():
            return []
        start = self._seconds(item, fields.start, index, words[0].start_time if words else None, required=True)
        has_duration = fields.duration and not (words and _find(item, fields.duration)[0] is None)
        if has_duration and _find(item, fields.end)[0] is None:
            duration = self._seconds(item, fields.duration, index, None, required=True)
            end = None if start is None or duration is None else start + duration
        else:
            end = self._seconds(
                item, fields.end, index, words[-1].end_time if words else None, required=fields.needs_end
            )
        cue = Cue(text if fields.keeps_text else text.strip(), start, end, place=self.place(index), words=words)
        cue.item = index
        cue.speaker = self._speaker(item, index)
        cue.confidence = self._confidence(item, index)
        cue.is_final = self._is_final(item, index)
        for name in fields.segment_id:
            self._identify(cue, item.get(name))
        return split_by_speaker(cue)

    def _seconds(
        self, item: Mapping[str, object], names: tuple[str, ...], index: int, default: float | None, *, required: bool
    ) -> float | None:
        name, value = _find(item, names)
        if name is None:
            if required and default is None:
                raise NotATranscript(f"{self.place(index)}.{names[0]}: is needed")
            return default
        if value is None:
            return default
        time = seconds_of(value, self._fields.seconds_per_unit)
        if time is None:
            raise NotATranscript(f"{self.place(index)}.{name}: must be a time in numbers, is {_shown(value)}")
        return time

    def _speaker(self, item: Mapping[str, object], index: int) -> str:
        name, value = _find(item, self._fields.speaker)
        if name is None:
            for key in item:
                if key not in self._unread and re.search("speaker|participant", key, re.IGNORECASE):
                    self._unread.add(key)
                    if key not in self._fields.words:
                        self._note(index, f"the field {key[:60]!r} is not read: it may name speakers")
        speaker = speaker_of(value)
        if speaker is None:
            raise NotATranscript(f"{self.place(index)}.{name}: must be a name or a number, is {_shown(value)}")
        return speaker

    def _confidence(self, item: Mapping[str, object], index: int) -> float | None:
        name, value = _find(item, self._fields.confidence)
        confidence = confidence_of(value)
        if confidence is None and value is not None:
            self._note(index, f"{name} is no number from 0 to 1, and is left out")
        return confidence

    def _is_final(self, item: Mapping[str, object], index: int) -> bool:
        final_name, final = _find(item, self._fields.is_final)
        _, interim = _find(item, self._fields.is_interim)
        if isinstance(final, bool):
            return final
        if final_name is not None:
            self._note(index, f"{final_name} is neither true nor false, and is taken as true")
        return interim is not True

    def _identify(self, cue: Cue, value: object) -> None:
        if isinstance(value, int) and not isinstance(value, bool):
            cue.segment_id = value if cue.segment_id is None else cue.segment_id
        elif isinstance(value, str) and value.strip() and cue.external_id is None:
            cue.external_id = without_surrogates(value.strip())

    def _words(self, item: Mapping[str, object], index: int) -> list[CueWord]:
        _, value = _find(item, self._fields.words)
        if not isinstance(value, list) or not value:
            return []
        words, left_out = words_of(value, self._fields)
        if left_out:
            self._note(index, "words without a text are left out of the list of words", f": {left_out:,}")
        return words


def words_of(items: Sequence[object], fields: Fields) -> tuple[list[CueWord], int]:
    """Returns the words of a list, and the number of items that are none."""
    words: list[CueWord] = []
    unit = fields.seconds_per_unit
    for item in items:
        if not isinstance(item, dict):
            continue
        text = _find(item, fields.word_text)[1]
        if isinstance(text, str) and text.strip():
            words.append(
                CueWord(
                    without_surrogates(text if fields.keeps_text else text.strip()),
                    seconds_of(_find(item, fields.start)[1], unit),
                    seconds_of(_find(item, fields.end)[1], unit),
                    confidence_of(_find(item, fields.word_confidence)[1]),
                    speaker_of(_find(item, fields.speaker)[1]) or "",
                )
            )
    return words, len(items) - len(words)


def seconds_of(value: object, seconds_per_unit: float = 1.0) -> float | None:
    """Returns a time in seconds, or None. A text can hold a number or a clock time; a clock has no unit."""
    if isinstance(value, str):
        number = _NUMBER.fullmatch(value)
        if number is None:
            return parse_clock(value[:40])
        value = float(number[1])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        # Thousandths are divided, as their product with 0.001 is not the nearest number.
        time = value / 1000 if seconds_per_unit == 0.001 else value * seconds_per_unit
    except OverflowError:
        return None
    return float(time) if math.isfinite(time) else None


def confidence_of(value: object) -> float | None:
    """Returns a confidence from 0.0 to 1.0, or None."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value.rstrip("s \n\t"))
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return float(value)


def speaker_of(value: object) -> str | None:
    """Returns the name of a speaker, empty for null; None if the value is no name. A number is its own name."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("name", "display_name", "label", "id") if value.get(key)), None)
    if value is None:
        return ""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if abs(value) < 2**53 else None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else None
    return without_surrogates(value).strip() if isinstance(value, str) else None


def path_text(path: Path) -> str:
    """Returns the path as messages name it: `results.channels[0].alternatives`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def at(document: object, *path: str | int) -> object:
    """Returns the value at a path of a document, or None if there is none."""
    for part in path:
        if isinstance(part, str) and isinstance(document, dict):
            document = document.get(part)
        elif isinstance(part, int) and isinstance(document, list) and part < len(document):
            document = document[part]
        else:
            return None
    return document


def objects_at(document: object, *path: str | int) -> list[dict[str, object]]:
    """Returns the objects of a list at a path of a document; none if there is no such list."""
    found = at(document, *path)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def merge_revisions(cues: list[Cue], notes: Notes, key: Callable[[Cue], object] | None = None) -> list[Cue]:
    """Returns the cues without hypotheses and earlier versions: of those with one key, the last final one.

    The key is the external id, unless another is given; a cue without one, that is with None, stays.
    """
    keys = [key(cue) if key else cue.external_id for cue in cues]
    best: dict[object, Cue] = {}
    for cue, each in zip(cues, keys, strict=True):
        known = best.get(each)
        if known is None or cue.is_final or not known.is_final:
            best[each] = cue
    kept = [cue for cue, each in zip(cues, keys, strict=True) if each is None or best[each] is cue]
    if len(kept) < len(cues):
        notes.add(
            None, "segments come more than once: the last version of each is taken", f" ({len(cues) - len(kept):,})"
        )
    return kept


def _find(item: Mapping[str, object], names: Sequence[str]) -> tuple[str | None, object]:
    """Returns the first of the names that has a value in the object, or else the first that is there, and its value."""
    there = None
    for name in names:
        if name in item:
            value = item[name]
            if value is not None:
                return name, value
            there = there or name
    return there, None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
