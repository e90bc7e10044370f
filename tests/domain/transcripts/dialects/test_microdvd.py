"""Checks MicroDVD and MPL2."""

from tests.harness.transcript_files import messages, refusal, timed, transcript


def test_frames_at_the_rate_that_the_file_says() -> None:
    read = transcript("{1}{1}25.000\n{25}{50}Hello,|all.\n{75}{100}{y:i}Ida: Hi.\n{125}{150}Ida: Yes.\n", "a.sub")
    assert (read.dialect, read.notes) == ("MicroDVD or MPL2", [])
    assert timed(read) == [("", "Hello,\nall.", 1.0, 2.0), ("Ida", "Hi.", 3.0, 4.0), ("Ida", "Yes.", 5.0, 6.0)]


def test_a_rate_that_the_file_does_not_say_is_doubtful() -> None:
    read = transcript("{23976}{47952}Hello.\n", "a.sub")
    assert timed(read) == [("", "Hello.", 1000.0, 2000.0)]
    assert messages(read) == ["None: the file does not say how many frames a second has: read as 23.976"]


def test_tenths_of_a_second() -> None:
    read = transcript("[10][25]Hello.\n[30][]/Hi,|/all.\n", "a.txt")
    assert timed(read) == [("", "Hello.", 1.0, 2.5), ("", "Hi,\nall.", 3.0, 3.0)]
    assert read.notes == []


def test_a_line_without_times_is_refused() -> None:
    assert 'line 2 has no two times in brackets before its text: "Hi."' in refusal("{1}{50}Hello.\nHi.\n", "a.sub")
