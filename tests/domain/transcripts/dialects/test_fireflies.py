"""Checks the transcripts of Fireflies."""

import pytest

from tests.harness.transcript_files import timed, transcript

SENTENCES = [
    {
        "index": 0,
        "speaker_name": "Ida Moe",
        "speaker_id": 0,
        "text": "Go on.",
        "raw_text": "go on",
        "start_time": 1.0,
        "end_time": 2.0,
    },
    {"index": 1, "speaker_name": None, "speaker_id": 1, "text": "I will.", "start_time": 2.0, "end_time": 3.0},
]


@pytest.mark.parametrize(
    ("file", "title"),
    [
        (SENTENCES, ""),
        ({"title": "Weekly", "sentences": SENTENCES}, "Weekly"),
        ({"data": {"transcript": {"title": "Weekly", "sentences": SENTENCES}}}, "Weekly"),
    ],
)
def test_sentences_name_their_speakers(file: list[object] | dict[str, object], title: str) -> None:
    read = transcript(file)
    assert (read.dialect, read.title) == ("Fireflies", title)
    assert timed(read) == [("Ida Moe", "Go on.", 1.0, 2.0), ("1", "I will.", 2.0, 3.0)]
