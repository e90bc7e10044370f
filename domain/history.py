"""History: every change of an agent, a variant, a meeting or a webhook is an event, and events never change."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from domain.cursors import CursorFormat
from domain.ids import VariantId
from domain.optimistic_locking import Version
from domain.rules import Text

ANONYMOUS = "anonymous"
"""The actor of a caller who does not give a name."""
ACTOR = Text(200, required=True, strip=True)
"""The rule of an actor."""
REASON = Text(1_000)
"""The rule of a reason: why something was changed, in the caller's words."""

ACTIVE_VARIANT = "active_variant_id"
"""The field that activations change."""


@dataclass(frozen=True, slots=True)
class Author:
    """The one who makes a change, and the reason for it."""

    actor: str = ANONYMOUS
    reason: str | None = None


class Aggregate(Enum):
    """The kinds of entities that have a history. The events of a variant are in its agent's history."""

    AGENT = "AGENT"
    MEETING = "MEETING"
    WEBHOOK = "WEBHOOK"


class EventKind(Enum):
    """The kind of a change. ROLLED_BACK restores an earlier activation or an earlier configuration."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    ACTIVATED = "ACTIVATED"
    DEACTIVATED = "DEACTIVATED"
    STATE_CHANGED = "STATE_CHANGED"
    ROLLED_BACK = "ROLLED_BACK"
    DELETED = "DELETED"


ACTIVATIONS = frozenset({EventKind.ACTIVATED, EventKind.DEACTIVATED, EventKind.ROLLED_BACK})
"""The kinds of an agent's events that can change what is active. (A rollback may restore the configuration instead.)"""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field's value before and after a change. `before` is None in a creation, and `after` in a deletion."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Event:
    """A change. It is immutable, and the database refuses a change without one."""

    aggregate: Aggregate
    aggregate_id: UUID
    """The agent, meeting or webhook whose history the event is in."""
    entity_id: UUID
    """The agent, variant, meeting or webhook that changed."""
    version: int
    """The version of the entity that the change made. A deletion counts as one."""
    kind: EventKind
    actor: str
    reason: str | None
    restored_version: int | None
    """The version that a rollback restored."""
    created_at: datetime
    variant_id: VariantId | None
    """The variant that changed, that was activated, or that was deactivated."""
    changes: list[FieldChange] | None = None
    """The fields that changed, or None if they were not read: they can be long."""

    @property
    def id(self) -> str:
        return f"{self.entity_id}:{self.version}"


EntityVersion = tuple[UUID, int]
"""The id of an agent, a variant or a meeting, and one of its versions, which one event made."""


@dataclass(frozen=True, slots=True)
class History:
    """The events of an agent, a meeting or a webhook. With `variant_id`, only an agent's events that are about that variant."""

    aggregate: Aggregate
    id: UUID
    variant_id: VariantId | None = None


class EventCursorKey(NamedTuple):
    """The key of an event in a history. It is not the event's number: the numbers count the events of all workspaces."""

    entity_id: UUID
    version: Version


HISTORY_CURSOR = CursorFormat("history", EventCursorKey)


def event_cursor(event: Event) -> str:
    """Returns the event's cursor in its history."""
    return HISTORY_CURSOR.encode(str(event.entity_id), event.version)
