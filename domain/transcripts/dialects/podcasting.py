"""Reads the JSON transcripts of Podcasting 2.0 (https://github.com/Podcastindex-org/podcast-namespace)."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at
from domain.transcripts.source import Source

_FIELDS = Fields(text=("body",), start=("startTime",), end=("endTime",), segment_id=())


def _recognises(source: Source) -> bool:
    return any("body" in segment and "startTime" in segment for segment in objects_at(source.document, "segments")[:3])


def _read(source: Source) -> Reading:
    segments = at(source.document, "segments")
    return Reading(SegmentReader(source, ("segments",), _FIELDS).read(segments if isinstance(segments, list) else []))


DIALECT = Dialect("Podcasting 2.0", 'is JSON whose "segments" have a "body"', _recognises, _read)
