"""Checks the timelines of Zoom."""

import json

import pytest

from domain.transcripts import NotATranscript, read_turns
from domain.transcripts.speaker_turns import Turn
from tests.harness.transcript_files import refusal


def _moment(time: object, *names: str) -> dict[str, object]:
    return {"ts": time, "users": [{"username": name, "multiple_people": False, "user_id": "1"} for name in names]}


def test_who_speaks_at_a_moment_speaks_until_the_next_one() -> None:
    moments = [_moment("00:00:04.500", "Ole", "Ann"), _moment("00:00:01.000", "Ida"), _moment("00:00:06.000")]
    read = read_turns(json.dumps({"version": "1", "timeline": moments}), "a.json")
    assert read
    assert read.dialect == "Zoom timeline"
    assert read.turns == [Turn(1.0, 4.5, "Ida"), Turn(4.5, 6.0, "Ole"), Turn(4.5, 6.0, "Ann")]


def test_has_no_words() -> None:
    file = json.dumps({"timeline": [_moment("00:00:01.000", "Ida")]})
    assert "Zoom's timeline names speakers and has no words" in refusal(file, "a.json")


@pytest.mark.parametrize("moments", [[_moment("soon", "Ida")], [_moment(None, "Ida")], [_moment("00:01.000")]])
def test_without_times_or_names_is_refused(moments: list[object]) -> None:
    with pytest.raises(NotATranscript):
        read_turns(json.dumps({"timeline": moments}), "a.json")
