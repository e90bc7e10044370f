"""Filters of lists: every condition that is not None must hold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from domain.configs import ModelName, ModelProvider
from domain.ids import AgentId, ExternalId
from domain.json_objects import JsonObject
from domain.meetings import MeetingState
from domain.rules import Text

SearchedText = Annotated[str, Text(200, required=True)]


@dataclass(frozen=True, slots=True)
class AgentFilter:
    """Filters agents. `text` is searched in name, slug and description, ignoring case."""

    text: SearchedText | None = None
    model_provider: ModelProvider | None = None
    model_name: ModelName | None = None
    has_active_variant: bool | None = None


@dataclass(frozen=True, slots=True)
class MeetingFilter:
    """Filters meetings. `text` is searched in the title, ignoring case.

    `created_after` is included, `created_before` is not. The meeting's metadata must contain `metadata`.
    """

    text: SearchedText | None = None
    external_id: ExternalId | None = None
    state: MeetingState | None = None
    agent_id: AgentId | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    metadata: JsonObject | None = None
