"""Checks the JSON transcripts of Podcasting 2.0."""

from tests.harness.transcript_files import timed, transcript


def test_segments_have_a_body() -> None:
    segment = {"speaker": "Host", "startTime": 0.5, "endTime": 0.9, "body": "Hello"}
    read = transcript({"version": "1.0.0", "segments": [segment]})
    assert read.dialect == "Podcasting 2.0"
    assert timed(read) == [("Host", "Hello", 0.5, 0.9)]
