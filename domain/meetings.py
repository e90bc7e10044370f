"""Meetings: their states and what a caller may change of them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from domain.errors import Conflict
from domain.ids import AgentId, MeetingId, new_id, uuid
from domain.optimistic_locking import Versioned
from domain.validation import Check, Rule, Violation, nullable, one_of, storable, text

MAX_METADATA_VALUES = 1_000
MAX_METADATA_DEPTH = 16
_metadata_text = storable(10_000)


class MeetingState(Enum):
    """Where a meeting stands."""

    CREATED = "CREATED"
    RECORDING = "RECORDING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    COMPLETED = "COMPLETED"
    ERROR = "ERROR"


TRANSITIONS: dict[MeetingState, frozenset[MeetingState]] = {
    MeetingState.CREATED: frozenset({MeetingState.RECORDING, MeetingState.COMPLETED, MeetingState.ERROR}),
    MeetingState.RECORDING: frozenset({MeetingState.STOPPING, MeetingState.STOPPED, MeetingState.ERROR}),
    MeetingState.STOPPING: frozenset({MeetingState.STOPPED, MeetingState.ERROR}),
    MeetingState.STOPPED: frozenset({MeetingState.RECORDING, MeetingState.COMPLETED, MeetingState.ERROR}),
    MeetingState.COMPLETED: frozenset(),
    MeetingState.ERROR: frozenset(),
}
ENDED = frozenset({MeetingState.STOPPED, MeetingState.COMPLETED, MeetingState.ERROR})


def json_object(value: Any) -> dict[str, Any]:
    """A rule: a JSON object that PostgreSQL can hold and every JSON reader can read, of bounded size and depth."""
    if not isinstance(value, dict):
        raise Violation("must be a JSON object")
    values = 0

    def visit(item: Any, depth: int) -> None:
        nonlocal values
        values += 1
        if values > MAX_METADATA_VALUES or depth > MAX_METADATA_DEPTH:
            raise Violation(
                f"must have at most {MAX_METADATA_VALUES:,} values, nested {MAX_METADATA_DEPTH} deep at most"
            )
        if isinstance(item, str):
            _metadata_text(item)
        elif isinstance(item, bool) or item is None:
            pass
        elif isinstance(item, int):
            if not -(2**63) <= item < 2**64:
                raise Violation("must not have whole numbers beyond 64 bits: give them as texts")
        elif isinstance(item, float):
            if not math.isfinite(item):
                raise Violation("must have only finite numbers")
        elif isinstance(item, dict):
            for key, inner in item.items():
                visit(key, depth + 1)
                visit(inner, depth + 1)
        elif isinstance(item, list):
            for inner in item:
                visit(inner, depth + 1)
        else:
            raise Violation("must have only JSON values")

    visit(value, 0)
    return value


meeting_state: Rule = one_of(MeetingState)


@dataclass(slots=True)
class Meeting(Versioned):
    """A meeting. `change_seq` numbers the writes of its segments (see `domain.segments`) and is no part of its version."""

    id: MeetingId
    title: str
    state: MeetingState
    metadata: dict[str, Any]
    agent_id: AgentId | None
    version: int
    change_seq: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def create(
        cls, title: str, *, agent_id: AgentId | None = None, metadata: Mapping[str, Any] | None = None
    ) -> "Meeting":
        """A new meeting, not yet stored. Raises InvalidInput."""
        return new_meeting({"title": title, "agent_id": agent_id, "metadata": dict(metadata or {})})


MEETING_RULES: dict[str, Rule] = {
    "title": text(500, required=True, strip=True),
    "metadata": json_object,
    "agent_id": nullable(uuid),
    "state": meeting_state,
}


def new_meeting(values: Mapping[str, Any]) -> Meeting:
    """Check an input; null asks for the default. Raises InvalidInput."""
    check = Check()
    given = {name: value for name, value in values.items() if value is not None}
    stored = check.fields(MEETING_RULES, given, "input")
    check.done()
    now = datetime.now(UTC)
    return Meeting(
        id=MeetingId(new_id()),
        title=stored["title"],
        state=MeetingState.CREATED,
        metadata=stored.get("metadata", {}),
        agent_id=stored.get("agent_id"),
        version=1,
        change_seq=0,
        created_at=now,
        updated_at=now,
        started_at=None,
        ended_at=None,
    )


def patch_meeting(meeting: Meeting, values: Mapping[str, Any]) -> Meeting:
    """The meeting with the given fields set. Raises InvalidInput, and Conflict for a step between states that is none."""
    check = Check()
    stored = check.fields(MEETING_RULES, values, "input")
    check.done()
    state = stored.pop("state", meeting.state)
    return change_state(replace(meeting, **stored), state)


def differs(changed: Meeting, meeting: Meeting) -> bool:
    """Whether the two are not the same. (For Python 1 and true are equal; in JSON they are two values.)"""
    return changed != meeting or not _same(changed.metadata, meeting.metadata)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def change_state(meeting: Meeting, state: MeetingState) -> Meeting:
    """The meeting in a state that can follow its own (or is its own). Raises Conflict.

    `started_at` is when it first recorded; `ended_at` when it last stopped, and is empty again when it resumes.
    """
    if state is meeting.state:
        return meeting
    if state not in TRANSITIONS[meeting.state]:
        possible = ", ".join(sorted(following.name for following in TRANSITIONS[meeting.state])) or "none"
        raise Conflict(
            f"a meeting that is {meeting.state.name} cannot become {state.name}; possible: {possible}", meeting.version
        )
    now = datetime.now(UTC)
    if state is MeetingState.RECORDING:
        return replace(meeting, state=state, started_at=meeting.started_at or now, ended_at=None)
    if state in ENDED and meeting.started_at and not meeting.ended_at:
        return replace(
            meeting, state=state, ended_at=max(now, meeting.started_at)
        )  # another server's clock may be ahead
    return replace(meeting, state=state)
