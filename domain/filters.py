"""What lists can be narrowed by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from domain.ids import AgentId, uuid
from domain.meetings import MeetingState, json_object, meeting_state
from domain.validation import Check, Rule, boolean, moment, text


@dataclass(frozen=True, slots=True)
class AgentFilter:
    """Every given condition must hold. `text` is looked for in name, slug and description, ignoring case."""

    text: str | None = None
    model_provider: str | None = None
    model_name: str | None = None
    has_active_variant: bool | None = None


@dataclass(frozen=True, slots=True)
class MeetingFilter:
    """Every given condition must hold. `text` is looked for in the title, ignoring case; `metadata` must be contained.

    `created_after` is included, `created_before` is not.
    """

    text: str | None = None
    state: MeetingState | None = None
    agent_id: AgentId | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    metadata: dict[str, Any] | None = None


_RULES: dict[str, Rule] = {
    "text": text(200, required=True),
    "model_provider": text(200, required=True, strip=True),
    "model_name": text(200, required=True, strip=True),
    "has_active_variant": boolean,
    "state": meeting_state,
    "agent_id": uuid,
    "created_after": moment,
    "created_before": moment,
    "metadata": json_object,
}

F = TypeVar("F", AgentFilter, MeetingFilter)


def checked_filter(kind: type[F], values: Mapping[str, Any]) -> F:
    """The filter from the values a caller gave; null asks for nothing. Raises InvalidInput."""
    check = Check()
    given = {name: value for name, value in values.items() if value is not None}
    conditions = check.fields(_RULES, given, "filter")
    check.done()
    return kind(**conditions)
