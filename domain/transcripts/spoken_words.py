"""Makes cues of words: of whole transcripts that list words only, and of segments whose words have several speakers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from domain.transcripts.cues import Cue, CueWord

_PAUSE_SECONDS = 1.5
"""The silence after which another cue begins."""
_MAX_CUE_WORDS = 60
_MAX_TURN_CHARS = 15_000
"""The length at which a turn is divided into several cues."""
_MAX_WORD_CHARS = 200
_SENTENCE_ENDS = (".", "?", "!", "\u3002", "\uff1f", "\uff01", "\u061f", "\u0964")


def sentences(words: Sequence[CueWord], place: str) -> list[Cue]:
    """Returns a cue for each sentence, and for each part of one that a speaker or a pause sets apart."""
    cues: list[Cue] = []
    run: list[CueWord] = []
    for word in words:
        if run and (
            word.speaker != run[-1].speaker
            or run[-1].text.rstrip().endswith(_SENTENCE_ENDS)
            or len(run) >= _MAX_CUE_WORDS
            or _is_pause(run[-1], word)
        ):
            cues.append(_cue(run, place))
            run = []
        run.append(word)
    return [*cues, _cue(run, place)] if run else cues


def attach(words: list[CueWord], text: str) -> bool:
    """Adds a mark, or another part, to the last word; returns False if there is none, or it is already as long as words are."""
    if not words or len(words[-1].text) > _MAX_WORD_CHARS:
        return False
    words[-1].text += text
    return True


def cues_of_turn(words: Sequence[CueWord], speaker: str, place: str) -> list[Cue]:
    """Returns a cue of all words that a speaker said in turn, or several if they are longer than a cue can be."""
    cues: list[Cue] = []
    first = 0
    while first < len(words):
        size, after = 0, first
        while after < len(words) and (after == first or size + len(words[after].text) < _MAX_TURN_CHARS):
            size, after = size + len(words[after].text) + 1, after + 1
        cue = _cue(words[first:after], place)
        cue.speaker, first = speaker, after
        cues.append(cue)
    return cues


def split_by_speaker(cue: Cue) -> list[Cue]:
    """Returns the cue, or a cue for each run of words of one speaker if its words have several.

    A word without a speaker belongs to the one before it. The text keeps its spelling if the words can be found in it.
    """
    if not any(word.speaker for word in cue.words):
        return [cue]
    runs: list[list[CueWord]] = []
    speaker = next(word.speaker for word in cue.words if word.speaker)
    for word in cue.words:
        speaker, before = word.speaker or speaker, speaker
        if runs and speaker == before:
            runs[-1].append(word)
        else:
            runs.append([word])
        word.speaker = speaker
    if len(runs) == 1:
        return [replace(cue, speaker=speaker)]
    texts = _slices(cue.text, runs)
    parts: list[Cue] = []
    time = cue.start_time
    for index, (run, text) in enumerate(zip(runs, texts, strict=True)):
        part = replace(cue, text=text, speaker=run[0].speaker, words=run)
        if index:
            part.segment_id = part.external_id = None
        part.start_time = _first(word.start_time for word in run) if index or cue.start_time is None else cue.start_time
        part.start_time = time if part.start_time is None else part.start_time
        part.end_time = _first(word.end_time for word in reversed(run)) if index < len(runs) - 1 else cue.end_time
        part.end_time = part.start_time if part.end_time is None else part.end_time
        time = part.end_time
        parts.append(part)
    return parts


def joined(words: Iterable[CueWord]) -> str:
    """Returns the text of the words. Words that bring their own spaces are joined as they are; punctuation needs none."""
    texts = [word.text for word in words]
    if any(text[:1].isspace() or text[-1:].isspace() for text in texts):
        return "".join(texts).strip()
    text = ""
    for word in texts:
        needs_space = text and not _is_punctuation(word) and not (is_unspaced(text[-1]) and is_unspaced(word[:1]))
        text += f" {word}" if needs_space else word
    return text


def _cue(words: Sequence[CueWord], place: str) -> Cue:
    confidences = [word.confidence for word in words if word.confidence is not None]
    return Cue(
        joined(words),
        _first(word.start_time for word in words),
        _first(word.end_time for word in reversed(words)),
        words[0].speaker,
        place=place,
        confidence=sum(confidences) / len(confidences) if confidences else None,
        words=list(words),
    )


def _slices(text: str, runs: Sequence[Sequence[CueWord]]) -> list[str]:
    """Returns the parts of the text that hold the words of each run, or the words themselves if they are not in it."""
    starts: list[int] = []
    position = 0
    for run in runs:
        for index, word in enumerate(run):
            found = text.find(word.text.strip(), position)
            if found < 0:
                return [joined(run) for run in runs]
            if index == 0:
                starts.append(found)
            position = found + len(word.text.strip())
    ends = [*starts[1:], len(text)]
    return [text[start:end].strip() for start, end in zip([0, *starts[1:]], ends, strict=True)]


def _is_pause(before: CueWord, word: CueWord) -> bool:
    if before.end_time is None or word.start_time is None:
        return False
    return word.start_time - before.end_time > _PAUSE_SECONDS


def _is_punctuation(text: str) -> bool:
    return (
        bool(text)
        and not any(map(str.isalnum, text))
        and text[0] in ".,?!:;)]}%\u3001\u3002\uff0c\uff1f\uff01\u2026'\""
    )


def is_unspaced(character: str) -> bool:
    """Returns whether the character is of a script that puts no spaces between words."""
    return "\u2e80" <= character <= "\u9fff" or "\u0e00" <= character <= "\u0eff" or "\uf900" <= character <= "\uffef"


def _first(times: Iterable[float | None]) -> float | None:
    return next((time for time in times if time is not None), None)
