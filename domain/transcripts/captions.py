"""Makes cues of captions: texts with markup, labels and repeated lines, as WebVTT, SubRip, SBV and TTML have them."""

from collections.abc import Sequence
from typing import NamedTuple

from domain.transcripts import repetition
from domain.transcripts.cues import Cue, NotATranscript, Notes, check_size
from domain.transcripts.identifiers import speakers_in
from domain.transcripts.labels import labelled_texts
from domain.transcripts.markup import (
    BREAK,
    VERBATIM,
    has_inline_times,
    one_line,
    timed_words,
    unescape,
    voices,
    with_named_voices,
    without_tags,
)

_MAX_PAYLOAD_CHARS = 100_000
"""The length limit of a caption with its markup, which is several times that of a segment's text."""
GROWN_NOTE = "texts come again and again as they grow: each is taken once, as it is in the end"


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
    captions = [
        caption._replace(payload=with_named_voices(caption.payload)) if "<v>" in caption.payload else caption
        for caption in captions
    ]
    shown = [without_tags(caption.payload) for caption in captions]
    captions, shown = _taken_once(captions, shown, notes)
    by_voice = [voices(caption.payload, text) for caption, text in zip(captions, shown, strict=True)]
    unvoiced = ["" if parts else text for text, parts in zip(shown, by_voice, strict=True)]
    texts = labelled_texts(unvoiced, [caption.line for caption in captions], notes)
    named = any(by_voice) or any(speaker for labelled in texts for speaker, _ in labelled)
    identified = None if named else speakers_in([caption.identifier for caption in captions])
    cues: list[Cue] = []
    for position, (caption, parts, labelled) in enumerate(zip(captions, by_voice, texts, strict=True)):
        payload = caption.payload
        spoken = (
            [(part.name, unescape(part.text.removeprefix(VERBATIM)).strip(), part.payload) for part in parts]
            if parts
            else [(speaker, text, payload) for speaker, text in labelled]
        )
        place = _place(caption)
        identifier, known = identified[position] if identified else (caption.identifier, "")
        for index, (speaker, text, marked) in enumerate(spoken):
            if text:
                cue = Cue(text, caption.start, caption.end, speaker or known, caption.line, place=place)
                if index == 0:
                    _identify(cue, identifier)
                if "<" in marked:
                    cue.words = timed_words(marked, caption.start, caption.end)
                cue.is_verbatim = VERBATIM in marked
                cues.append(cue)
    return cues


def _taken_once(captions: Sequence[Caption], shown: list[str], notes: Notes) -> tuple[Sequence[Caption], list[str]]:
    """Returns the captions and their texts without those that live captions repeat, with a note.

    Captions with voices are compared when their speakers are known: see `reading`.
    """
    states = [
        repetition.Spoken("" if _is_set(caption) else unescape(text), caption.start, caption.end)
        for caption, text in zip(captions, shown, strict=True)
    ]
    firsts = repetition.firsts_of_grown(states)
    if firsts is not None:
        last_of = {first: index for index, first in enumerate(firsts)}
        repeated = len(captions) - len(last_of)
        notes.add(captions[0].line, GROWN_NOTE, f" ({repeated:,} captions)")
        captions, shown = (
            [
                captions[first]._replace(end=captions[last].end, payload=captions[last].payload)
                for first, last in last_of.items()
            ],
            [shown[last] for last in last_of.values()],
        )
    counts = repetition.repeated_lines(
        [
            repetition.Caption(
                [line for line in unescape(text).split("\n") if line.strip()],
                caption.start,
                caption.end,
                not _is_set(caption),
                has_inline_times(caption.payload),
            )
            for caption, text in zip(captions, shown, strict=True)
        ],
        is_live=firsts is not None,
    )
    if counts is not None:
        notes.add(
            captions[0].line, "the captions repeat the lines before them as they roll up: every line is taken once"
        )
        captions = [
            caption._replace(payload=_without_lines(caption.payload, count)) if count else caption
            for caption, count in zip(captions, counts, strict=True)
        ]
        shown = [
            without_tags(caption.payload) if count else text
            for caption, text, count in zip(captions, shown, counts, strict=True)
        ]
    return captions, shown


def _is_set(caption: Caption) -> bool:
    """Returns whether the caption says itself that it repeats nothing, or who speaks, as no captions do that roll up."""
    return caption.payload.startswith("<v") or VERBATIM in caption.payload


def _without_lines(payload: str, count: int) -> str:
    """Returns the payload without its first lines that show a text."""
    lines = [line for line in BREAK.sub("\n", payload).split("\n") if without_tags(line)]
    return "\n".join(lines[count:])


def _place(caption: Caption) -> str:
    return f"cue {caption.number:,} (line {caption.line:,})"


def _identify(cue: Cue, identifier: str) -> None:
    """Sets the number of the cue, or its external id."""
    identifier = identifier.strip()
    if identifier.isascii() and identifier.isdigit() and len(identifier) <= 10:
        cue.segment_id = int(identifier)
    elif identifier:
        cue.external_id = one_line(identifier)


def as_payload(text: str, speaker: str) -> str:
    """Returns a text in which `<` and `&` are only characters as a payload with the voice of its speaker, if it has one."""
    marked = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    name = speaker.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<v {name}>{marked}" if name else marked
