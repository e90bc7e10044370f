"""Checks the tables of Whisper."""

from tests.harness.transcript_files import refusal, timed, transcript


def test_times_are_milliseconds() -> None:
    read = transcript("start\tend\ttext\n1000\t2500\tWe\tship.\n2500\t3000\tGood.\n\n")
    assert read.dialect == "Whisper table"
    assert timed(read) == [("", "We\tship.", 1.0, 2.5), ("", "Good.", 2.5, 3.0)]


def test_other_rows_are_refused() -> None:
    assert refusal("start\tend\ttext\n1\t2\n") == 'line 2 is no row with a start, an end and a text: "1\t2"'
