"""Checks that captions which are written carelessly are read, with a note for each repair, and that `strict` refuses them."""

import pytest

from domain.transcripts import NotATranscript, read_transcript
from tests.harness.transcript_files import TIMES, messages, srt, timed, transcript, vtt

S = TIMES.replace(".", ",")
A, B = ("", "a", 1.0, 2.0), ("", "b", 3.0, 4.0)
SECOND = "00:00:03,000 --> 00:00:04,000"


@pytest.mark.parametrize(
    "arrow",
    [" -> ", "->", " –> ", " —> ", " → ", " => ", " ==> ", " ---> ", " -- > ", " - -> ", " --＞ ", " -- ", " - ", "  "],
)
@pytest.mark.parametrize("dialect", ["srt", "vtt"])
def test_arrows_that_are_nearly_right(arrow: str, dialect: str) -> None:
    times = SECOND.replace(" --> ", arrow)
    file = f"1\n{S}\na\n\n2\n{times}\nb\n"
    if dialect == "vtt":
        file = f"WEBVTT\n\n{file}".replace(",", ".")
    read = transcript(file)
    assert timed(read) == [A, B]
    (message,) = messages(read)
    assert message.startswith(f"{6 if dialect == 'srt' else 8}: is not written as ")


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ("00:00:01,5 --> 00:00:02,25", 1.5, 2.25),
        ("00:00:01 --> 00:00:02", 1.0, 2.0),
        ("00:01,000 --> 00:02,000", 1.0, 2.0),
        ("00:00:01:000 --> 00:00:02:000", 1.0, 2.0),
        ("00:00:01, 000 --> 00:00:02, 000", 1.0, 2.0),
        ("00: 00: 01,000 --> 00: 00: 02,000", 1.0, 2.0),
        ("００：００：０１，０００ --> ００：００：０２，０００", 1.0, 2.0),
        ("\u200e00:00:01,000 --> 00:00:02,000\u200e", 1.0, 2.0),
        ("00:00:75,000 --> 00:01:20,000", 75.0, 80.0),
        ("00:00:01.000000 --> 00:00:02.500000", 1.0, 2.5),
        ("00:00:01,000 --> 00:00:02,000 position 50%", 1.0, 2.0),
        ("-00:00:01,000 --> 00:00:02,000", 0.0, 2.0),
    ],
)
def test_times(times: str, start: float, end: float) -> None:
    for file in (f"1\n{times}\na\n", f"WEBVTT\n\n{times}\na\n"):
        read = transcript(file)
        assert timed(read) == [("", "a", start, end)]
        assert read.notes


@pytest.mark.parametrize(
    ("file", "cues", "notes"),
    [
        pytest.param(
            f"{S}\na\n\n{SECOND}\nb\n", [A, B], ["1: has no cue number", "4: has no cue number"], id="no numbers"
        ),
        pytest.param(f"1\n{S}\na\n{SECOND}\nb\n", [A, B], ["4: has no cue number before it"], id="nor a blank line"),
        pytest.param(
            f"\u200e1\u200e\n{S}\na\n\n#2.\n{SECOND}\nb\n", [A, B], ["1: has marks", "5: has marks"], id="marks"
        ),
        pytest.param(
            f"1 {S}\na\n2. {SECOND} b\n", [A, B], ["1: is not written", "3: is not written"], id="a number in the line"
        ),
        pytest.param(f"```srt\n1\n{S}\na\n```\n", [A], ["1: belongs to no cue", "5: belongs to no cue"], id="a fence"),
        pytest.param(f"1\n{S} a\n", [A], ["2: is not written as"], id="words after the times"),
        pytest.param(
            f"1\n{S}\n2020\n\n{SECOND}\nb\n",
            [("", "2020", 1.0, 2.0), B],
            ["5: has no cue number"],
            id="a number is said",
        ),
        pytest.param(f"1\n{S}\n\n2\n{SECOND}\nb\n", [B], [], id="a cue without words"),
    ],
)
def test_subrip(file: str, cues: list[object], notes: list[str]) -> None:
    read = transcript(file, "a.srt")
    assert timed(read) == cues
    assert [message[: len(note)] for message, note in zip(messages(read), notes, strict=True)] == notes


@pytest.mark.parametrize(
    ("file", "cues", "notes"),
    [
        pytest.param(
            f"WEBVTT\n\n{TIMES}\n\na\n", [A], ["5: a blank line stands between the times"], id="a blank line first"
        ),
        pytest.param(
            f"WEBVTT\n\n{TIMES}\na\n\nand b\n",
            [("", "a\nand b", 1.0, 2.0)],
            ["6: belongs to no cue"],
            id="a text apart",
        ),
        pytest.param(
            f"WEBVTT\n\nfoo\nbar\n\n{TIMES}\na\n", [A], ["3: belongs to no cue, and is left out"], id="a text before"
        ),
        pytest.param(
            f"WEBVTT\n\n{TIMES}\na\n\nstyle\n::cue {{}}\n", [A], ["6: belongs to no cue, and is left out"], id="a style"
        ),
        pytest.param(
            f"WEBVTT\n\n1\n\n{TIMES}\na\n", [A], ["3: a blank line stands between the number"], id="a number apart"
        ),
        pytest.param(
            f"WEBVTT\n\n1 {TIMES}\na\n2 {SECOND.replace(',', '.')}\nb\n",
            [A, B],
            ["3: is not written", "5: is not written"],
            id="a number in the line",
        ),
        pytest.param(f"webvtt\n\n{TIMES}\na\n", [A], ["1: should be WEBVTT alone"], id="a header in lower case"),
        pytest.param(f"WEBVTT\n{TIMES}\na\n", [A], [], id="no blank line after the header"),
        pytest.param(
            f"WEBVTT\n\n1\n{TIMES}\na\n2\n{SECOND.replace(',', '.')}\nb\n", [A, B], [], id="no blank line between"
        ),
        pytest.param(f"WEBVTT\n\n{TIMES}\na --> b\n", [("", "a --> b", 1.0, 2.0)], [], id="an arrow is said"),
    ],
)
def test_webvtt(file: str, cues: list[object], notes: list[str]) -> None:
    read = transcript(file)
    assert timed(read) == cues
    assert [message[: len(note)] for message, note in zip(messages(read), notes, strict=True)] == notes


def test_any_number_of_cues_may_follow_without_blank_lines() -> None:
    cues = "".join(f"{number}\n{TIMES}\na{number}\n" for number in range(1, 3_001))
    assert len(transcript(f"WEBVTT\n\n{cues}").segments) == 3_000


def test_files_in_one_another_and_fences() -> None:
    second = SECOND.replace(",", ".")
    read = transcript(f"WEBVTT\n\n{TIMES}\na\n\nWEBVTT\n\n{second}\nb\n")
    assert timed(read) == [A, B]
    assert messages(read) == ["6: begins another WebVTT file, whose cues are read as those of this one"]
    assert timed(transcript(f"```vtt\nWEBVTT\n\n{TIMES}\na\n```\n")) == [A]


def test_a_file_that_is_cut_off_after_a_number() -> None:
    read = transcript(f"1\n{S}\na\n\n2\n", "a.srt")
    assert timed(read) == [A]
    assert messages(read) == ['6: the file ends after the number of a cue, which is left out: "2"']
    assert timed(transcript(f"1\n{S}\na\n2\n", "a.srt")) == [("", "a\n2", 1.0, 2.0)]


def test_a_time_in_a_text_is_said() -> None:
    said = "it ran 10:00 -> 11:00\n10:00 - 11:00"
    for file in (vtt(said), srt(said)):
        read = transcript(file)
        assert [(segment.text, read.notes) for segment in read.segments] == [(said, [])]


def test_a_cue_that_ends_before_it_starts_is_kept() -> None:
    read = transcript("WEBVTT\n\n00:10.000 --> 00:05.000\na\n")
    assert timed(read) == [("", "a", 10.0, 10.0)]
    assert messages(read) == ["3: ends before it starts, and is given no length (cue 1 (line 3): 10 s to 5 s)"]


def test_doubled_line_breaks() -> None:
    read = transcript(srt("a", "b").replace("\n", "\r\r\n"))
    assert [segment.text for segment in read.segments] == ["a", "b"]
    assert messages(read) == ["None: line breaks are doubled (CR CR LF), and are read as one"]


def test_strict_refuses_what_is_repaired_and_names_the_lines() -> None:
    file = f"1\n{S.replace('-->', '->')}\na\n".encode()
    with pytest.raises(NotATranscript, match=r"it cannot be read strictly: line 2 is not written as SubRip"):
        read_transcript(file, "a.srt", strict=True)
    assert read_transcript(srt("a").encode(), "a.srt", strict=True).notes == []


def test_an_offset_moves_every_time() -> None:
    read = read_transcript(vtt("so<00:00:01.500><c> on</c>").encode(), "", offset=-1.25)
    assert [(segment.start_time, segment.end_time) for segment in read.segments] == [(0.0, 0.75)]
    assert [word.start_time for word in read.cues[0].words] == [0.0, 0.25]
    assert messages(read) == ["3: starts before 0 with the offset, and is moved there (cue 1 (line 3))"]


class TestRollingCaptions:
    @staticmethod
    def captions(*payloads: str, seconds: float = 2.0) -> str:
        cues = [
            f"00:{index * seconds:06.3f} --> 00:{(index + 1) * seconds:06.3f}\n{payload}"
            for index, payload in enumerate(payloads)
        ]
        return "\n\n".join(["WEBVTT", *cues])

    def test_each_line_is_taken_once(self) -> None:
        file = self.captions("one", "one\ntwo", "two\nthree", "three\nfour", "four\nfive")
        read = transcript(file)
        assert [segment.text for segment in read.segments] == ["one", "two", "three", "four", "five"]
        assert len(read.notes) == 1

    def test_captions_may_overlap(self) -> None:
        file = (
            "1\n00:00:00,000 --> 00:00:04,000\none\n\n2\n00:00:02,000 --> 00:00:06,000\none\ntwo\n\n"
            "3\n00:00:04,000 --> 00:00:08,000\ntwo\nthree\n\n4\n00:00:06,000 --> 00:00:10,000\nthree\nfour\n"
        )
        assert [segment.text for segment in transcript(file).segments] == ["one", "two", "three", "four"]

    def test_inline_times_give_words(self) -> None:
        file = self.captions(
            "so<00:00:00.500><c> it</c>", "so it\ngoes<00:00:02.500><c> on</c>", "goes on\nand<00:00:05.000><c> on</c>"
        )
        read = transcript(file)
        assert [segment.text for segment in read.segments] == ["so it", "goes on", "and on"]
        assert [(word.text, word.start_time, word.end_time) for word in read.cues[1].words] == [
            ("goes", 2.0, 2.5),
            ("on", 2.5, 4.0),
        ]

    def test_what_is_said_twice_stays(self) -> None:
        assert len(transcript(self.captions("Yes.", "Yes.", "No.", "Yes.", "Yes.")).segments) == 5
        assert len(transcript(self.captions("a\nb", "b\nc", "d", "e", "f\ng", "h")).segments[1].text) == 3
