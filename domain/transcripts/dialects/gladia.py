"""Reads the transcripts of Gladia's API: results, messages of them and of a stream; of version 1, predictions."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, Path, SegmentReader, at, objects_at
from domain.transcripts.source import Source

_PATHS: tuple[Path, ...] = (
    ("result", "transcription", "utterances"),
    ("payload", "transcription", "utterances"),
    ("transcription", "utterances"),
    ("data", "utterances"),
    ("prediction",),
)
_TEXT, _START, _END = ("text", "transcription"), ("start", "time_begin"), ("end", "time_end")


def _path(document: object) -> Path | None:
    return next(
        (path for path in _PATHS if any(set(_START) & each.keys() for each in objects_at(document, *path)[:3])), None
    )


def _is_message(message: dict[str, object]) -> bool:
    return message.get("type") == "transcript" and isinstance(at(message, "data", "utterance"), dict)


def _read(source: Source) -> Reading:
    path = _path(source.document) or ()
    utterances = at(source.document, *path)
    if not path:
        # The utterances of a stream, of which only the final ones are read.
        utterances = [
            at(message, "data", "utterance")
            if _is_message(message) and at(message, "data", "is_final")
            else {"text": None}
            for message in objects_at(source.document)
        ]
    channels = {repr(utterance["channel"]) for utterance in objects_at(utterances) if "channel" in utterance}
    speaker = ("speaker", "channel") if len(channels) > 1 else ("speaker",)
    fields = Fields(_TEXT, _START, _END, speaker=speaker, segment_id=())
    return Reading(SegmentReader(source, path, fields).read(utterances if isinstance(utterances, list) else []))


DIALECT = Dialect(
    "Gladia",
    'is JSON whose "transcription" has "utterances"',
    lambda source: _path(source.document) is not None or any(map(_is_message, objects_at(source.document)[:200])),
    _read,
)
