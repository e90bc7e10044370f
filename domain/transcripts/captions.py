"""Makes cues of captions: texts with markup, labels and repeated lines, as WebVTT, SubRip, SBV and TTML have them."""

from collections.abc import Sequence
from typing import NamedTuple

from domain.transcripts.cues import Cue, NotATranscript, Notes, check_size
from domain.transcripts.labels import labelled_texts
from domain.transcripts.markup import VERBATIM, has_inline_times, one_line, timed_words, unescape, voices, without_tags

_MAX_PAYLOAD_CHARS = 100_000
"""The length limit of a caption with its markup, which is several times that of a segment's text."""
_MIN_ROLLED = 3
"""The fewest captions that repeat the one before, in a file that does so as a rule."""
_ROLL_SECONDS = 0.1
"""The longest gap between two captions of which the second repeats the first, and the longest length of one that only does."""


class Caption(NamedTuple):
    """A caption as it stands in the file. `number` and `line` count from 1; times are seconds."""

    number: int
    line: int
    start: float
    end: float
    identifier: str
    payload: str


def cues_of(captions: Sequence[Caption], notes: Notes) -> list[Cue]:
    """Returns the cues of a file's captions: without markup, by speaker, and with every line only once.

    Voice tags name the speakers of a caption that has them; other captions are searched for labels. A caption with several
    speakers gives several cues, of the same times.
    """
    check_size(len(captions))
    for caption in captions:
        if len(caption.payload) > _MAX_PAYLOAD_CHARS:
            raise NotATranscript(f"{_place(caption)}: it has more than {_MAX_PAYLOAD_CHARS:,} characters")
    payloads = [caption.payload for caption in captions]
    rolled = _rolled(captions)
    if rolled is not None:
        notes.add(
            captions[0].line, "the captions repeat the lines before them as they roll up: every line is taken once"
        )
        payloads = rolled
    by_voice = [voices(payload) for payload in payloads]
    unvoiced = ["" if parts else without_tags(payload) for payload, parts in zip(payloads, by_voice, strict=True)]
    texts = labelled_texts(unvoiced, [caption.line for caption in captions], notes)
    cues: list[Cue] = []
    for caption, payload, parts, labelled in zip(captions, payloads, by_voice, texts, strict=True):
        spoken = (
            [(part.name, unescape(part.text).strip(), part.payload) for part in parts]
            if parts
            else [(speaker, text, payload) for speaker, text in labelled]
        )
        place = _place(caption)
        for index, (speaker, text, marked) in enumerate(spoken):
            if text:
                cue = Cue(text, caption.start, caption.end, speaker, caption.line, place=place)
                if index == 0:
                    _identify(cue, caption.identifier.strip())
                if "<" in marked:
                    cue.words = timed_words(marked, caption.start, caption.end)
                cues.append(cue)
    return cues


def _place(caption: Caption) -> str:
    return f"cue {caption.number:,} (line {caption.line:,})"


def _identify(cue: Cue, identifier: str) -> None:
    """Sets the number of the cue, or its external id."""
    if identifier.isascii() and identifier.isdigit() and len(identifier) <= 10:
        cue.segment_id = int(identifier)
    elif identifier:
        cue.external_id = one_line(identifier)


def _rolled(captions: Sequence[Caption]) -> list[str] | None:
    """Returns the payloads without the lines that each caption repeats from the one before, or None if the file is not so.

    Live captions scroll: each caption shows the last line of the one before above its own. YouTube marks the times of the
    words of the new line, and shows each finished line for 10 ms more.
    """
    payloads: list[str] = []
    before: list[str] = []
    before_start, before_end, repeated, marked = 0.0, 0.0, 0, False
    for caption in captions:
        if caption.payload.startswith("<v"):  # captions that name their speakers do not roll
            payloads.append(caption.payload)
            before = []
            continue
        lines = [line for line in caption.payload.split("\n") if line.strip()]
        shown = [unescape(without_tags(line)) for line in lines] if "<" in caption.payload else lines
        count = 0
        follows = before_start < caption.start <= before_end + _ROLL_SECONDS
        if before and follows and not caption.payload.startswith(VERBATIM):
            count = next(
                (size for size in range(min(len(before), len(shown)), 0, -1) if before[-size:] == shown[:size]), 0
            )
        if count and (len(shown) > 1 or len(before) > 1 or caption.end - caption.start <= _ROLL_SECONDS or marked):
            repeated += 1
        else:
            count = 0
        marked = marked or has_inline_times(caption.payload)
        payloads.append("\n".join(lines[count:]))
        if shown:
            before, before_start, before_end = shown, caption.start, caption.end
    worded = sum(1 for caption in captions if caption.payload.strip())
    if repeated >= (1 if marked else _MIN_ROLLED) and repeated * 2 >= worded - 1:
        return payloads
    return None
