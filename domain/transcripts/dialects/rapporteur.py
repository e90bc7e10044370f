"""Reads the JSON that Rapporteur exports, and segments as its API gives them: nothing is changed, not even white space."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at
from domain.transcripts.source import Source

_FIELDS = Fields(segment_id=("segmentId", "segment_id", "externalId"), keeps_text=True)


def _recognises(source: Source) -> bool:
    segments = objects_at(source.document, "segments") or objects_at(source.document)
    return any("segmentId" in segment for segment in segments[:3])


def _read(source: Source) -> Reading:
    document = source.document
    path = ("segments",) if isinstance(document, dict) else ()
    segments = at(document, *path)
    title = at(document, "title")
    cues = SegmentReader(source, path, _FIELDS).read(segments if isinstance(segments, list) else [])
    return Reading(cues, title if isinstance(title, str) else "")


DIALECT = Dialect("Rapporteur", 'is JSON whose "segments" have a "segmentId"', _recognises, _read, has_units=True)
