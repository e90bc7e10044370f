"""Reads the transcripts of AssemblyAI's API, whose times are milliseconds."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at, words_of
from domain.transcripts.source import Source
from domain.transcripts.spoken_words import sentences

_FIELDS = Fields(seconds_per_unit=0.001)


def _recognises(source: Source) -> bool:
    document = source.document
    if objects_at(document, "utterances") or _list_name(source):
        return True
    answered = at(document, "audio_url") is not None or at(document, "status") is not None
    return answered and isinstance(at(document, "words"), list)


def _list_name(source: Source) -> str:
    """Returns the name of the list of an answer with sentences or paragraphs, whose times Fireflies would call otherwise."""
    for name in ("sentences", "paragraphs"):
        first = next(iter(objects_at(source.document, name)), {})
        if {"text", "start", "end"} <= first.keys() and "words" in first:
            return name
    return ""


def _read(source: Source) -> Reading:
    name = _list_name(source) or "utterances"
    utterances = at(source.document, name)
    if isinstance(utterances, list) and utterances:
        return Reading(SegmentReader(source, (name,), _FIELDS).read(utterances), in_milliseconds=True)
    words, _ = words_of(objects_at(source.document, "words"), _FIELDS)
    return Reading(sentences(words, "words"), in_milliseconds=True)


DIALECT = Dialect("AssemblyAI", 'is JSON with a list "utterances"', _recognises, _read)
