"""Checks the transcripts of Premiere Pro."""

from tests.harness.transcript_files import messages, timed, transcript


def test_times_have_frames_and_a_name_follows_them() -> None:
    file = "00:00:03:12 - 00:00:05:00\nIda Holm\nWe ship.\nNow.\n\n00:00:05:00 - 00:00:06:06\nGood.\n"
    read = transcript(f"\u00a0{file}", "a.txt")
    assert read.dialect == "Premiere"
    assert timed(read) == [("Ida Holm", "We ship.\nNow.", 3.5, 5.0), ("", "Good.", 5.0, 6.25)]
    assert messages(read) == ["None: the times end with frames: read as 24 a second"]
