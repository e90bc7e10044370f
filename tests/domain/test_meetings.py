"""The states of meetings, and what their metadata may hold."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Conflict
from domain.json_objects import json_object
from domain.meetings import Meeting, MeetingState, change_state
from domain.rules import Violation

CREATED, RECORDING, STOPPING, STOPPED, COMPLETED, ERROR = MeetingState
LEGAL = {
    (CREATED, RECORDING),
    (RECORDING, STOPPING),
    (STOPPING, STOPPED),
    (STOPPED, COMPLETED),
    (RECORDING, STOPPED),
    (STOPPED, RECORDING),
    (CREATED, COMPLETED),
    *((state, ERROR) for state in (CREATED, RECORDING, STOPPING, STOPPED)),
}


@pytest.mark.parametrize("before", MeetingState)
@pytest.mark.parametrize("after", MeetingState)
def test_only_the_steps_of_the_contract_are_possible(before: MeetingState, after: MeetingState) -> None:
    meeting = Meeting.create("Weekly")
    meeting.state = before
    if before is after:
        assert change_state(meeting, after) is meeting
    elif (before, after) in LEGAL:
        assert change_state(meeting, after).state is after
    else:
        with pytest.raises(Conflict, match=f"{before.name} cannot become {after.name}"):
            change_state(meeting, after)


def test_a_meeting_remembers_when_it_started_first_and_ended_last() -> None:
    recording = change_state(Meeting.create("Weekly"), RECORDING)
    assert recording.started_at
    assert not recording.ended_at
    stopped = change_state(recording, STOPPED)
    assert stopped.ended_at
    assert stopped.ended_at >= recording.started_at
    resumed = change_state(stopped, RECORDING)
    assert (resumed.started_at, resumed.ended_at) == (recording.started_at, None)
    completed = change_state(change_state(resumed, STOPPED), COMPLETED)
    assert completed.ended_at
    assert change_state(Meeting.create("Imported"), COMPLETED).ended_at is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


@pytest.mark.slow
@given(st.dictionaries(st.text("abc"), JSON, max_size=4))
def test_metadata_is_any_json_object(value: dict[str, Any]) -> None:
    assert json_object(value) is value


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "value",
    [
        *([], "text", None, 3),
        {"a": "\x00"},
        {"\x00": 1},
        {"a": "\ud800"},
        {"a": math.nan},
        {"a": [math.inf]},
        {"a": 2**53},
        {"a": -(2**53)},
        {"a": float(2**53)},
        {"a": 1e300},
        {"a": 2**64},
        {"a": list(range(1_000))},
        {"a": "x" * 10_001},
        nested(17),
    ],
)
def test_metadata_that_cannot_be_kept_is_refused(value: object) -> None:
    with pytest.raises(Violation):
        json_object(value)
