"""Checks the text files of Jigasi."""

import pytest

from tests.harness.transcript_files import messages, refusal, timed, transcript

HEADER = """\
Transcript of conference held at Jan 5, 2024 in room weekly
Initial people present at {start}:

	Ida Berg

Transcript, started at {start}:
________________________________________________________________________________
"""
FOOTER = "_" * 80 + "\n\n\nEnd of transcript at Jan 5, 2024"


def test_times_count_from_the_start_and_wrapped_lines_go_on() -> None:
    body = (
        "<10:00:04 AM> Ole joined the conference\n"
        "<10:00:05 AM> Ida Berg: Today we talk about the budget, and about what we will do in \n"
        "                        spring: at last\n"
        "<10:00:09 AM> Ole: Good. \n"
        "<10:00:12 AM> Ole raised their hand\n"
        "<12:00:01 PM> Ole: Bye. \n"
    )
    read = transcript(HEADER.format(start="10:00:00 AM") + body + FOOTER, "transcript.txt")
    assert (read.dialect, read.title) == ("Jitsi text", "weekly")
    assert timed(read) == [
        ("Ida Berg", "Today we talk about the budget, and about what we will do in spring: at last", 5.0, 9.0),
        ("Ole", "Good.", 9.0, 7201.0),
        ("Ole", "Bye.", 7201.0, 7201.0),
    ]
    assert messages(read) == []


@pytest.mark.parametrize("space", [" ", "\u202f", "\u00a0"])
def test_a_conference_goes_on_after_midnight(space: str) -> None:
    body = f"<11:59:58{space}PM> Ida: Late.\n<12:00:03{space}AM> Ole: Early.\n<12:00:02{space}AM> Ida: Both.\n"
    read = transcript(HEADER.format(start=f"11:59:50{space}PM") + body + FOOTER, "transcript.txt")
    assert [(speaker, start) for speaker, _, start, _ in timed(read)] == [("Ida", 8.0), ("Ole", 13.0), ("Ida", 12.0)]


def test_a_clock_of_24_hours_without_a_room() -> None:
    text = (
        "Transcript of conference held at 5 janv. 2024\nTranscript, started at 22:00:00:\n\n<22:00:02> Ida: Bonsoir.\n"
    )
    assert timed(transcript(text, "transcript.txt")) == [("Ida", "Bonsoir.", 2.0, 2.0)]


def test_what_is_no_event_is_named() -> None:
    read = transcript(HEADER.format(start="10:00:00") + "<10:00:05> Ida: Hello.\nwho knows\n" + FOOTER, "a.txt")
    assert messages(read) == ['9: belongs to no cue, and is left out: "who knows"']
    assert "line 8 names no speaker before a colon" in refusal(HEADER.format(start="10:00:00") + "<10:00:05> Hello.\n")
