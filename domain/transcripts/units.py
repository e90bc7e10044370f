"""Checks that the times of a transcript can be seconds: milliseconds are a thousand times as slow as people speak."""

import re
from collections.abc import Callable, Sequence
from statistics import median

from domain.transcripts.cues import Cue, NotATranscript, Notes

_SLOWEST_SECONDS_PER_WORD = 100.0
_FASTEST_WORDS_PER_SECOND = 25.0
_UNSPACED_CHARS_PER_WORD = 2
"""The number of characters that stand for a word in scripts without spaces."""
_SOUND = re.compile(r"\s*[\[(*\u266a].*[\])*\u266a]\s*", re.DOTALL)
"""A text that only describes a sound, such as `[Music]`, which can last."""


def check_units(cues: Sequence[Cue], notes: Notes, *, in_milliseconds: bool, has_ends: bool = True) -> None:
    """Corrects times that are milliseconds in place of seconds, or the other way round, with a note.

    `in_milliseconds` says that the times were milliseconds by their dialect, and are divided. Without `has_ends`, a cue lasts
    until the next one, so that only the fastest tells how fast people speak. Raises NotATranscript if the
    times are a hundred times slower than speech, and no milliseconds either.
    """
    pace = _seconds_per_word(cues, median if has_ends else min)
    if pace is None:
        return
    if pace > _SLOWEST_SECONDS_PER_WORD:
        if not all(_is_whole(cue.start_time) and _is_whole(cue.end_time) for cue in cues):
            raise NotATranscript(
                f"the times cannot be seconds: a word would take {pace:,.0f} s. Convert them to seconds and try again"
            )
        notes.add(None, f"the times are read as milliseconds: as seconds, a word would take {pace:,.0f} s")
        _scale(cues, 1000, divide=True)
    elif pace * _FASTEST_WORDS_PER_SECOND < 1:
        if in_milliseconds:
            notes.add(
                None, f"the times are read as seconds: as milliseconds, {1 / pace:,.0f} words would be said in a second"
            )
            _scale(cues, 1000, divide=False)
        else:
            notes.add(None, f"{1 / pace:,.0f} words are said in a second, which nobody can: are the times seconds?")


def _seconds_per_word(cues: Sequence[Cue], choose: Callable[[list[float]], float]) -> float | None:
    """Returns the pace that is chosen of those of the cues that have a duration, or None if there are none."""
    paces = [
        (cue.end_time - cue.start_time) / _words(cue.text)
        for cue in cues
        if cue.start_time is not None
        and cue.end_time is not None
        and cue.end_time > cue.start_time
        and not _SOUND.fullmatch(cue.text)
    ]
    return choose(paces) if paces else None


def _words(text: str) -> int:
    words = len(text.split())
    return words if text.isascii() else max(words, len(text) // (_UNSPACED_CHARS_PER_WORD * 4), 1)


def _is_whole(time: float | None) -> bool:
    return time is None or time.is_integer()


def _scale(cues: Sequence[Cue], factor: int, *, divide: bool) -> None:
    for cue in cues:
        for timed in (cue, *cue.words):
            for name in ("start_time", "end_time"):
                time = getattr(timed, name)
                if time is not None:
                    setattr(timed, name, time / factor if divide else time * factor)
