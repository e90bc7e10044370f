"""Reads and updates meetings through the API."""

import json
from typing import Any

from tests.harness.servers import Api

UNKNOWN_ID = "01900000-0000-7000-8000-00000000dead"


PATHS = {
    "CREATED": [],
    "RECORDING": ["RECORDING"],
    "STOPPING": ["RECORDING", "STOPPING"],
    "STOPPED": ["RECORDING", "STOPPED"],
    "COMPLETED": ["COMPLETED"],
    "ERROR": ["ERROR"],
}
"""How a meeting gets into each state."""


def read(api: Api, meeting: Any) -> Any:
    return api.run("Meeting", id=meeting["id"])


def update(api: Api, meeting: Any, **input: Any) -> Any:
    return api.run("UpdateMeeting", id=meeting["id"], input=input)


def in_state(api: Api, state: str) -> Any:
    """Creates a meeting in this state."""
    meeting = api.meeting()
    for step in PATHS[state]:
        meeting = update(api, meeting, state=step)
    assert meeting["state"] == state
    return meeting


def as_json(value: Any) -> str:
    """Writes the value as JSON, to compare: in Python, True equals 1."""
    return json.dumps(value, sort_keys=True)
