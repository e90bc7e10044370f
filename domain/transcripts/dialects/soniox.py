"""Reads the transcripts of Soniox: tokens, which are parts of words, with times in milliseconds."""

from domain.transcripts.cues import CueWord, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import confidence_of, objects_at, seconds_of, speaker_of
from domain.transcripts.source import Source, without_surrogates
from domain.transcripts.spoken_words import attach, is_unspaced, sentences

_MARKS = ("<end>", "<fin>")
"""The tokens that say where an utterance ends."""


def _recognises(source: Source) -> bool:
    return any("start_ms" in token and "text" in token for token in objects_at(source.document, "tokens")[:20])


def _read(source: Source) -> Reading:
    words: list[CueWord] = []
    for token in objects_at(source.document, "tokens"):
        text = token.get("text")
        if not isinstance(text, str) or not text or text in _MARKS:
            continue
        if token.get("translation_status") == "translation":
            source.notes.add(None, "the file has a translation beside what was said, which is left out")
            continue
        speaker = speaker_of(token.get("speaker")) or ""
        start, end = seconds_of(token.get("start_ms"), 0.001), seconds_of(token.get("end_ms"), 0.001)
        text = without_surrogates(text)
        if words and words[-1].speaker == speaker and _goes_on(text) and attach(words, text):
            words[-1].end_time = words[-1].end_time if end is None else end
        else:
            words.append(CueWord(text, start, end, confidence_of(token.get("confidence")), speaker))
    cues = sentences(words, "tokens")
    for cue in cues:
        for word in cue.words:
            word.text = word.text.strip()
    return Reading(cues, in_milliseconds=True)


def _goes_on(token: str) -> bool:
    """Returns whether a token is a part of the word before it: in scripts without spaces, only its punctuation is."""
    return not token[0].isspace() and not (is_unspaced(token[0]) and any(map(str.isalnum, token)))


DIALECT = Dialect("Soniox", 'is JSON whose "tokens" have a "start_ms"', _recognises, _read)
