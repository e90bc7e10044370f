"""What a unit of work has changed that somebody may be waiting for."""

from dataclasses import dataclass, field

from domain.ids import AgentId, KeyId, MeetingId


@dataclass(slots=True)
class Changes:
    """Ids of meetings whose segments (or whose being there) changed, of agents whose configurations did, and of API keys."""

    meetings: set[MeetingId] = field(default_factory=set)
    agents: set[AgentId] = field(default_factory=set)
    keys: set[KeyId] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.meetings or self.agents or self.keys)

    def add(self, others: "Changes") -> None:
        self.meetings |= others.meetings
        self.agents |= others.agents
        self.keys |= others.keys

    def take(self) -> "Changes":
        """All of it, leaving nothing."""
        taken = Changes(self.meetings, self.agents, self.keys)
        self.meetings, self.agents, self.keys = set(), set(), set()
        return taken
