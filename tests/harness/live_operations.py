"""Holds operations that tests of live updates share, and reads what they deliver."""

from typing import Any

UNKNOWN = "01900000-0000-7000-8000-00000000dead"
COUNT = "{ meetingCount }"
UPDATES = "subscription ($id: ID!, $after: String) { segmentUpdates(meetingId: $id, after: $after) { %s } }"


def told(updates: Any) -> dict[int, str]:
    return {segment["segmentId"]: segment["text"] for segment in updates["segments"]}
