"""Reads the output of Amazon Transcribe, in which times are texts and punctuation is a word of its own."""

from domain.transcripts.cues import CueWord, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import (
    Fields,
    SegmentReader,
    at,
    confidence_of,
    objects_at,
    seconds_of,
    speaker_of,
)
from domain.transcripts.source import Source
from domain.transcripts.spoken_words import attach, sentences

_CALL_FIELDS = Fields(
    text=("Content",),
    start=("BeginOffsetMillis",),
    end=("EndOffsetMillis",),
    speaker=("ParticipantRole", "ParticipantId"),
    segment_id=("Id",),
    words=(),
    seconds_per_unit=0.001,
)
"""The fields of the transcripts of Call Analytics."""
_FIELDS = Fields(text=("transcript",), speaker=("speaker_label", "channel_label"))


def _recognises(source: Source) -> bool:
    if (
        objects_at(source.document, "Transcript")
        and "BeginOffsetMillis" in objects_at(source.document, "Transcript")[0]
    ):
        return True
    results = at(source.document, "results")
    return isinstance(at(results, "audio_segments") or at(results, "items"), list) or bool(_channels(results))


def _channels(results: object) -> list[dict[str, object]]:
    return objects_at(results, "channel_labels", "channels")


def _read(source: Source) -> Reading:
    calls = at(source.document, "Transcript")
    if isinstance(calls, list):
        return Reading(SegmentReader(source, ("Transcript",), _CALL_FIELDS).read(calls), in_milliseconds=True)
    segments = at(source.document, "results", "audio_segments")
    words = _words(source)
    if not isinstance(segments, list) or not segments:
        return Reading(sentences([word for word in words if word], "results.items"))
    items = [
        {**segment, "words": _said(segment.get("items"), words)} if isinstance(segment, dict) else segment
        for segment in segments
    ]
    return Reading(SegmentReader(source, ("results", "audio_segments"), _FIELDS).read(items))


def _items(results: object) -> list[dict[str, object]]:
    """Returns the words and marks of the recording, or else those of one channel after the other."""
    return objects_at(results, "items") or [
        {**item, "channel_label": channel.get("channel_label")}
        for channel in _channels(results)
        for item in objects_at(channel, "items")
    ]


def _said(numbers: object, words: list[CueWord | None]) -> list[dict[str, object]]:
    """Returns the words with these numbers as objects of a `words` list."""
    said = [
        words[number]
        for number in (numbers if isinstance(numbers, list) else [])
        if isinstance(number, int) and 0 <= number < len(words)
    ]
    return [
        {"word": word.text, "start": word.start_time, "end": word.end_time, "confidence": word.confidence}
        for word in said
        if word
    ]


def _words(source: Source) -> list[CueWord | None]:
    """Returns the words by their numbers: None in place of punctuation, which belongs to the word before it."""
    results = at(source.document, "results")
    speakers = {
        item.get("start_time"): speaker_of(item.get("speaker_label")) or ""
        for segment in objects_at(results, "speaker_labels", "segments")
        for item in objects_at(segment, "items")
        if isinstance(item.get("start_time"), str)
    }
    for channel in _channels(results):
        for item in objects_at(channel, "items"):
            if isinstance(item.get("start_time"), str):
                speakers.setdefault(item["start_time"], speaker_of(channel.get("channel_label")) or "")
    words: list[CueWord | None] = []
    last: CueWord | None = None
    speaker = ""
    for item in _items(results):
        content = at(item, "alternatives", 0, "content")
        is_said = isinstance(content, str) and content.strip()
        is_mark = item.get("type") == "punctuation"
        if not isinstance(content, str) or not is_said or (is_mark and last and attach([last], content)):
            words.append(None)
        else:
            start = item.get("start_time")
            label = item.get("speaker_label") or item.get("channel_label")
            named = speaker_of(label) or (speakers.get(start) if isinstance(start, str) else None)
            speaker = named or speaker
            confidence = confidence_of(at(item, "alternatives", 0, "confidence"))
            last = CueWord(content, seconds_of(start), seconds_of(item.get("end_time")), confidence, speaker)
            words.append(last)
    return words


DIALECT = Dialect("AWS Transcribe", 'is JSON with "results" that have "items"', _recognises, _read)
