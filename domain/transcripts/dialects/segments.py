"""Reads JSON lists of segments with a text, a start and an end, under the names that most programs use."""

from collections.abc import Sequence
from dataclasses import replace

from domain.transcripts.cues import NotATranscript, Reading, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, Path, SegmentReader, at, merge_revisions, objects_at
from domain.transcripts.moments import moment_of, since_first
from domain.transcripts.source import NOT_JSON, Source

_TEXT = ("text", "body", "transcript", "content", "sentence", "utterance", "transcription", "segment")
_SPEAKER = (
    "speaker_name",
    "speakerName",
    "speaker",
    "speaker_label",
    "speakerLabel",
    "speaker_id",
    "participant",
    "participant_name",
    "user_name",
    "name",
    "spk",
)
_SOURCES = ("role", "source", "channel", "media_channel")
"""Fields that tell who speaks where their values differ, and no other field does."""
_MOMENTS = ("timestamp", "time", "ts")
_FIELDS = Fields(
    text=_TEXT,
    start=("start", "startTime", "start_time", "begin", "from", "start_timestamp", "offset", *_MOMENTS),
    end=("end", "endTime", "end_time", "to", "end_timestamp"),
    duration=("duration", "dur"),
    speaker=_SPEAKER,
    words=("words", "result"),
)
_MILLISECONDS = Fields(
    text=_TEXT,
    start=("start_ms", "startMs", "begin_ms", "start_time_ms", "startTimeMs", "offset_ms"),
    end=("end_ms", "endMs", "end_time_ms", "endTimeMs"),
    duration=("duration_ms", "durationMs"),
    speaker=_SPEAKER,
    seconds_per_unit=0.001,
)
_PATHS: tuple[Path, ...] = (
    ("segments",),
    ("transcript",),
    ("transcription",),
    ("results",),
    ("data", "segments"),
    ("data",),
    ("sentences",),
    ("transcript_segments",),
    ("output", "turnLevelTranscription"),
    ("timestamp", "segment"),
)


def _read(source: Source) -> Reading:
    document = source.document
    path = (
        ()
        if isinstance(document, list)
        else next((path for path in _PATHS if objects_at(document, *path)), ("segments",))
    )
    items = [document] if isinstance(at(document, "result"), list) and at(document, "text") else at(document, *path)
    if not isinstance(items, list):
        raise NotATranscript(_refusal(document))
    first = next((item for item in objects_at(items)), {})
    fields = _MILLISECONDS if any(name in first for name in _MILLISECONDS.start) else _FIELDS
    items = list(map(_with_usual_names, items))
    has_units = any(_says_its_unit(item, fields) for item in objects_at(items[:1]))
    items = since_first(items, fields.start + fields.end, fields.seconds_per_unit)
    has_ends = any({*fields.end, *fields.duration, *fields.words} & item.keys() for item in objects_at(items))
    fields = replace(fields, speaker=fields.speaker + _sources(objects_at(items)))
    if not has_ends:
        fields = replace(fields, duration=(), needs_end=False)
    cues = SegmentReader(source, path, fields).read(items)
    title = at(document, "title")
    return Reading(
        merge_revisions(cues, source.notes), title if isinstance(title, str) else "", has_ends, has_units=has_units
    )


def _with_usual_names(item: object) -> object:
    """Returns the item with a start and an end in place of a pair of both, and with the name that Podlove gives a speaker."""
    if not isinstance(item, dict):
        return item
    if "start_ms" in item and item.get("voice"):
        item = {**item, "speaker": item["voice"]}
    name = next((name for name in _MOMENTS if isinstance(at(item, name, 1), int | float)), None)
    return {**item, "start": at(item, name, 0), "end": at(item, name, 1), name: None} if name else item


def _says_its_unit(item: dict[str, object], fields: Fields) -> bool:
    """Returns whether the start that is read is a clock or a date."""
    start = next((item[name] for name in fields.start if item.get(name) is not None), None)
    return moment_of(start) is not None or (isinstance(start, str) and ":" in start)


def _sources(items: Sequence[dict[str, object]]) -> tuple[str, ...]:
    return tuple(name for name in _SOURCES if len({repr(item.get(name)) for item in items}) > 1)


def _refusal(document: object) -> str:
    names = [quoted(name) for name in document] if isinstance(document, dict) else []
    found = f", and has {', '.join(names[:6])}{' and more' if len(names) > 6 else ''}" if names else ""
    untimed = ": its text has no times" if any(isinstance(at(document, name), str) for name in _TEXT) else ""
    return f'the JSON must be a list of segments, or an object with such a list as "segments"{found}{untimed}'


DIALECT = Dialect(
    "JSON segments",
    'is JSON or JSON Lines: a list of objects with "text", "start" and "end", or an object with such a list as "segments"',
    lambda source: source.document is not NOT_JSON,
    _read,
    extensions=("json", "jsonl", "ndjson"),
    generality=2,
)
