"""Reads the transcripts of Speechmatics (`json-v2`), and the messages of its live streams as JSON Lines."""

from domain.transcripts.cues import CueWord, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import at, confidence_of, objects_at, seconds_of, speaker_of
from domain.transcripts.source import Source, without_surrogates
from domain.transcripts.spoken_words import attach, sentences

_UNKNOWN_SPEAKER = "UU"


def _results(document: object) -> list[dict[str, object]]:
    """Returns the words and marks; of a stream, those of the final messages."""
    if not isinstance(document, list):
        return objects_at(document, "results")
    messages = [message for message in objects_at(document) if message.get("message") == "AddTranscript"]
    return [result for message in messages for result in objects_at(message, "results")]


def _recognises(source: Source) -> bool:
    return any(
        isinstance(at(result, "alternatives", 0, "content"), str) and result.get("type") is not None
        for result in _results(source.document)[:20]
    )


def _read(source: Source) -> Reading:
    results = _results(source.document)
    has_channels = len({channel for result in results if isinstance(channel := result.get("channel"), str)}) > 1
    words: list[CueWord] = []
    joins_next = False
    for result in results:
        content = at(result, "alternatives", 0, "content")
        if not isinstance(content, str) or not content.strip():
            continue
        content, attaches_to = without_surrogates(content.strip()), result.get("attaches_to")
        if (joins_next or attaches_to in ("previous", "both")) and attach(words, content):
            words[-1].end_time = seconds_of(result.get("end_time")) or words[-1].end_time
        else:
            speaker = speaker_of(at(result, "alternatives", 0, "speaker")) or ""
            if speaker in ("", _UNKNOWN_SPEAKER):
                speaker = (speaker_of(result.get("channel")) if has_channels else "") or ""
            start, end = seconds_of(result.get("start_time")), seconds_of(result.get("end_time"))
            words.append(
                CueWord(content, start, end, confidence_of(at(result, "alternatives", 0, "confidence")), speaker)
            )
        joins_next = attaches_to in ("next", "both")
    cues = sentences(words, "results")
    if has_channels:
        cues.sort(key=lambda cue: cue.start_time or 0.0)
    return Reading(cues)


DIALECT = Dialect("Speechmatics", 'is JSON whose "results" have "alternatives" with a "content"', _recognises, _read)
