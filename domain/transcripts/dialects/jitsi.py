"""Reads the transcripts of Jitsi: those that Jigasi saves, its live messages, and those of Skynet as JSON Lines."""

from collections.abc import Mapping
from datetime import datetime

from domain.transcripts.cues import Cue, NotATranscript, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import (
    Fields,
    SegmentReader,
    at,
    confidence_of,
    merge_revisions,
    objects_at,
    speaker_of,
)
from domain.transcripts.source import Source, without_surrogates


def _recognises(source: Source) -> bool:
    return any(_is_speech(event) for event in _events(source)[:200])


def _events(source: Source) -> list[dict[str, object]]:
    return objects_at(source.document, "events") or objects_at(source.document)


def _is_speech(event: Mapping[str, object]) -> bool:
    return event.get("event") == "SPEECH" or ("participant_id" in event and "ts" in event and "text" in event)


def _read(source: Source) -> Reading:
    """Returns what was said, with times from the start of the conference or, if the file does not say it, of the first event.

    The events say when a speech begins only: it ends where the next one begins.
    """
    path = ("events",) if objects_at(source.document, "events") else ()
    reader = SegmentReader(source, path, Fields())
    start = _moment(at(source.document, "start_time"))
    cues: list[Cue] = []
    for index, event in enumerate(_events(source)):
        moment = _moment(event.get("timestamp", event.get("ts")))
        if not _is_speech(event):
            continue
        if moment is None:
            raise NotATranscript(f"{reader.place(index)}.timestamp: must be a date and time")
        start = moment if start is None else start
        text = at(event, "transcript", 0, "text") or event.get("transcript", event.get("text"))
        if isinstance(text, str) and text.strip():
            cue = Cue(without_surrogates(text).strip(), moment - start, None, item=index, place=reader.place(index))
            cue.speaker = speaker_of(event.get("participant", event.get("participant_id"))) or ""
            cue.confidence = confidence_of(at(event, "transcript", 0, "confidence"))
            id = event.get("message_id", event.get("id"))
            cue.external_id = id if isinstance(id, str) else None
            cue.is_final = event.get("is_interim") is not True and event.get("type", "final") == "final"
            cues.append(cue)
    title = at(source.document, "room_name")
    return Reading(merge_revisions(cues, source.notes), title if isinstance(title, str) else "", has_ends=False)


def _moment(value: object) -> float | None:
    """Returns the seconds since 1970 of a time in ISO 8601, or of a number of seconds or milliseconds since then."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError):
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        return None
    return value / 1000 if value > 1e11 else float(value)


DIALECT = Dialect("Jitsi", 'is JSON with "events" of the kind SPEECH', _recognises, _read, has_units=True)
