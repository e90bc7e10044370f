"""Finds what live captions repeat, so that it is taken once.

Live captions grow: each shows the text of the one before, and a few words more. Or they roll up: each shows the last lines of
the one before above its own. Some programs save every state.
"""

from collections.abc import Sequence
from typing import NamedTuple

MAX_GAP_SECONDS = 1.0
"""The longest gap between two states of a text that grows."""
_MIN_GROWN, _MIN_ROLLED = 2, 3
"""The fewest repetitions in a file in which it is a rule that texts are repeated."""
_ROLL_SECONDS = 0.1
"""The longest gap between two captions of which the second repeats the first, and the longest length of one that only does."""
_SAME_SECONDS = 0.001
_NEARLY_SAME_SECONDS = 1.0
_MIN_PART_CHARS = 3
"""The fewest letters of a text that are the beginning of its first word, in scripts that put spaces between words."""
_MIN_REVISED_WORDS = 4
"""The length of a text from which its last word may be another one when it has grown."""
_PUNCTUATION = ".,;:!?\u2026\"'\u201c\u201d\u2018\u2019()[]-\u2013\u2014\u3001\u3002\uff0c\uff1f\uff01\u061f\u060c"


class Spoken(NamedTuple):
    """A text with its times, in seconds."""

    text: str
    start: float
    end: float
    speaker: str = ""
    is_final: bool = True


def firsts_of_grown(texts: Sequence[Spoken]) -> list[int] | None:
    """Returns for each text the index of the first text that it repeats and continues, which is its own if there is none.

    None: no text repeats another. The texts are in the order of the file, and a text is compared with the one before it of
    the same speaker. A text with the start of the one before it continues it, and so does a text that follows a hypothesis
    about the same time; otherwise texts continue each other only in a file where at least half of them do.
    """
    certain: list[int | None] = []
    likely: list[int | None] = []
    latest: dict[str, int] = {}
    for index, text in enumerate(texts):
        before = latest.get(text.speaker)
        latest[text.speaker] = index
        has_grown = before is not None and _follows(texts[before], text) and grows(texts[before].text, text.text)
        certain.append(before if before is not None and _is_newer_state(texts[before], text, has_grown) else None)
        likely.append(before if has_grown else certain[-1])
    # Texts that are only said again are no sign of it.
    count = sum(
        before is not None and len(text.text) > len(texts[before].text)
        for text, before in zip(texts, likely, strict=True)
    )
    chosen = likely if count >= _MIN_GROWN and count * 2 >= len(texts) - 1 else certain
    if not any(before is not None for before in chosen):
        return None
    firsts: list[int] = []
    for index, before in enumerate(chosen):
        firsts.append(index if before is None else firsts[before])
    return firsts


def _follows(before: Spoken, text: Spoken) -> bool:
    return before.start <= text.start <= before.end + MAX_GAP_SECONDS


def _is_newer_state(before: Spoken, text: Spoken, has_grown: bool) -> bool:
    if not before.is_final:
        return abs(text.start - before.start) <= _NEARLY_SAME_SECONDS
    return has_grown and text.end > before.end and text.start - before.start <= _SAME_SECONDS


def grows(before: str, text: str) -> bool:
    """Returns whether the second text repeats the first, whatever its punctuation and capitals, and may have words more."""
    if not before or before[0].casefold() != text[:1].casefold():  # the usual case, in a tenth of the time
        return False
    if text.startswith(before) and not text[len(before) :][:1].isalpha():
        return True
    old, new = _words(before), _words(text)
    if not old or len(new) < len(old) or old[:-1] != new[: len(old) - 1]:
        return False
    last, grown = old[-1], new[len(old) - 1]
    if grown.startswith(last) and (grown == last or len(old) > 1 or len(last) >= _MIN_PART_CHARS or not last.isascii()):
        return True
    return len(old) >= _MIN_REVISED_WORDS and len(new) > len(old)


def _words(text: str) -> list[str]:
    return [word for each in text.casefold().split() if (word := each.strip(_PUNCTUATION))]


class Caption(NamedTuple):
    """The lines of a caption as it is shown, without those that are blank, and its times in seconds."""

    lines: list[str]
    start: float
    end: float
    may_roll: bool
    has_word_times: bool


def repeated_lines(captions: Sequence[Caption], *, is_live: bool) -> list[int] | None:
    """Returns for each caption how many of its first lines the one before it has shown, or None if the file does not roll up.

    YouTube marks the times of the words of the new line, and shows each finished line for 10 ms more. `is_live` says that the
    texts have grown before, so that a single repetition is enough.
    """
    counts: list[int] = []
    before: list[str] = []
    before_start, before_end, marked, worded = 0.0, 0.0, False, 0
    for caption in captions:
        if not caption.may_roll:
            counts.append(0)
            before = []
            worded += bool(caption.lines)
            continue
        lines, count = caption.lines, 0
        if before and lines and lines[0] in before and before_start < caption.start <= before_end + _ROLL_SECONDS:
            sizes = range(min(len(before), len(lines)), 0, -1)
            count = next((size for size in sizes if before[-size:] == lines[:size]), 0)
            is_short = caption.end - caption.start <= _ROLL_SECONDS
            if not (len(lines) > 1 or len(before) > 1 or is_short or marked):
                count = 0
        marked = marked or caption.has_word_times
        counts.append(count)
        if lines:
            worded += 1
            before, before_start, before_end = lines, caption.start, caption.end
    repeated = sum(count > 0 for count in counts)
    return counts if repeated >= (1 if marked or is_live else _MIN_ROLLED) and repeated * 2 >= worded - 1 else None
