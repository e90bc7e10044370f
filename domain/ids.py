"""Identifiers are UUIDv7 (RFC 9562), so that ids sort by creation. The id of a segment is `<meetingId>:<segmentId>`."""

import re
from typing import Annotated, NewType
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.rules import INT32_MAX, Text, Violation, uuid

WorkspaceId = NewType("WorkspaceId", UUID)
AgentId = NewType("AgentId", UUID)
VariantId = NewType("VariantId", UUID)
MeetingId = NewType("MeetingId", UUID)
KeyId = NewType("KeyId", UUID)
WebhookId = NewType("WebhookId", UUID)
DeliveryId = NewType("DeliveryId", UUID)

EXTERNAL_ID = Text(200, required=True)
ExternalId = Annotated[str, EXTERNAL_ID]
"""An id that a caller gives to a meeting or a segment at its creation."""

DEFAULT_WORKSPACE_ID = WorkspaceId(UUID("01900000-0000-7000-8000-000000000000"))

_SEGMENT_ID = re.compile(r"([0-9a-f-]{36}):(0|[1-9][0-9]{0,9})", re.IGNORECASE | re.ASCII)


def new_id() -> UUID:
    """Returns a new UUIDv7."""
    return uuid7()


def segment_key(value: object) -> tuple[MeetingId, int]:
    """Accepts the id of a segment, and returns the meeting's id and the segment's number."""
    if isinstance(value, str) and (match := _SEGMENT_ID.fullmatch(value)) and int(match[2]) <= INT32_MAX:
        try:
            return MeetingId(uuid(match[1])), int(match[2])
        except Violation:
            pass
    raise Violation("must be a segment's id: <meetingId>:<segmentId>")


def node_key(value: object) -> UUID | tuple[MeetingId, int]:
    """Accepts the id of anything: a UUID (of an agent, a variant or a meeting) or the id of a segment."""
    if isinstance(value, str) and ":" in value:
        return segment_key(value)
    return uuid(value)
