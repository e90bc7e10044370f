"""Reads the JSON of Happy Scribe: paragraphs of a speaker, each a list of words and of the spaces between them."""

from domain.transcripts.cues import Cue, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, objects_at, path_text, speaker_of, words_of
from domain.transcripts.source import Source
from domain.transcripts.spoken_words import cues_of_turn

_FIELDS = Fields(start=("data_start",), end=("data_end",))


def _recognises(source: Source) -> bool:
    paragraphs = objects_at(source.document)[:20]
    return any("data_start" in word for paragraph in paragraphs for word in objects_at(paragraph, "words")[:3])


def _read(source: Source) -> Reading:
    cues: list[Cue] = []
    for index, paragraph in enumerate(objects_at(source.document)):
        words, _ = words_of(objects_at(paragraph, "words"), _FIELDS)
        speaker = speaker_of(paragraph.get("speaker")) or ""
        for cue in cues_of_turn(words, speaker, path_text((index,))):
            cue.item = index
            cues.append(cue)
    return Reading(cues)


DIALECT = Dialect("Happy Scribe", 'is JSON whose "words" have a "data_start"', _recognises, _read)
