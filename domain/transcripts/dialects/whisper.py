"""Reads the JSON of Whisper, faster-whisper and WhisperX. Those of WhisperX name a speaker for each word, too."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at
from domain.transcripts.source import Source

_FIELDS = Fields(segment_id=("id",), confidence=())
_TRACES = ("avg_logprob", "tokens", "no_speech_prob", "seek")
_TUPLE = ("id", "seek", "start", "end", "text")
"""The first fields of a segment of faster-whisper, which older versions write as a list."""


def _recognises(source: Source) -> bool:
    document = source.document
    if isinstance(document, list) and any(_is_tuple(item) for item in document[:3]):
        return True
    if isinstance(at(document, "word_segments"), list) and isinstance(at(document, "segments"), list):
        return True
    segments = objects_at(document, "segments") or objects_at(document)
    return any(name in segment for segment in segments[:3] for name in _TRACES)


def _is_tuple(item: object) -> bool:
    return (
        isinstance(item, list)
        and len(item) > len(_TUPLE)
        and isinstance(item[4], str)
        and all(isinstance(number, int | float) for number in item[:4])
    )


def _read(source: Source) -> Reading:
    document = source.document
    path = ("segments",) if isinstance(document, dict) else ()
    segments = at(document, *path)
    items = [
        dict(zip(_TUPLE, item, strict=False)) if isinstance(item, list) and _is_tuple(item) else item
        for item in (segments if isinstance(segments, list) else [])
    ]
    return Reading(SegmentReader(source, path, _FIELDS).read(items))


DIALECT = Dialect("Whisper", 'is JSON whose "segments" have "start", "end" and "text"', _recognises, _read)
