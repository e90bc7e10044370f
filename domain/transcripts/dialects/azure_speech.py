"""Reads the results of Azure Speech: of batch transcription (`recognizedPhrases`) and of fast transcription (`phrases`)."""

import re

from domain.transcripts.cues import NotATranscript, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at
from domain.transcripts.source import Source

_DURATION = re.compile(r"PT(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)S)?")
_UNITS = (("InTicks", 10_000_000), ("Milliseconds", 1_000))
"""The endings of the names of times, and the number of their units in a second."""


def _list_name(document: object) -> str:
    for name, key in (("recognizedPhrases", "nBest"), ("phrases", "offsetMilliseconds")):
        if any(key in phrase for phrase in objects_at(document, name)[:20]):
            return name
    return ""


def _read(source: Source) -> Reading:
    name = _list_name(source.document)
    phrases = at(source.document, name)
    assert isinstance(phrases, list)  # as the dialect recognised the file
    has_channels = len({repr(phrase.get("channel")) for phrase in phrases if isinstance(phrase, dict)}) > 1
    items = [_item(phrase, f"{name}[{index}]", has_channels=has_channels) for index, phrase in enumerate(phrases)]
    cues = SegmentReader(source, (name,), Fields(segment_id=())).read(items)
    if has_channels:
        cues.sort(key=lambda cue: cue.start_time or 0.0)
    return Reading(cues)


def _item(phrase: object, place: str, *, has_channels: bool) -> object:
    """Returns a phrase as a segment with the usual names; without a text if nothing was recognised."""
    if not isinstance(phrase, dict):
        return phrase
    best = at(phrase, "nBest", 0) if "nBest" in phrase else phrase
    if not isinstance(best, dict):
        return {"text": None}
    texts = (best.get(name) for name in ("display", "text", "itn", "lexical"))
    start = _time(phrase, "offset", place)
    speaker = phrase.get("speaker")
    words = objects_at(best, "displayWords") or objects_at(best, "words")
    return {
        "text": next((text for text in texts if text), None),
        "start": start,
        "end": start + _time(phrase, "duration", place),
        "speaker": phrase.get("channel") if speaker is None and has_channels else speaker,
        "confidence": best.get("confidence"),
        "words": [_word(word, f"{place}.words[{index}]") for index, word in enumerate(words)],
    }


def _word(word: dict[str, object], place: str) -> dict[str, object]:
    start = _time(word, "offset", place)
    text = word.get("displayText") or word.get("word") or word.get("text")
    return {
        "text": text,
        "start": start,
        "end": start + _time(word, "duration", place),
        "confidence": word.get("confidence"),
    }


def _time(item: dict[str, object], name: str, place: str) -> float:
    """Returns seconds. Raises NotATranscript if there is no time with this name."""
    for ending, units_per_second in _UNITS:
        value = item.get(name + ending)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value / units_per_second
    written = item.get(name)
    duration = _DURATION.fullmatch(written) if isinstance(written, str) else None
    if duration is None:
        raise NotATranscript(f"{place}.{name}: is needed, as a time such as PT1.5S, in ticks or in milliseconds")
    hours, minutes, seconds = (float(part or 0) for part in duration.groups())
    return hours * 3600 + minutes * 60 + seconds


DIALECT = Dialect(
    "Azure Speech",
    'is JSON with "recognizedPhrases" or "phrases"',
    lambda source: bool(_list_name(source.document)),
    _read,
)
