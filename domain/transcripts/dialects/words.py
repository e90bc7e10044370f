"""Reads documents that list words only, with their times, as OpenAI's API and NeMo give them."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, at, objects_at, words_of
from domain.transcripts.source import Source
from domain.transcripts.spoken_words import sentences

_FIELDS = Fields(speaker=("speaker", "speaker_label", "speaker_id"))


def _recognises(source: Source) -> bool:
    words = objects_at(source.document, "words")[:3]
    return at(source.document, "segments") is None and any(
        {*_FIELDS.word_text} & word.keys() and {*_FIELDS.start} & word.keys() for word in words
    )


def _read(source: Source) -> Reading:
    words, left_out = words_of(objects_at(source.document, "words"), _FIELDS)
    if left_out:
        source.notes.add(None, "words without a text are left out of the list of words", f" ({left_out:,})")
    return Reading(sentences(words, "words"))


DIALECT = Dialect("JSON words", 'is JSON with a list "words"', _recognises, _read, generality=1)
