"""Checks plain text with times and names."""

import pytest

from domain.transcripts import TranscriptFormat, write_transcript
from tests.harness.transcript_files import messages, refusal, segment, timed, transcript

TURNS = [("Ida Moe", "Who comes?\nAnyone?", 3.0, 65.0), ("Ole", "I do.", 65.0, 65.0)]


@pytest.mark.parametrize(
    "file",
    [
        pytest.param("Ida Moe   0:03\nWho comes?\nAnyone?\n\nOle   1:05\nI do.\n", id="Teams"),
        pytest.param("Ida Moe  0:03 \nWho comes?\n\nAnyone?\n\nOle\t00:01:05\nI do.\n\n", id="Otter"),
        pytest.param("Ida Moe (00:03):\nWho comes?\nAnyone?\n\nOle (01:05):\nI do.\n", id="Rev"),
        pytest.param("Ida Moe [00:00:03]\nWho comes?\nAnyone?\nOle [00:01:05]\nI do.\n", id="brackets"),
        pytest.param("Ida Moe: (0:03)\nWho comes?\nAnyone?\n\nOle: (1:05)\nI do.\n", id="a colon before the time"),
        pytest.param("[00:00:03] Ida Moe: Who comes?\nAnyone?\n\n[00:01:05] Ole: I do.\n", id="our own export"),
        pytest.param("00:03 - Ida Moe: Who comes?\nAnyone?\n01:05 - Ole: I do.\n", id="a time before each"),
        pytest.param("Ida Moe (0:03): Who comes?\nAnyone?\nOle (1:05): I do.\n", id="a time after the name"),
    ],
)
def test_forms(file: str) -> None:
    read = transcript(file, "meeting.txt")
    assert (read.dialect, timed(read), messages(read)) == ("Plain text", TURNS, [])


def test_names_behind_their_times() -> None:
    marked = transcript("@0:03 - Ida Berg (Moe Inc.)\nHello.\n\n@0:05 - Ole\nHi.\nAll.\n", "a.txt")
    assert timed(marked) == [("Ida Berg (Moe Inc.)", "Hello.", 3.0, 5.0), ("Ole", "Hi.\nAll.", 5.0, 5.0)]
    headers = ["0:03 Ida:", "0:05 Ole:", "0:07 Ida:", "0:09 Ole:"]
    assert [speaker for speaker, *_ in timed(transcript("\nHello.\n".join(headers) + "\nBye.\n", "a.txt"))] == [
        "Ida",
        "Ole",
        "Ida",
        "Ole",
    ]
    first_words = transcript("[0:03] Hello\nall.\n\n[0:05] Good\nmorning.\n", "a.txt")
    assert [text for _, text, *_ in timed(first_words)] == ["Hello\nall.", "Good\nmorning."]


@pytest.mark.parametrize(
    "file",
    [
        "[10:03 AM] Ida: Hello.\n[1:04 PM] Ole: Hi.\n",
        "10:03:00 AM Ida: Hello.\n1:04:00 PM Ole: Hi.\n",
        "Ida, 10:03 a.m.\nHello.\n\nOle, 1:04 p.m.\nHi.\n",
        "Ida (10:03\u202fAM)\nHello.\n\nOle (1:04\u202fPM)\nHi.\n",
    ],
)
def test_times_of_day_with_12_hours(file: str) -> None:
    assert timed(transcript(file, "a.txt")) == [
        ("Ida", "Hello.", 36_180.0, 46_800.0 + 240),
        ("Ole", "Hi.", 47_040.0, 47_040.0),
    ]


def test_google_meet_gives_a_time_for_several_speeches() -> None:
    file = "Weekly - Transcript\n00:00:00\n\nIda Moe: Hello.\nOle: Hi.\n00:05:00\nIda Moe: Bye.\nMeeting ended after 00:06:00\n"
    read = transcript(file, "Weekly.txt")
    assert timed(read) == [
        ("Ida Moe", "Hello.", 0.0, 300.0),
        ("Ole", "Hi.", 0.0, 300.0),
        ("Ida Moe", "Bye.", 300.0, 300.0),
    ]
    assert [message.partition(":")[0] for message in messages(read)] == ["1", "8"]


def test_whisper_on_a_terminal_says_both_times() -> None:
    read = transcript("[00:00.000 --> 00:02.500]  Good morning.\n[00:02.500 --> 00:04.000]  Sit down.\n", "out.txt")
    assert timed(read) == [("", "Good morning.", 0.0, 2.5), ("", "Sit down.", 2.5, 4.0)]


def test_what_a_program_adds_is_left_out_with_a_note() -> None:
    read = transcript("Ida  0:03\nHello.\n\nTranscribed by https://otter.ai\n", "a.txt")
    assert timed(read) == [("Ida", "Hello.", 3.0, 3.0)]
    assert messages(read) == ['4: belongs to no cue, and is left out: "Transcribed by https://otter.ai"']


def test_what_teams_says_of_the_transcription_is_nobody_s() -> None:
    text = "Transcript\nJanuary 5, 2024, 4:02 PM\n\nBerg, Ida started transcription\n\nBerg, Ida   0:03\nHello.\n\n"
    read = transcript(text + "Moe, Ole   0:13\nHi.\n\nMoe, Ole stopped transcription\n", "a.txt")
    assert timed(read) == [("Berg, Ida", "Hello.", 3.0, 13.0), ("Moe, Ole", "Hi.", 13.0, 13.0)]
    assert messages(read)[-1] == '12: belongs to no cue, and is left out: "Moe, Ole stopped transcription"'


def test_our_own_export_as_text_is_read_with_its_title() -> None:
    segments = [segment("Hello.", "Ida", 1, 1.0, 2.0), segment("So it goes.", "", 2, 3.0, 4.0)]
    read = transcript(write_transcript(segments, TranscriptFormat.TEXT, title="Weekly"), "weekly.txt")
    assert timed(read) == [("Ida", "Hello.", 1.0, 3.0), ("", "So it goes.", 3.0, 3.0)]
    assert (read.title, read.notes) == ("Weekly", [])


def test_our_own_export_of_one_segment_is_read_with_its_title() -> None:
    exported = write_transcript([segment("Hello.", "Ida", 1, 1.0, 2.0)], TranscriptFormat.TEXT, title="Weekly")
    read = transcript(exported, "weekly.txt")
    assert (timed(read), read.title, read.notes) == ([("Ida", "Hello.", 1.0, 1.0)], "Weekly", [])


def test_lines_above_the_first_time_are_no_title_in_other_files() -> None:
    read = transcript("Call with sales\nIda, Ole\n\n[00:00:03] Ida: Hello.\n\n[00:00:09] Ole: Hi.\n", "a.txt")
    assert (read.title, [note.line for note in read.notes]) == ("", [1, 2])


@pytest.mark.parametrize(
    "text", ["Buy milk.", "Lunch is at 12:30\nBring your own.", "Dear Ida,\nwe meet at 10:15 on Monday.\n"]
)
def test_other_texts_are_refused(text: str) -> None:
    assert "begins no transcript" in refusal(text, "notes.txt")


@pytest.mark.parametrize("end", ["Meeting", "Transcription"])
def test_google_meet_says_when_it_ended(end: str) -> None:
    read = transcript(
        f"00:00:00\n\nIda Moe: Hello.\nOle: Hi.\n00:05:00\nIda Moe: Bye.\n{end} ended after 00:06:12\n", "a.txt"
    )
    assert [segment.text for segment in read.segments] == ["Hello.", "Hi.", "Bye."]
    assert [note.line for note in read.notes] == [7]


def test_names_above_their_times() -> None:
    read = transcript("Ida Holm\n0:03\nWe ship.\n\nOmar Lund\n0:09\nGood.\nI see.\n", "a.txt")
    assert timed(read) == [("Ida Holm", "We ship.", 3.0, 9.0), ("Omar Lund", "Good.\nI see.", 9.0, 9.0)]
    assert read.notes == []


def test_saved_captions_of_zoom() -> None:
    read = transcript("[Ida Holm] 00:00:03\nWe ship.\n\n[Omar Lund] 00:00:09\nGood.\n", "a.txt")
    assert timed(read) == [("Ida Holm", "We ship.", 3.0, 9.0), ("Omar Lund", "Good.", 9.0, 9.0)]


def test_a_header_may_have_its_text_in_the_same_line() -> None:
    for file in (
        "Speaker 0    00:00:03    We ship.    \nSpeaker 1    00:00:09    Good: I see.\n",  # Rev.ai
        "Speaker 0\t00:03\tWe ship.\n\nSpeaker 1\t00:09\tGood:\nI see.\n",
        "Speaker 0: [00:00:03] We ship.\n\nSpeaker 1: [00:00:09] Good: I see.\n",  # Sonix, Descript
        "**Speaker 0:** [00:00:03] We ship.\n\n**Speaker 1:** [00:00:09] Good: I see.\n",
        "- [00:03] **Speaker 0**: We ship.\n- [00:09] **Speaker 1**: Good: I see.\n",
        "**[00:00:03]** Speaker 0: We ship.\n\n**[00:00:09]** Speaker 1: Good: I see.\n",
    ):
        read = transcript(file.replace("Good:\n", "Good: "), "a.txt")
        assert timed(read) == [("Speaker 0", "We ship.", 3.0, 9.0), ("Speaker 1", "Good: I see.", 9.0, 9.0)]
        assert read.notes == []


def test_lines_below_such_a_header_are_no_names() -> None:
    read = transcript("Ida (0:03): So\nWell\n\nOle (0:09): So\nWell\n\nIda (0:12): Yes\nWell\n", "a.txt")
    assert timed(read)[:2] == [("Ida", "So\nWell", 3.0, 9.0), ("Ole", "So\nWell", 9.0, 12.0)]


@pytest.mark.parametrize(
    "form",
    [
        "{name} {spelled}\n{text}\n",
        "{name}\n{spelled}{clock}\n{name} {spelled}\n{text}\n",
        "{name}\n{spelled}\n{text}\n\n",
    ],
)
def test_teams_spells_times_where_a_page_is_copied(form: str) -> None:
    said = [
        ("Ida Holm", "0 minutes 3 seconds", "0:03", "It took 30 seconds"),
        ("Omar Lund", "1 minute 2 seconds", "1:02", "Good."),
        ("Ida Holm", "1 hour 0 minutes 1 second", "1:00:01", "So."),
    ]
    file = "".join(
        form.format(name=name, spelled=spelled, clock=clock, text=text) for name, spelled, clock, text in said
    )
    assert timed(transcript(file, "a.txt")) == [
        ("Ida Holm", "It took 30 seconds", 3.0, 62.0),
        ("Omar Lund", "Good.", 62.0, 3601.0),
        ("Ida Holm", "So.", 3601.0, 3601.0),
    ]


@pytest.mark.parametrize(
    "date",
    ["March 5, 2024, 9:04AM", "5 mars 2024 09:04", "05/03/2024 09:04", "5. März 2024, 09:04", "2024-03-05 09:04"],
)
def test_a_date_is_no_name(date: str) -> None:
    read = transcript(f"Weekly\n{date}\n1h 2m 3s\n\nIda Holm   0:03\nWe ship.\n\nRoom 2024   0:09\nGood.\n", "a.txt")
    assert timed(read) == [("Ida Holm", "We ship.", 3.0, 9.0), ("Room 2024", "Good.", 9.0, 9.0)]
    assert [note.line for note in read.notes] == [1, 2, 3]


def test_names_of_several_words_behind_times() -> None:
    read = transcript("10:00:03 AM Ida Holm\nWe ship.\n\n10:00:09 AM Omar Lund\nGood.\n", "a.txt")
    assert [(segment.speaker, segment.text) for segment in read.segments] == [
        ("Ida Holm", "We ship."),
        ("Omar Lund", "Good."),
    ]
    read = transcript("0:03 Good\nmorning.\n\n0:09 We\nship.\n", "a.txt")
    assert [segment.speaker for segment in read.segments] == ["", ""]


def test_a_time_right_behind_a_name() -> None:
    read = transcript("张三(00:00:03): 你好\n李四(00:00:08): 是的\n", "a.txt")
    assert timed(read) == [("张三", "你好", 3.0, 8.0), ("李四", "是的", 8.0, 8.0)]
