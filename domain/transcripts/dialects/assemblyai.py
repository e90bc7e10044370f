"""Reads the transcripts of AssemblyAI's API, whose times are milliseconds, and the messages of its streams as JSON Lines."""

from domain.transcripts.cues import Cue, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, merge_revisions, objects_at, words_of
from domain.transcripts.source import Source
from domain.transcripts.spoken_words import sentences

_FIELDS = Fields(seconds_per_unit=0.001)


def _recognises(source: Source) -> bool:
    document = source.document
    if objects_at(document, "utterances") or _list_name(source) or _has_messages(source):
        return True
    answered = at(document, "audio_url") is not None or at(document, "status") is not None
    words = at(document, "words")
    return answered and isinstance(words, list) and (not words or isinstance(at(words, 0, "start"), int))


def _list_name(source: Source) -> str:
    """Returns the name of the list of an answer with sentences or paragraphs, whose times Fireflies would call otherwise."""
    for name in ("sentences", "paragraphs"):
        first = next(iter(objects_at(source.document, name)), {})
        if {"text", "start", "end"} <= first.keys() and "words" in first:
            return name
    return ""


def _has_messages(source: Source) -> bool:
    messages = objects_at(source.document)[:200]
    return any(
        message.get("message_type") == "FinalTranscript" or {"turn_order", "end_of_turn"} <= message.keys()
        for message in messages
    )


def _messages(source: Source) -> Reading:
    """Returns the final texts of a stream: of each turn, the last one, which has punctuation where it was asked for."""
    messages = objects_at(source.document)
    cues: list[Cue] = []
    reader = SegmentReader(source, (), _FIELDS)
    for index, message in enumerate(messages):
        if message.get("message_type") == "FinalTranscript" or message.get("end_of_turn") is True:
            item = {**message, "text": message.get("transcript", message.get("text"))}
            item |= {"start": message.get("audio_start"), "end": message.get("audio_end")}
            for cue in reader.read([item]):
                cue.item, cue.place, cue.segment_id = index, reader.place(index), message.get("turn_order")
                cues.append(cue)
    return Reading(merge_revisions(cues, source.notes, lambda cue: cue.segment_id), in_milliseconds=True)


def _read(source: Source) -> Reading:
    if _has_messages(source):
        return _messages(source)
    name = _list_name(source) or "utterances"
    utterances = at(source.document, name)
    if isinstance(utterances, list) and utterances:
        return Reading(SegmentReader(source, (name,), _FIELDS).read(utterances), in_milliseconds=True)
    words, _ = words_of(objects_at(source.document, "words"), _FIELDS)
    return Reading(sentences(words, "words"), in_milliseconds=True)


DIALECT = Dialect("AssemblyAI", 'is JSON with a list "utterances"', _recognises, _read)
