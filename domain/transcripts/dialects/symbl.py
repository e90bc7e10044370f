"""Reads the messages of Symbl's API, with times from the start of the conversation where they have them."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at
from domain.transcripts.moments import since_first
from domain.transcripts.source import Source

_OFFSETS = Fields(start=("timeOffset",), end=(), duration=("duration",), speaker=("from",))


def _recognises(source: Source) -> bool:
    messages = objects_at(source.document, "messages")[:20]
    return any({"text", "from", "startTime"} <= message.keys() for message in messages)


def _read(source: Source) -> Reading:
    messages = at(source.document, "messages")
    items = messages if isinstance(messages, list) else []
    if all({"timeOffset", "duration"} <= message.keys() for message in objects_at(items)):
        return Reading(SegmentReader(source, ("messages",), _OFFSETS).read(items))
    fields = Fields(speaker=("from",))
    return Reading(SegmentReader(source, ("messages",), fields).read(since_first(items, fields.start + fields.end)))


DIALECT = Dialect(
    "Symbl", 'is JSON with "messages" that have "from" and "startTime"', _recognises, _read, has_units=True
)
