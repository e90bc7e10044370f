"""Checks the JSON of whisper.cpp."""

from tests.harness.transcript_files import timed, transcript


def test_offsets_are_milliseconds() -> None:
    segments = [
        {
            "timestamps": {"from": "00:00:00,000", "to": "00:00:01,250"},
            "offsets": {"from": 0, "to": 1250},
            "text": " One.",
        },
        {"offsets": {"from": 1250, "to": 61_000}, "speaker": "1", "text": " Two."},
    ]
    read = transcript({"systeminfo": "x", "transcription": segments})
    assert read.dialect == "whisper.cpp"
    assert timed(read) == [("", "One.", 0.0, 1.25), ("1", "Two.", 1.25, 61.0)]


def test_timestamps_serve_where_there_are_no_offsets() -> None:
    segment = {"timestamps": {"from": "00:01:00,500", "to": "00:01:02,000"}, "text": "One two."}
    assert timed(transcript({"transcription": [segment]})) == [("", "One two.", 60.5, 62.0)]
