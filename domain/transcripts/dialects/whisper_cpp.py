"""Reads the JSON of whisper.cpp (`-oj` and `-ojf`), whose offsets are milliseconds."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at
from domain.transcripts.source import Source

_FIELDS = Fields(start=("from",), end=("to",), segment_id=(), words=(), seconds_per_unit=0.001)


def _recognises(source: Source) -> bool:
    segments = objects_at(source.document, "transcription")[:3]
    return any("offsets" in segment or "timestamps" in segment for segment in segments)


def _read(source: Source) -> Reading:
    segments = at(source.document, "transcription")
    items = [
        {**segment, **times} if isinstance(segment, dict) and isinstance(times := _times(segment), dict) else segment
        for segment in (segments if isinstance(segments, list) else [])
    ]
    return Reading(SegmentReader(source, ("transcription",), _FIELDS).read(items))


def _times(segment: dict[str, object]) -> object:
    return segment.get("offsets") or segment.get("timestamps")


DIALECT = Dialect("whisper.cpp", 'is JSON with a "transcription" that has "offsets"', _recognises, _read)
