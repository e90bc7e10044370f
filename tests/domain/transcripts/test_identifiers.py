"""Checks which identifiers of cues name speakers."""

import pytest

from tests.harness.transcript_files import TIMES, spoken, transcript


def _file(*identified: tuple[str, str]) -> str:
    return "WEBVTT\n\n" + "\n\n".join(f"{identifier}\n{TIMES}\n{text}" for identifier, text in identified) + "\n"


def test_webex_names_the_speaker_behind_the_number() -> None:
    file = _file(('7 "Ida Berg" (123456789)', "Hello."), ('8 "Ole" (0)', "Hi."))
    assert spoken(file) == [("Ida Berg", "Hello."), ("Ole", "Hi.")]
    assert [segment.segment_id for segment in transcript(file).segments] == [7, 8]
    assert spoken(_file(('7 "Ida Berg" (1)', "Hello."), ('8 "" (0)', "Hi."))) == [("Ida Berg", "Hello."), ("", "Hi.")]


@pytest.mark.parametrize(
    ("identifiers", "speakers"),
    [
        (("Speaker 1", "Speaker 2", "Speaker 3"), ("Speaker 1", "Speaker 2", "Speaker 3")),
        (("Ida Berg", "Ole", "Ida Berg", "Ole"), ("Ida Berg", "Ole", "Ida Berg", "Ole")),
        (("intro", "chapter-1", "end"), ("", "", "")),
        (("1", "2", "1", "2"), ("", "", "", "")),
        (("Speaker 1", "", "Speaker 2"), ("", "", "")),
    ],
)
def test_an_identifier_alone_may_be_a_name(identifiers: tuple[str, ...], speakers: tuple[str, ...]) -> None:
    assert tuple(speaker for speaker, _ in spoken(_file(*((each, "So.") for each in identifiers)))) == speakers


def test_labels_and_voices_decide_where_there_are_some() -> None:
    assert spoken(_file(("Speaker 1", "<v Ida>Hello."), ("Speaker 2", "Hi."))) == [("Ida", "Hello."), ("", "Hi.")]
    assert spoken(_file(("Speaker 1", "Ida: Hello."), ("Speaker 2", "Ole: Hi."))) == [("Ida", "Hello."), ("Ole", "Hi.")]
