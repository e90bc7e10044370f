"""History: every change of an agent, a variant or a meeting is an event, and events never change."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from domain import cursors
from domain.ids import VariantId, uuid
from domain.validation import Rule, integer, nullable, text

ANONYMOUS = "anonymous"
"""The actor of a caller who does not say."""
ACTOR: Rule = text(200, required=True, strip=True)
REASON: Rule = nullable(text(1_000))
"""Why something was changed, in the caller's words."""

ACTIVE_VARIANT = "active_variant_id"
"""The field that activations change."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, and why."""

    actor: str = ANONYMOUS
    reason: str | None = None


class Aggregate(Enum):
    """Of what there are histories. A variant's events are in its agent's."""

    AGENT = "AGENT"
    MEETING = "MEETING"


class EventKind(Enum):
    """What happened. A return to something earlier is ROLLED_BACK, whether of an activation or of a configuration."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    ACTIVATED = "ACTIVATED"
    DEACTIVATED = "DEACTIVATED"
    STATE_CHANGED = "STATE_CHANGED"
    ROLLED_BACK = "ROLLED_BACK"
    DELETED = "DELETED"


ACTIVATIONS = frozenset({EventKind.ACTIVATED, EventKind.DEACTIVATED, EventKind.ROLLED_BACK})
"""The kinds of an agent's events that change what is active (a rollback may change its configuration instead)."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's value before and after; None before a creation and after a deletion."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Event:
    """One change.

    `aggregate` and `aggregate_id` say in whose history it is. `entity_id` is what changed, and `version` the version that
    this made of it (a deletion counts as one). `restored_version`: that which a rollback brought back. `variant_id` is the
    variant that it is about: the one that changed, that was activated, or that was deactivated. `changes` is None where they
    were not read: they may be long.
    """

    aggregate: Aggregate
    aggregate_id: UUID
    entity_id: UUID
    version: int
    kind: EventKind
    actor: str
    reason: str | None
    restored_version: int | None
    created_at: datetime
    variant_id: VariantId | None
    changes: list[FieldChange] | None = None

    @property
    def id(self) -> str:
        return f"{self.entity_id}:{self.version}"


Version = tuple[UUID, int]
"""The id of an agent, a variant or a meeting, and a version of it: one event made it."""
CURSOR: Rule = cursors.cursor("history", uuid, integer(1))
"""A cursor names the version that an event made."""


def event_cursor(event: Event) -> str:
    return cursors.encode("history", str(event.entity_id), event.version)


@dataclass(frozen=True, slots=True)
class History:
    """The events of an agent or a meeting; with a variant, those of an agent's that are about it."""

    aggregate: Aggregate
    id: UUID
    variant_id: VariantId | None = None
