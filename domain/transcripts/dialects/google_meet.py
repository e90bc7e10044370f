"""Reads the transcript entries of Google Meet's API, whose times are dates."""

from datetime import UTC, datetime

from domain.transcripts.cues import Cue, NotATranscript, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at
from domain.transcripts.source import Source, without_surrogates

_LIST = "transcriptEntries"


def _recognises(source: Source) -> bool:
    return any("participant" in entry for entry in objects_at(source.document, _LIST)[:3])


def _read(source: Source) -> Reading:
    """Returns what was said, with times from the first entry. Participants are called by the ends of their names."""
    reader = SegmentReader(source, (_LIST,), Fields())
    entries = objects_at(source.document, _LIST)
    if at(source.document, "nextPageToken"):
        source.notes.add(
            None, "the file is one page of a transcript, and more follow: import them into the same meeting"
        )
    moments = [
        [_moment(entry.get(name), f"{reader.place(index)}.{name}") for name in ("startTime", "endTime")]
        for index, entry in enumerate(entries)
    ]
    first = min(start for start, _ in moments)
    cues: list[Cue] = []
    for index, (entry, (start, end)) in enumerate(zip(entries, moments, strict=True)):
        text, participant = entry.get("text"), entry.get("participant")
        if isinstance(text, str):
            speaker = without_surrogates(participant).rpartition("/")[2] if isinstance(participant, str) else ""
            cue = Cue(without_surrogates(text).strip(), (start - first).total_seconds(), (end - first).total_seconds())
            cue.speaker, cue.item, cue.place = speaker, index, reader.place(index)
            cues.append(cue)
    return Reading(cues)


def _moment(value: object, place: str) -> datetime:
    """Returns a date and time with its zone. Raises NotATranscript."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise NotATranscript(f"{place}: must be a date and time such as 2026-03-02T09:00:00Z")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


DIALECT = Dialect("Google Meet", 'is JSON with "transcriptEntries"', _recognises, _read, has_units=True)
