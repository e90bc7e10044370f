"""Checks that the texts of live captions, which are written again and again as they grow or roll up, are taken once."""

import json
from collections.abc import Callable

import pytest

from domain.segments import Segment
from domain.transcripts import TranscriptFormat, write_transcript
from tests.harness.transcript_files import messages, segment, spoken, timed, transcript

State = tuple[str, float, float]
"""A text, its start and its end."""
GROWING: list[State] = [
    ("so", 0, 0.5),
    ("so the", 0.5, 0.9),
    ("so the plan", 0.9, 1.4),
    ("So the plan stands.", 1.4, 2),
    ("and", 2, 2.5),
    ("and we", 2.5, 3),
    ("and we ship", 3, 3.5),
]


def webvtt(states: list[State]) -> str:
    return "WEBVTT\n\n" + "".join(
        f"00:00:{start:06.3f} --> 00:00:{end:06.3f}\n{text}\n\n" for text, start, end in states
    )


def subrip(states: list[State]) -> str:
    return "".join(
        f"{number}\n00:00:{start:06.3f} --> 00:00:{end:06.3f}\n{text}\n\n"
        for number, (text, start, end) in enumerate(states, 1)
    )


def sbv(states: list[State]) -> str:
    return "".join(f"0:00:{start:06.3f},0:00:{end:06.3f}\n{text}\n\n" for text, start, end in states)


def ttml(states: list[State]) -> str:
    paragraphs = "".join(f'<p begin="{start}s" end="{end}s">{text}</p>' for text, start, end in states)
    return f"<tt><body><div>{paragraphs}</div></body></tt>"


def json_lines(states: list[State]) -> str:
    return "\n".join(json.dumps({"text": text, "start": start, "end": end}) for text, start, end in states)


FORMATS = pytest.mark.parametrize("write", [webvtt, subrip, sbv, ttml, json_lines])


@FORMATS
def test_texts_that_grow_word_by_word_are_taken_once(write: Callable[[list[State]], str]) -> None:
    read = transcript(write(GROWING))
    assert timed(read) == [("", "So the plan stands.", 0.0, 2.0), ("", "and we ship", 2.0, 3.5)]
    (message,) = messages(read)
    assert "texts come again and again as they grow: each is taken once, as it is in the end (5 " in message


@pytest.mark.parametrize("mark", ["{}: {}", "<v {}>{}"])
def test_the_texts_of_each_speaker_grow_by_themselves(mark: str) -> None:
    said = [
        ("Dana", "we ship", 0, 0.5),
        ("Omar", "I", 0.3, 0.6),
        ("Dana", "we ship on Friday", 0.5, 1.5),
        ("Omar", "I think", 0.6, 1.2),
        ("Omar", "I think so", 1.2, 2),
    ]
    read = transcript(webvtt([(mark.format(speaker, text), start, end) for speaker, text, start, end in said]))
    assert timed(read) == [("Dana", "we ship on Friday", 0.0, 1.5), ("Omar", "I think so", 0.3, 2.0)]


@pytest.mark.parametrize(
    ("texts", "taken"),
    [
        pytest.param(["so we", "so we g", "so we go on", "yes"], ["so we go on", "yes"], id="a word in part"),
        pytest.param(["計画", "計画は", "計画は変わらない", "はい"], ["計画は変わらない", "はい"], id="no spaces"),
        pytest.param(["so the plan stands", "so the plan stand as", "so the plan stand as it was"],
                     ["so the plan stand as it was"], id="its last word revised"),
        pytest.param(["so we", "so we go", "So we go.", "So we go."], ["So we go."], id="shown again"),
        pytest.param(["Yes.", "Yes.", "Yes."], ["Yes.", "Yes.", "Yes."], id="said again"),
        pytest.param(["Yes.", "Yes. I think so.", "But no."], ["Yes.", "Yes. I think so.", "But no."], id="once only"),
        pytest.param(["I", "It is", "It was fine"], ["I", "It is", "It was fine"], id="other words"),
    ],
)  # fmt: skip
def test_what_grows_and_what_is_said_again(texts: list[str], taken: list[str]) -> None:
    for write in (webvtt, json_lines):
        states: list[State] = [(text, float(index), index + 1.0) for index, text in enumerate(texts)]
        assert [segment.text for segment in transcript(write(states)).segments] == taken


def test_a_pause_divides_texts() -> None:
    states: list[State] = [("so", 0, 1), ("so on", 10, 11), ("so on it", 20, 21)]
    assert [text for _, text in spoken(webvtt(states))] == ["so", "so on", "so on it"]


@FORMATS
def test_a_longer_state_with_the_same_start_is_enough(write: Callable[[list[State]], str]) -> None:
    read = transcript(write([("we ship", 0, 1), ("we ship it", 0, 2), ("yes", 2, 3), ("no", 3, 4), ("yes", 4, 5)]))
    assert timed(read)[0] == ("", "we ship it", 0.0, 2.0)
    assert len(read.segments) == 4


def test_lines_that_grow_and_roll_up() -> None:
    states: list[State] = [
        ("one is done\nso", 0, 0.5),
        ("one is done\nso the", 0.5, 0.9),
        ("one is done\nso the plan", 0.9, 1.4),
        ("so the plan\nstands", 1.4, 1.8),
        ("so the plan\nstands as", 1.8, 2),
        ("stands as\nit was", 2, 3),
    ]
    read = transcript(webvtt(states))
    assert [segment.text for segment in read.segments] == ["one is done\nso the plan", "stands as", "it was"]
    assert len(read.notes) == 2


def test_a_hypothesis_is_replaced_by_what_follows_for_its_time() -> None:
    items = [
        {"text": "so the plant", "start": 0, "end": 1, "is_final": False},
        {"text": "so the plan stands", "start": 0, "end": 2, "is_final": True},
        {"text": "yes", "start": 5, "end": 6, "is_final": False},
        {"text": "no", "start": 9, "end": 10, "is_final": True},
    ]
    assert [segment.text for segment in transcript(items).segments] == ["so the plan stands", "yes", "no"]


@pytest.mark.parametrize("format", [TranscriptFormat.VTT, TranscriptFormat.SRT, TranscriptFormat.JSON])
@pytest.mark.parametrize("speakers", [[""], ["Dana"], ["Dana", "Omar"]])
def test_our_own_exports_repeat_nothing(format: TranscriptFormat, speakers: list[str]) -> None:
    texts = ["so", "so the", "so the plan", "so the plan", "so the\nplan", "plan\nso", "so", "\u2060so the"]
    said: list[Segment] = [
        segment(text, speaker, index * len(speakers) + number, float(index), index + 1.0)
        for index, text in enumerate(texts)
        for number, speaker in enumerate(speakers)
    ]
    read = transcript(write_transcript(said, format))
    assert [(each.speaker, each.text) for each in read.segments] == [(each.speaker, each.text) for each in said]
    assert read.notes == []
