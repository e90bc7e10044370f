"""Erasures of speakers: a pseudonym replaces the names of a speaker in some meetings, and takes the place of the words, too.

A speaker is known in a meeting by labels, by the names given to them, and by the speakers of corrections. The record of an
erasure has none of these, only fingerprints of them, by which the same names are found again in a restored backup.
"""

import hmac
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from typing import Annotated

from domain.ids import MeetingId
from domain.rules import Text
from domain.validation import MaxItems

MAX_MEETINGS = 1_000
"""The most meetings in which one call erases a speaker."""
ERASED_TEXT = "[…]"
"""The text of a segment whose words were erased. It has no word that a search could find."""


class SpeakerErasureMode(Enum):
    """The extent of an erasure: PSEUDONYM removes who spoke, and TEXT what was said, too."""

    PSEUDONYM = "PSEUDONYM"
    TEXT = "TEXT"


@dataclass(frozen=True, slots=True)
class EraseSpeaker:
    """The command to erase a speaker. Without meetings it means all of the workspace."""

    name: Annotated[str, Text(200, required=True, strip=True)]
    mode: SpeakerErasureMode
    meeting_ids: Annotated[list[MeetingId], MaxItems(MAX_MEETINGS)] | None = None


@dataclass(slots=True)
class SpeakerErasure:
    """The record that a speaker was erased in a meeting. It has no name, and nothing of what was said."""

    meeting_id: MeetingId
    pseudonym: str
    mode: SpeakerErasureMode
    fingerprints: list[bytes]
    """The fingerprints of the names and labels that the pseudonym replaced: see `ErasureKey`."""
    erased_by: str
    """The id of the principal that erased the speaker: see `domain.principals.Principal.id`."""
    erased_at: datetime


@dataclass(frozen=True, slots=True)
class ErasedSpeaker:
    """The result of an erasure. If everything was erased before, it is that of the last one that changed something."""

    pseudonym: str
    mode: SpeakerErasureMode
    meeting_ids: list[MeetingId]
    """The meetings in which the speaker was found."""
    segment_count: int
    """The number of segments that this call changed."""
    erased_by: str
    erased_at: datetime


@dataclass(frozen=True, slots=True)
class MeetingEvent:
    """The parts of an event in a meeting's history that may name a speaker."""

    version: int
    actor: str
    reason: str | None
    speaker_names: Sequence[Mapping[str, str] | None] | None
    """The names before and after the event; None: it did not change them."""

    @property
    def names(self) -> list[str]:
        """The actor, and all labels and names of speakers."""
        return [
            self.actor,
            *(name for each in self.speaker_names or () if each for pair in each.items() for name in pair),
        ]


class ErasureKey:
    """The secret of a workspace by which names become pseudonyms and fingerprints."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @property
    def id(self) -> str:
        """Identifies the key, and tells nothing of it."""
        return sha256(self._secret).hexdigest()[:16]

    def pseudonym(self, name: str) -> str:
        """Returns the pseudonym of a name, which is the same in all meetings of the workspace."""
        return f"Speaker {self._digest(fold(name))[:4].hex().upper()}"

    def fingerprint(self, meeting_id: MeetingId, folded: str) -> bytes:
        """Returns the fingerprint of a folded name, which is another one in each meeting."""
        return self._digest(f"{meeting_id} {folded}")

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._secret, text.encode(), "sha256")


@dataclass(frozen=True)
class Pseudonymization:
    """The replacement of the names of one speaker of one meeting by a pseudonym."""

    names: frozenset[str]
    """All names of the speaker, folded, with the pseudonym among them."""
    pseudonym: str

    @classmethod
    def of(cls, name: str, pseudonym: str, speaker_names: Mapping[str, str]) -> "Pseudonymization":
        """Finds the names of a speaker: two labels with one name are one speaker, whom each of the three means.

        The empty label is nobody's: if it has a name, only the name is replaced.
        """
        pairs = [{fold(label), fold(given)} - {""} for label, given in speaker_names.items()]
        names = {fold(name), fold(pseudonym)}
        while joined := {each for pair in pairs if pair & names for each in pair} - names:
            names |= joined
        return cls(frozenset(names), pseudonym)

    def is_named(self, text: str | None) -> bool:
        return text is not None and fold(text) in self.names

    def is_in(self, texts: Iterable[str | None]) -> bool:
        """Returns whether one of the texts is a name of the speaker."""
        return any(self.is_named(text) for text in texts)

    def in_speaker_names(self, speaker_names: Mapping[str, str]) -> dict[str, str]:
        """Returns names by label with the pseudonym in place of the speaker's labels, and of all names given to these."""
        replaced = {}
        for label, name in speaker_names.items():
            if self.is_named(label):
                replaced[self.pseudonym] = self.pseudonym
            elif self.is_named(name):
                replaced[self.pseudonym if label else label] = self.pseudonym
            else:
                replaced[label] = name
        return replaced

    def in_event(self, event: MeetingEvent) -> MeetingEvent:
        """Returns the event with the pseudonym in place of the speaker's names, and without a reason that has one of them."""
        names = event.speaker_names
        return replace(
            event,
            actor=self.pseudonym if self.is_named(event.actor) else event.actor,
            reason=None if event.reason and self.is_mentioned(event.reason) else event.reason,
            speaker_names=names and [each and self.in_speaker_names(each) for each in names],
        )

    def is_mentioned(self, text: str) -> bool:
        """Returns whether the text has a name of the speaker as words of its own."""
        folded = fold(text)
        return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", folded) for name in self._original_names)

    @property
    def _original_names(self) -> frozenset[str]:
        return self.names - {fold(self.pseudonym)}

    def fingerprints(self, key: ErasureKey, meeting_id: MeetingId, earlier: Iterable[SpeakerErasure]) -> list[bytes]:
        """Returns the fingerprints of the names, and the ones that earlier erasures of this speaker in the meeting recorded."""
        kept = [
            each.fingerprints for each in earlier if (each.meeting_id, each.pseudonym) == (meeting_id, self.pseudonym)
        ]
        new = {key.fingerprint(meeting_id, name) for name in self._original_names}
        return sorted(new.union(*kept))

    @classmethod
    def again(cls, erasure: SpeakerErasure, key: ErasureKey, names: Collection[str]) -> "Pseudonymization":
        """Finds by its record what an erasure has replaced, among the names that are in the meeting."""
        known = frozenset(erasure.fingerprints)
        found = {name for name in map(fold, names) if key.fingerprint(erasure.meeting_id, name) in known}
        return cls(frozenset({*found, fold(erasure.pseudonym)}), erasure.pseudonym)


@lru_cache(maxsize=10_000)
def fold(name: str) -> str:
    """Returns a name without what makes no difference: case, width, the composition of accents, and the number of blanks."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def pseudonym_of(name: str, earlier: Iterable[SpeakerErasure]) -> str | None:
    """Returns the pseudonym of an earlier erasure that the name is itself, if there is one."""
    return next((each.pseudonym for each in earlier if fold(each.pseudonym) == fold(name)), None)


def last_speaker_names(events: Iterable[MeetingEvent]) -> Mapping[str, str]:
    """Returns the names that a meeting had last, also one that is deleted, by its events in their order."""
    last: Mapping[str, str] = {}
    for event in events:
        if event.speaker_names is not None:
            before, after = event.speaker_names
            last = (before if after is None else after) or {}  # a deletion has only the names before it
    return last
