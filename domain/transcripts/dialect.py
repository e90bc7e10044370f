"""Defines a dialect of transcript files, and finds all of them: each is a module in `domain.transcripts.dialects`."""

import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from domain.transcripts import dialects
from domain.transcripts.cues import Reading, quoted
from domain.transcripts.source import Source
from domain.transcripts.speaker_turns import Turn


@dataclass(frozen=True)
class Dialect:
    """A way in which programs write transcripts. A module of `domain.transcripts.dialects` has one, called `DIALECT`."""

    name: str
    beginning: str
    """The way to tell such a file, as a message ends: `begins with the word WEBVTT`."""
    recognises: Callable[[Source], bool]
    """Returns whether the content of the file is of this dialect."""
    read: Callable[[Source], Reading]
    """Returns the cues of a file that is of this dialect. Raises NotATranscript."""
    extensions: tuple[str, ...] = ("json",)
    generality: int = 0
    """The dialects that would recognise files of others, too, are asked after those: the more general, the later."""
    read_turns: Callable[[Source], list[Turn]] | None = None
    """Returns the turns of the speakers of a file that has no words; None for dialects that have words."""
    may_repeat: bool = True
    """Tells whether programs may write a text several times while it grows."""
    has_units: bool = False
    """Tells whether the times of the files say themselves that they are seconds, so that nothing is to be guessed."""


@cache
def all_dialects() -> tuple[Dialect, ...]:
    """Returns the dialects in the order in which they are asked whether they recognise a file."""
    modules = (
        import_module(f"{dialects.__name__}.{module.name}") for module in pkgutil.iter_modules(dialects.__path__)
    )
    return tuple(sorted((module.DIALECT for module in modules), key=lambda dialect: (dialect.generality, dialect.name)))


def not_recognised(source: Source) -> str:
    """Returns the message for a file of no dialect: what it looks like, and what comes nearest by the name of the file."""
    named = [
        dialect
        for dialect in all_dialects()
        if dialect.beginning and source.extension in dialect.extensions and source.extension != "json"
    ]
    forms = (
        "; ".join(f"{dialect.name} {dialect.beginning}" for dialect in named) or f"the file looks like {_look(source)}"
    )
    message = f"line {source.first_line + 1:,} begins no transcript ({forms}): {quoted(source.first)}"
    return message if named and source.extension != "txt" else f"{message}. {_KNOWN}"


_KNOWN = (
    "What is read: WebVTT, SubRip, SubStation, SBV, SUB, LRC, TTML, RTTM, CSV, plain text with times, and JSON of Whisper and"
    " many others (all of them are in docs/transcript-files.md)"
)


_OTHER_FORMATS = (
    (r'file type = "ootextfile"|"ootextfile"', "a TextGrid of Praat: export its intervals as a table"),
    (r"<annotation_document\b", "a document of ELAN: export it as a table (tab-delimited text) or SubRip"),
    (r"scenarist_scc", "SCC, whose captions are codes of a television: convert it to WebVTT or SubRip"),
    (r"[0-9]{3}stl[0-9]{2}\.", "EBU STL, a binary format of television: convert it to WebVTT or SubRip"),
    (r"\$fontname|//font select", "STL of Spruce: convert it to SubRip"),
)
"""Formats of transcripts and captions that are not read: how they begin, in lower case, and what they are."""


def _look(source: Source) -> str:
    """Returns what a file seems to be, as a message names it."""
    start = source.first.lower()
    beginning = re.sub(r"^\s*(?:<\?xml[^>]*>\s*|<!--[^>]*>\s*)*+", "", source.text[:2_000].lower())
    for pattern, name in _OTHER_FORMATS:
        if re.match(pattern, beginning):
            return name
    lines = [line for line in source.lines[source.first_line : source.first_line + 20] if line.strip()]
    if start.startswith(("<!doctype html", "<html")):
        return "a web page"
    if start.startswith("<"):
        return "XML of another kind"
    if start.startswith(("{\\rtf", "%pdf")):
        return "a document of a word processor: save it as plain text"
    if len(lines) > 1 and any(lines[0].count(mark) == lines[1].count(mark) > 1 for mark in ",;\t"):
        return "a table: its first row must name the columns, at least those of the text and the start"
    if sum(": " in line for line in lines) * 2 > len(lines):
        return "what was said, without times"
    return "text without times"
