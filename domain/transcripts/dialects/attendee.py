"""Reads the transcripts of Attendee's API: utterances with times in milliseconds, which in webhooks count since 1970."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at
from domain.transcripts.source import Source

_FIELDS = Fields(
    text=("transcription",),
    start=("timestamp_ms",),
    end=(),
    duration=("duration_ms",),
    speaker=("speaker_name", "speaker_uuid"),
    segment_id=(),
    words=(),
    seconds_per_unit=0.001,
)
_MIN_EPOCH_MS = 1e11
"""The number of milliseconds above which a time counts since 1970: a recording of three years."""


def _recognises(source: Source) -> bool:
    return any({"timestamp_ms", "transcription"} <= item.keys() for item in objects_at(source.document)[:20])


def _read(source: Source) -> Reading:
    """Returns the utterances, with times from the start of the recording or, if they are dates, from the first of them."""
    items = source.document if isinstance(source.document, list) else []
    dates = [time for time in map(_time, items) if time is not None and time > _MIN_EPOCH_MS]
    first = min(dates, default=0)
    return Reading(
        SegmentReader(source, (), _FIELDS).read([_utterance(item, first) for item in items]), in_milliseconds=True
    )


def _time(item: object) -> int | None:
    time = at(item, "timestamp_ms")
    return time if isinstance(time, int) else None


def _utterance(item: object, first: int) -> object:
    """Returns the item with its text alone, and with its time from the first one."""
    if not isinstance(item, dict):
        return item
    said, time = item.get("transcription"), _time(item)
    text = at(said, "transcript") if isinstance(said, dict) else said
    return {**item, "transcription": text, "timestamp_ms": item.get("timestamp_ms") if time is None else time - first}


DIALECT = Dialect("Attendee", 'is JSON whose items have "timestamp_ms" and "transcription"', _recognises, _read)
