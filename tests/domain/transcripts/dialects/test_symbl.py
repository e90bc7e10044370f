"""Checks the messages of Symbl."""

from tests.harness.transcript_files import timed, transcript


def _message(name: str, text: str, second: int, **more: object) -> dict[str, object]:
    times = {"startTime": f"2020-07-10T11:16:{second}.000Z", "endTime": f"2020-07-10T11:16:{second + 2}.500Z"}
    return {"id": f"m{second}", "text": text, "from": {"id": "x", "name": name}, **times, **more}


def test_times_count_from_the_start_of_the_conversation() -> None:
    messages = [
        _message("Ida", "We ship.", 20, timeOffset=3.1, duration=2.0),
        _message("Ole", "Good.", 25, timeOffset=8.1, duration=0.5),
    ]
    read = transcript({"messages": messages})
    assert (read.dialect, read.notes) == ("Symbl", [])
    assert timed(read) == [("Ida", "We ship.", 3.1, 5.1), ("Ole", "Good.", 8.1, 8.6)]


def test_or_from_the_first_message() -> None:
    read = transcript({"messages": [_message("Ida", "We ship.", 20), _message("Ole", "Good.", 25)]})
    assert timed(read) == [("Ida", "We ship.", 0.0, 2.5), ("Ole", "Good.", 5.0, 7.5)]
