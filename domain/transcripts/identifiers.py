"""Finds the speakers that programs name in the identifiers of cues: `1 "Dana Reyes" (1234)` (Webex), `Speaker 1`."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from domain.transcripts.labels import is_numbered_speaker, may_be_name

_QUOTED = re.compile(r'([0-9]{1,10})[ \t]+"([^"\n]{0,200})"(?:[ \t]+\([0-9]*\))?')


class Identified(NamedTuple):
    """An identifier without the name of a speaker, and this name."""

    identifier: str
    speaker: str


def speakers_in(identifiers: Sequence[str]) -> list[Identified] | None:
    """Returns the identifiers of the cues of a file with their speakers, or None if they name none.

    All cues must have such an identifier. One that is only a name must say that it is a speaker, or come again: elsewhere,
    identifiers differ.
    """
    stripped = [identifier.strip() for identifier in identifiers]
    quoted = [_QUOTED.fullmatch(identifier) for identifier in stripped]
    if all(quoted):
        return [Identified(found[1], found[2].strip()) for found in quoted if found]
    recur = len(set(stripped)) * 2 <= len(stripped)
    if all(is_numbered_speaker(name) or (recur and not name.isdigit() and may_be_name(name)) for name in stripped):
        return [Identified("", name) for name in stripped]
    return None
