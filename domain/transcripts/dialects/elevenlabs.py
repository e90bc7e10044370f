"""Reads the transcripts of ElevenLabs' Scribe: words, the spaces between them and sounds, of one or several channels."""

import math

from domain.transcripts.cues import Cue, CueWord, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import at, objects_at, seconds_of, speaker_of
from domain.transcripts.source import Source, without_surrogates
from domain.transcripts.spoken_words import sentences

_TYPES = ("word", "spacing", "audio_event")


def _channels(document: object) -> list[dict[str, object]]:
    """Returns the transcripts of the channels: the document itself, where there is one."""
    return objects_at(document, "transcripts") or ([document] if isinstance(document, dict) else [])


def _recognises(source: Source) -> bool:
    words = objects_at(next(iter(_channels(source.document)), None), "words")
    return any(word.get("type") in _TYPES and "text" in word for word in words[:20])


def _read(source: Source) -> Reading:
    channels = _channels(source.document)
    cues: list[Cue] = []
    for index, channel in enumerate(channels):
        place = f"transcripts[{index}].words" if len(channels) > 1 else "words"
        found = sentences(_words(channel), place)
        for cue in found:
            cue.speaker = cue.speaker or (str(channel.get("channel_index", index)) if len(channels) > 1 else "")
            for word in cue.words:
                word.text = word.text.strip()
        cues += found
    if len(channels) > 1:
        cues.sort(key=lambda cue: cue.start_time or 0.0)
    return Reading(cues)


def _words(channel: dict[str, object]) -> list[CueWord]:
    """Returns the words, each with the space that follows it."""
    words: list[CueWord] = []
    for item in objects_at(channel, "words"):
        text = at(item, "text")
        if not isinstance(text, str) or not text:
            continue
        if item.get("type") == "spacing" or not text.strip():
            if words and not words[-1].text[-1].isspace():
                words[-1].text += text
            continue
        start, end = seconds_of(item.get("start")), seconds_of(item.get("end"))
        confidence = _probability(item.get("logprob"))
        words.append(
            CueWord(without_surrogates(text), start, end, confidence, speaker_of(item.get("speaker_id")) or "")
        )
    return words


def _probability(logarithm: object) -> float | None:
    if isinstance(logarithm, bool) or not isinstance(logarithm, int | float) or logarithm > 0:
        return None
    return math.exp(logarithm)


DIALECT = Dialect("ElevenLabs Scribe", 'is JSON whose "words" have a "type"', _recognises, _read)
