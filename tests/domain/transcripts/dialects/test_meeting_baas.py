"""Checks the transcripts of Meeting BaaS."""

import pytest

from tests.harness.transcript_files import timed, transcript

TURNS = [
    {
        "speaker": "Ida Moe",
        "words": [{"start": 1.0, "end": 1.2, "word": "Who"}, {"start": 1.3, "end": 1.5, "word": "comes?"}],
    },
    {"speaker": "Ole", "words": [{"start": 2.0, "end": 2.5, "word": "Nobody."}]},
]


@pytest.mark.parametrize(
    "document", [{"event": "complete", "data": {"transcript": TURNS}}, {"transcripts": TURNS}, TURNS], ids=str
)
def test_turns_are_lists_of_words(document: object) -> None:
    read = transcript(document)  # type: ignore[arg-type]
    assert (read.dialect, read.notes) == ("Meeting BaaS", [])
    assert timed(read) == [("Ida Moe", "Who comes?", 1.0, 1.5), ("Ole", "Nobody.", 2.0, 2.5)]


def test_the_data_of_a_bot() -> None:
    word = {"start_time": 1.0, "end_time": 1.5, "text": "Hello."}
    turn = {"bot_id": 1, "id": 2, "speaker": "Ida", "start_time": 1.0, "words": [word]}
    assert timed(transcript({"bot_data": {"bot": {}, "transcripts": [turn]}})) == [("Ida", "Hello.", 1.0, 1.5)]


def test_a_turn_without_end_is_divided() -> None:
    words = [{"start": n / 10, "end": n / 10 + 0.05, "word": "nine chars"} for n in range(4_000)]
    read = transcript([{"speaker": "Ida", "words": words}])
    assert len(read.segments) == 3
    assert " ".join(segment.text for segment in read.segments) == " ".join(["nine chars"] * 4_000)
