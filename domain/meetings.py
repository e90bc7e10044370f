"""Meetings: their states, and what a caller can change of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated

from domain.errors import Conflict
from domain.ids import AgentId, ExternalId, MeetingId, new_id
from domain.json_objects import JsonObject, same_json
from domain.optimistic_locking import Versioned
from domain.partial_updates import OMITTED, Omitted, updated
from domain.rules import Text
from domain.validation import parse

Title = Annotated[str, Text(500, required=True, strip=True)]


class MeetingState(Enum):
    """The state of a meeting."""

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
"""The states that can follow each state."""
ENDED = frozenset({MeetingState.STOPPED, MeetingState.COMPLETED, MeetingState.ERROR})


@dataclass(slots=True)
class Meeting(Versioned):
    """A meeting. `change_seq` numbers the writes of its segments (see `domain.segments`) and is no part of its version.

    Times that are not stored yet are provisional: when the meeting is stored, the database's clock sets them.
    """

    id: MeetingId
    external_id: str | None
    title: str
    state: MeetingState
    metadata: dict[str, object]
    speaker_names: dict[str, str]
    """The names given to speakers, by the labels under which they are heard."""
    agent_id: AgentId | None
    version: int
    change_seq: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    held_at: datetime | None
    """The time since which the meeting is held: while it is, it can be neither deleted nor erased."""

    @classmethod
    def create(
        cls,
        title: str,
        *,
        agent_id: AgentId | None = None,
        metadata: Mapping[str, object] | None = None,
        external_id: str | None = None,
    ) -> "Meeting":
        """Returns a new meeting, which is not stored yet. Raises InvalidInput."""
        values = {
            "title": title,
            "agent_id": agent_id,
            "metadata": dict(metadata or {}),
            "external_id": external_id,
        }
        return parse(CreateMeeting, values, "input").meeting()

    def hold(self) -> "Meeting":
        """Returns the meeting held. One that is held already stays as it is."""
        return self if self.held_at else replace(self, held_at=datetime.now(UTC))

    def release(self) -> "Meeting":
        """Returns the meeting without its hold."""
        return replace(self, held_at=None)

    def expect_not_held(self) -> None:
        """Raises Conflict if the meeting is held."""
        if self.held_at:
            raise Conflict(
                f"the meeting {self.id} is held: release it first, with holdMeeting(hold: false)", self.version
            )


@dataclass(frozen=True, slots=True)
class CreateMeeting:
    """The command to create a meeting. If there is one with the same external id, that is the result."""

    title: Title
    external_id: ExternalId | None = None
    agent_id: AgentId | None = None
    metadata: JsonObject = field(default_factory=dict)

    def meeting(self) -> Meeting:
        """Returns a new meeting, which is not stored yet."""
        now = datetime.now(UTC)
        return Meeting(
            id=MeetingId(new_id()),
            external_id=self.external_id,
            title=self.title,
            state=MeetingState.CREATED,
            metadata=self.metadata,
            speaker_names={},
            agent_id=self.agent_id,
            version=1,
            change_seq=0,
            created_at=now,
            updated_at=now,
            started_at=None,
            ended_at=None,
            held_at=None,
        )


@dataclass(frozen=True, slots=True)
class UpdateMeeting:
    """The command to update a meeting."""

    title: Title | Omitted = OMITTED
    agent_id: AgentId | Omitted | None = OMITTED
    """The new agent; None takes the present one away."""
    metadata: JsonObject | Omitted = OMITTED
    state: MeetingState | Omitted = OMITTED

    def apply(self, meeting: Meeting) -> Meeting:
        """Returns the updated meeting. Raises Conflict if the state cannot follow the present one."""
        state = meeting.state if self.state is OMITTED else self.state
        return change_state(updated(meeting, replace(self, state=OMITTED)), state)


def differs(changed: Meeting, meeting: Meeting) -> bool:
    """Returns whether a field has another value."""
    return changed != meeting or not same_json(changed.metadata, meeting.metadata)


def change_state(meeting: Meeting, state: MeetingState) -> Meeting:
    """Returns the meeting in another state, or as it is if it is in that state already.

    `started_at` is the time of the first recording. `ended_at` is the time of the last stop; it is empty again when the
    meeting resumes. Raises Conflict if the state cannot follow the present one.
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
        ended_at = max(now, meeting.started_at)  # the clock of another server may be ahead
        return replace(meeting, state=state, ended_at=ended_at)
    return replace(meeting, state=state)
