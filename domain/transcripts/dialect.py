"""Defines a dialect of transcript files, and finds all of them: each is a module in `domain.transcripts.dialects`."""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from domain.transcripts import dialects
from domain.transcripts.cues import Reading
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
