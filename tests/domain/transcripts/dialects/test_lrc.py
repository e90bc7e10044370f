"""Checks LRC."""

from tests.harness.transcript_files import messages, refusal, timed, transcript


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


def test_a_line_without_a_time_belongs_to_the_one_before_it() -> None:
    read = transcript("[ti:Weekly]\nnobody knows when\n[00:01.00]Hello,\nall.\n[00:03.00]Hi.\n", "a.lrc")
    assert [text for _, text, *_ in timed(read)] == ["Hello,\nall.", "Hi."]
    assert messages(read) == [
        '2: belongs to no cue, and is left out: "nobody knows when"',
        '4: has no time, and is read as words of the line before it: "all."',
    ]


def test_a_time_that_cannot_be_read_is_refused() -> None:
    assert "line 2 has a time that cannot be read" in refusal("[00:01.00]Hello.\n[1:2:3.4]Hi.\n", "a.lrc")
