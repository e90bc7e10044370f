"""Checks the JSON of Happy Scribe."""

from tests.harness.transcript_files import timed, transcript


def test_paragraphs_are_lists_of_words() -> None:
    words = [
        {"text": "We", "type": "text", "data_start": 3.1, "data_end": 3.4, "confidence": 1.0},
        {"text": " ", "type": "space"},
        {"text": "ship.", "type": "text", "data_start": 3.4, "data_end": 4.0, "confidence": 0.5},
    ]
    read = transcript([{"speaker": "Ida Holm", "words": words}, {"speaker": None, "words": words[2:]}])
    assert (read.dialect, read.notes) == ("Happy Scribe", [])
    assert timed(read) == [("Ida Holm", "We ship.", 3.1, 4.0), ("", "ship.", 3.4, 4.0)]
    assert read.segments[0].confidence == 0.75
