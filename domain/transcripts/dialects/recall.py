"""Reads the transcripts of Recall.ai: turns of a participant, each a list of words."""

from domain.transcripts.cues import Cue, CueWord, Reading
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
from domain.transcripts.source import Source, without_surrogates
from domain.transcripts.spoken_words import cues_of_turn


def _recognises(source: Source) -> bool:
    return any("start_timestamp" in word for turn in _turns(source)[:200] for word in objects_at(turn, "words")[:1])


def _path(source: Source) -> tuple[str, ...]:
    return ("transcript",) if objects_at(source.document, "transcript") else ()


def _turns(source: Source) -> list[dict[str, object]]:
    """Returns the turns; of the messages of a stream, those that are final."""
    turns = objects_at(source.document, *_path(source))
    if not any("event" in turn for turn in turns[:20]):
        return turns
    events = [turn if turn.get("event") == "transcript.data" else {} for turn in turns]
    found = [at(event, "data", "data") for event in events]
    return [turn if isinstance(turn, dict) else {} for turn in found]


def _read(source: Source) -> Reading:
    cues: list[Cue] = []
    reader = SegmentReader(source, _path(source), Fields())
    for index, turn in enumerate(_turns(source)):
        speaker = speaker_of(turn.get("participant", turn.get("speaker"))) or ""
        words = [word for item in objects_at(turn, "words") if (word := _word(item))]
        for cue in cues_of_turn(words, speaker, reader.place(index)):
            cue.item = index
            cues.append(cue)
    return Reading(cues)


def _word(item: dict[str, object]) -> CueWord | None:
    text = item.get("text")
    if not isinstance(text, str) or not text.strip():
        return None
    start, end = item.get("start_timestamp"), item.get("end_timestamp")
    return CueWord(
        without_surrogates(text),
        seconds_of(at(start, "relative") if isinstance(start, dict) else start),
        seconds_of(at(end, "relative") if isinstance(end, dict) else end),
        confidence_of(item.get("confidence")),
    )


DIALECT = Dialect("Recall.ai", 'is JSON whose "words" have a "start_timestamp"', _recognises, _read)
