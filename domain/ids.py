"""Identifiers: UUIDv7 (RFC 9562), so ids sort by creation; a segment's id is `<meetingId>:<segmentId>`."""

import re
from typing import NewType
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.validation import INT32_MAX, Violation

WorkspaceId = NewType("WorkspaceId", UUID)
AgentId = NewType("AgentId", UUID)
VariantId = NewType("VariantId", UUID)
MeetingId = NewType("MeetingId", UUID)
KeyId = NewType("KeyId", UUID)

DEFAULT_WORKSPACE_ID = WorkspaceId(UUID("01900000-0000-7000-8000-000000000000"))

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_SEGMENT = re.compile(rf"({_UUID.pattern}):(0|[1-9][0-9]{{0,9}})", re.IGNORECASE | re.ASCII)


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()


def uuid(value: object) -> UUID:
    """A rule: a UUID, given as such or in its canonical text form of 36 characters."""
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and _UUID.fullmatch(value):
        return UUID(value)
    raise Violation("must be a UUID such as 01900000-0000-7000-8000-000000000000")


def segment_key(value: object) -> tuple[MeetingId, int]:
    """A rule: the meeting and the number in a segment's id."""
    if isinstance(value, str) and (match := _SEGMENT.fullmatch(value)) and int(match[2]) <= INT32_MAX:
        return MeetingId(UUID(match[1])), int(match[2])
    raise Violation("must be a segment's id: <meetingId>:<segmentId>")


def node_key(value: object) -> UUID | tuple[MeetingId, int]:
    """A rule: the id of anything: a UUID (agent, variant, meeting) or a segment's id."""
    if isinstance(value, str) and ":" in value:
        return segment_key(value)
    return uuid(value)
