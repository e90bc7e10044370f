"""Checks the labels of Audacity."""

from tests.harness.transcript_files import refusal, timed, transcript


def test_labels_are_cues() -> None:
    file = "0,500000\t2,500000\tIda: We <b> ship.\n\\\t100.0\t200.0\n3.000000\t3.500000\tOle: Good.\n4.0\t4.0\t\n"
    read = transcript(file, "labels.txt")
    assert (read.dialect, read.notes) == ("Audacity", [])
    assert timed(read) == [("Ida", "We <b> ship.", 0.5, 2.5), ("Ole", "Good.", 3.0, 3.5)]


def test_other_lines_are_refused() -> None:
    assert "line 2 is no label" in refusal("0.5\t2.5\tWe ship.\nGood.\n", "labels.txt")
