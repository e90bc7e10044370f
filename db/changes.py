"""What a unit of work has changed that somebody may be waiting for."""

from dataclasses import dataclass, field

from domain.ids import AgentId, MeetingId


@dataclass(slots=True)
class Changes:
    """Ids of meetings whose segments (or whose being there) changed, and of agents whose configurations did."""

    meetings: set[MeetingId] = field(default_factory=set)
    agents: set[AgentId] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.meetings or self.agents)

    def add(self, others: "Changes") -> None:
        self.meetings |= others.meetings
        self.agents |= others.agents

    def take(self) -> "Changes":
        """All of it, leaving nothing."""
        taken = Changes(self.meetings, self.agents)
        self.meetings, self.agents = set(), set()
        return taken
