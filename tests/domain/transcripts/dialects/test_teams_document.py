"""Checks the text of documents that Microsoft Teams wrote."""

from tests.harness.transcript_files import messages, timed, transcript


def test_the_name_stands_in_a_line_of_its_own() -> None:
    file = "0:0:0.0 --> 0:0:3.200\nIda Moe\nWho comes?\nAnyone?\n\n0:0:3.200 --> 0:1:8.100\nOle\nI do.\n"
    read = transcript(file, "weekly.txt")
    assert (read.dialect, messages(read)) == ("Teams document", [])
    assert timed(read) == [("Ida Moe", "Who comes?\nAnyone?", 0.0, 3.2), ("Ole", "I do.", 3.2, 68.1)]


def test_captions_without_names_are_captions() -> None:
    read = transcript("0:00:01.000 --> 0:00:02.000\nWho comes?\n\n0:00:03.000 --> 0:00:04.000\nI do.\n", "a.srt")
    assert (read.dialect, [segment.text for segment in read.segments]) == ("SubRip", ["Who comes?", "I do."])
