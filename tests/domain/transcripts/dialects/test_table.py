"""Checks tables with named columns."""

import pytest

from tests.harness.transcript_files import messages, refusal, timed, transcript

TURNS = [("Ida Moe", "Who comes, then?", 3.0, 65.5), ("Ole", "I do.", 65.5, 67.0)]


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(
            'Speaker,Start,End,Text\nIda Moe,3,65.5,"Who comes, then?"\nOle,65.5,67,I do.\n', id="seconds, commas"
        ),
        pytest.param(
            'sep=;\nStart Time;End Time;Speaker Name;Transcript\n00:00:03;00:01:05,5;Ida Moe;"Who comes, then?"\n'
            "00:01:05,5;00:01:07;Ole;I do.\n",
            id="clocks, semicolons",
        ),
        pytest.param(
            "start_ms\tend_ms\tspeaker\tsentence\n3000\t65500\tIda Moe\tWho comes, then?\n65500\t67000\tOle\tI do.\n",
            id="milliseconds, tabs",
        ),
        pytest.param(
            '"startTime (s)","duration (s)","participant","content","email"\n'
            '"3","62.5","Ida Moe","Who comes, then?","a@b"\n65.5,1.5,Ole,I do.,\n\n',
            id="durations, and a column that nobody reads",
        ),
        pytest.param(
            'Start,End,Text\n0:03,1:05.5,"Ida Moe: Who comes, then?"\n1:05.5,1:07,Ole: I do.\n', id="labels in the text"
        ),
    ],
)
def test_forms(file: str) -> None:
    read = transcript(file, "meeting.csv")
    assert (read.dialect, timed(read), messages(read)) == ("Table", TURNS, [])


def test_a_row_without_an_end_ends_where_the_next_one_starts() -> None:
    read = transcript("Timestamp,Speaker,Text\n00:03,Ida,Hello.\n00:09,Ole,Hi.\n", "a.csv")
    assert timed(read) == [("Ida", "Hello.", 3.0, 9.0), ("Ole", "Hi.", 9.0, 9.0)]
    assert read.notes == []


def test_a_text_may_have_line_breaks_and_notes_name_its_first_line() -> None:
    read = transcript('Start,End,Text\n0,1,"One\ntwo"\n5,3,Three\n', "a.csv")
    assert timed(read) == [("", "One\ntwo", 0.0, 1.0), ("", "Three", 5.0, 5.0)]
    assert messages(read) == ["4: ends before it starts, and is given no length (line 4: 5 s to 3 s)"]


def test_frames_are_counted_at_the_rate_that_they_show() -> None:
    read = transcript("Start Time,End Time,Text\n00:00:01:12,00:00:02:24,Hello.\n", "a.csv")
    assert timed(read) == [("", "Hello.", 1.48, 2.96)]
    assert messages(read) == ["None: the times end with frames: read as 25 a second"]


def test_a_column_that_may_name_speakers_is_named() -> None:
    read = transcript("Start,Text,Speaker Email\n1,Hello.,ida@example.com\n2,Hi.,\n", "a.csv")
    assert messages(read) == ["1: the column 'Speaker Email' is not read: it may name speakers"]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("Start,End,Text\n1,2,Well, we go.\n", "line 2 has 4 columns, and the header has 3"),
        ("Start,End,Text\n1,2\n", "line 2 has 2 columns, and the header has 3"),
        ('Start,End,Text\n1,2,Hello.\n2,3,"Cut', "line 3 is no row of the table: unexpected end of data"),
        (
            "Start,End,Text\nMonday,2,Hello.\n",
            'line 2 has a time that cannot be read (00:00:01.5, or seconds): "Monday"',
        ),
        ("Speaker,Text\nIda,Hello.\nOle,Hi, you.\n", "begins no transcript"),
        (
            "Region,Sales,Year\nNorth,12,2024\nSouth,9,2024\n",
            "Table has a first row with the names of the columns, such as Speaker,Start,End,Text",
        ),
    ],
)
def test_what_could_lose_words_is_refused(file: str, message: str) -> None:
    assert message in refusal(file, "meeting.csv")


def test_columns_of_other_languages_and_commas_in_numbers() -> None:
    read = transcript(
        "Sprecher;Beginn;Ende;Text\nIda;3,1;5,2;So bleibt es.\nOle;00:00:08,000;00:00:08,500;Ja.\n", "a.csv"
    )
    assert timed(read) == [("Ida", "So bleibt es.", 3.1, 5.2), ("Ole", "Ja.", 8.0, 8.5)]
    assert read.notes == []


def test_seconds_below_the_header_of_whisper() -> None:
    read = transcript("start\tend\ttext\n3.1\t5.2\tWe ship.\n8.0\t8.5\tGood.\n", "a.tsv")
    assert (read.dialect, timed(read)) == ("Table", [("", "We ship.", 3.1, 5.2), ("", "Good.", 8.0, 8.5)])
