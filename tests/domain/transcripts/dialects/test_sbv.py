"""Checks SBV."""

from tests.harness.transcript_files import refusal, timed, transcript


def test_two_times_in_a_line() -> None:
    read = transcript(
        "0:00:01.000,0:00:02.500\nIda: Shall[br]we?\n\nOr not.\n\n1:00:03.000,1:00:04.000\nIda: Yes, of course.\n"
    )
    assert read.dialect == "SBV"
    assert timed(read) == [("Ida", "Shall\nwe?\nOr not.", 1.0, 2.5), ("Ida", "Yes, of course.", 3603.0, 3604.0)]


def test_broken_times_are_refused() -> None:
    assert "line 4 cannot be read" in refusal("0:00:01.000,0:00:02.500\na\n\n0:00:03.000,0:00:0x.000\nb\n")


def test_subviewer_2_has_a_header() -> None:
    header = "[INFORMATION]\n[TITLE] Weekly\n[AUTHOR]\n[END INFORMATION]\n[SUBTITLE]\n[COLF]&HFFFFFF,[STYLE]bd\n"
    read = transcript(f"{header}00:00:01.00,00:00:02.50\nHello,[br]all.\n\n00:00:03.00,00:00:04.00\nHi.\n", "a.sub")
    assert (read.dialect, read.title, read.notes) == ("SBV", "Weekly", [])
    assert timed(read) == [("", "Hello,\nall.", 1.0, 2.5), ("", "Hi.", 3.0, 4.0)]
