"""Reads the transcripts of Vexa, whose segments are named by texts."""

from domain.transcripts.cues import Cue, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, merge_revisions, objects_at
from domain.transcripts.source import Source

_FIELDS = Fields(is_final=("completed",), segment_id=("segment_id",))


def _recognises(source: Source) -> bool:
    segments = objects_at(source.document, "segments")[:3]
    return any("absolute_start_time" in segment or isinstance(segment.get("segment_id"), str) for segment in segments)


def _read(source: Source) -> Reading:
    segments = at(source.document, "segments")
    cues = SegmentReader(source, ("segments",), _FIELDS).read(segments if isinstance(segments, list) else [])

    def key(cue: Cue) -> object:
        """Returns what Vexa tells segments apart by: older versions give no ids, and some write a segment twice."""
        moment = at(segments, cue.item if cue.item is not None else -1, "absolute_start_time")
        return cue.external_id or ((moment, cue.speaker) if moment and isinstance(moment, str) else None)

    return Reading(merge_revisions(cues, source.notes, key))


DIALECT = Dialect("Vexa", 'is JSON whose "segments" have an "absolute_start_time"', _recognises, _read)
