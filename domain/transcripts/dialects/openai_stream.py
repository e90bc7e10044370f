"""Reads the events of OpenAI's transcription with speakers (`diarized_json`), as they are streamed."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, objects_at
from domain.transcripts.source import Source

_SEGMENT = "transcript.text.segment"


def _recognises(source: Source) -> bool:
    events = objects_at(source.document)[:200]
    return any(event.get("type") == _SEGMENT for event in events) and any("delta" in event for event in events)


def _read(source: Source) -> Reading:
    """Returns the segments; what other events have is in them, too."""
    events = [event if event.get("type") == _SEGMENT else {"text": None} for event in objects_at(source.document)]
    return Reading(SegmentReader(source, (), Fields()).read(events))


DIALECT = Dialect("OpenAI stream", f'is JSON Lines with events "{_SEGMENT}"', _recognises, _read)
