"""Makes the words of a segment of those of a cue, which can lack times."""

from collections.abc import Sequence

from domain.times import MAX_TIME_SECONDS
from domain.transcripts.cues import Cue, CueWord
from domain.word_timings import MAX_WORDS, Word

_MAX_WORD_CHARS = 200


def words_of_cue(cue: Cue) -> list[Word] | None:
    """Returns the words of a cue, or None if it has none with times, or such that no segment can have.

    A word without a start starts where the one before it ends; one without an end ends where the next one starts. WhisperX, for
    example, finds no times for numbers.
    """
    if not 1 <= len(cue.words) <= MAX_WORDS or cue.start_time is None or cue.end_time is None:
        return None
    if all(word.start_time is None for word in cue.words):
        return None
    words: list[Word] = []
    before = cue.start_time
    for index, word in enumerate(cue.words, 1):
        text, start, end = word.text, word.start_time, word.end_time
        if len(text) > _MAX_WORD_CHARS or not text.strip() or "\x00" in text:
            return None
        if start is None:
            start = before
        if end is None:
            end = _next_start(cue.words, index, cue.end_time)
        if not 0.0 < start <= end <= MAX_TIME_SECONDS:
            start = _valid(start)
            end = max(start, _valid(end))
        words.append(Word(text, start, end, word.confidence))
        before = end
    return words


def _next_start(words: Sequence[CueWord], index: int, end: float) -> float:
    """Returns the start of the word at this index, or else the end of the cue."""
    start = words[index].start_time if index < len(words) else None
    return end if start is None else start


def _valid(time: float) -> float:
    return min(max(time, 0.0), float(MAX_TIME_SECONDS)) + 0.0  # -0.0 becomes 0.0
