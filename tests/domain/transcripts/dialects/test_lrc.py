"""Checks LRC."""

from tests.harness.transcript_files import messages, timed, transcript


def test_lines_end_where_the_next_one_starts() -> None:
    read = transcript("[ti:Weekly]\n[ar:Somebody]\n\n[00:01.50]Hello.\n[00:03.25]Hi, all.\n[00:05.00]\n", "a.txt")
    assert (read.dialect, read.title) == ("LRC", "Weekly")
    assert timed(read) == [("", "Hello.", 1.5, 3.25), ("", "Hi, all.", 3.25, 5.0)]
    assert read.notes == []


def test_a_line_that_comes_again_has_several_times() -> None:
    read = transcript("[00:01.00][00:09.00]Again.\n[00:05.00]Once.\n", "a.lrc")
    assert timed(read) == [("", "Again.", 1.0, 5.0), ("", "Once.", 5.0, 9.0), ("", "Again.", 9.0, 9.0)]


def test_speakers_times_of_words_and_the_offset() -> None:
    read = transcript("[offset:+500]\n[00:01.00]Ida: <00:01.00>We <00:01.40>go.\n[00:03.00]Ole: Good.\n", "a.lrc")
    assert timed(read) == [("Ida", "We go.", 0.5, 2.5), ("Ole", "Good.", 2.5, 2.5)]


def test_other_lines_are_left_out_with_a_note() -> None:
    read = transcript("[ti:Weekly]\nnobody knows when\n[00:01.00]Hello.\n", "a.lrc")
    assert messages(read) == ['2: belongs to no cue, and is left out: "nobody knows when"']
