"""Reads the results of IBM Watson Speech to Text, in which words are lists of a text, a start and an end."""

from domain.transcripts.cues import Cue, CueWord, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import at, confidence_of, objects_at, seconds_of, speaker_of
from domain.transcripts.source import Source, without_surrogates
from domain.transcripts.spoken_words import joined, split_by_speaker


def _recognises(source: Source) -> bool:
    return any(
        isinstance(at(result, "alternatives", 0, "timestamps"), list)
        for result in objects_at(source.document, "results")[:20]
    )


def _read(source: Source) -> Reading:
    source.items_path = ("results",)
    speakers = {
        seconds_of(label.get("from")): speaker_of(label.get("speaker")) or ""
        for label in objects_at(source.document, "speaker_labels")
    }
    cues: list[Cue] = []
    for index, result in enumerate(objects_at(source.document, "results")):
        timestamps = at(result, "alternatives", 0, "timestamps")
        timed = timestamps if isinstance(timestamps, list) else []
        words = [word for each in timed if (word := _word(each, speakers))]
        text = at(result, "alternatives", 0, "transcript")
        if words:
            said = without_surrogates(text).strip() if isinstance(text, str) else joined(words)
            cue = Cue(said, words[0].start_time, words[-1].end_time, place=f"results[{index}]", words=words)
            cue.confidence, cue.item = confidence_of(at(result, "alternatives", 0, "confidence")), index
            cue.is_final = result.get("final") is not False
            cues += split_by_speaker(cue)
    return Reading(cues)


def _word(timed: object, speakers: dict[float | None, str]) -> CueWord | None:
    if not isinstance(timed, list) or len(timed) != 3 or not isinstance(timed[0], str) or not timed[0].strip():
        return None
    start = seconds_of(timed[1])
    return CueWord(without_surrogates(timed[0].strip()), start, seconds_of(timed[2]), None, speakers.get(start, ""))


DIALECT = Dialect("IBM Watson", 'is JSON whose "results" have "alternatives" with "timestamps"', _recognises, _read)
