"""Erasures: what was said and named in a meeting is removed, also from its history. Nothing takes an erasure back."""

from dataclasses import dataclass
from datetime import datetime

from domain.history import Author
from domain.ids import MeetingId

ERASED_ACTOR = "erased"
"""The actor of an erased meeting's events."""
ERASURE = Author(ERASED_ACTOR)
"""The author of the changes that an erasure makes: only its record says who made it, by an id."""
RETENTION = "retention"
"""The id that stands in place of a principal's where a meeting was erased because of its age."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """The record that a meeting was erased. It holds nothing that the meeting held, and no name of a person."""

    meeting_id: MeetingId
    erased_by: str
    """The id of the principal that erased it: see `domain.principals.Principal.id`."""
    erased_at: datetime
