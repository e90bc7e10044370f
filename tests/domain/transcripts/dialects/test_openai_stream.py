"""Checks the events of OpenAI's transcription with speakers."""

import json

from tests.harness.transcript_files import timed, transcript


def test_segments_are_read_and_other_events_are_not() -> None:
    events: list[dict[str, object]] = [
        {"type": "transcript.text.delta", "delta": "We ship.", "segment_id": "seg_1"},
        {
            "type": "transcript.text.segment",
            "id": "seg_1",
            "start": 0.5,
            "end": 2.5,
            "text": " We ship.",
            "speaker": "A",
        },
        {"type": "transcript.text.segment", "id": "seg_2", "start": 3.0, "end": 3.5, "text": " Good.", "speaker": "B"},
        {"type": "transcript.text.done", "text": "We ship. Good."},
    ]
    read = transcript("\n".join(map(json.dumps, events)))
    assert read.dialect == "OpenAI stream"
    assert timed(read) == [("A", "We ship.", 0.5, 2.5), ("B", "Good.", 3.0, 3.5)]
    assert ([segment.external_id for segment in read.segments], read.notes) == (["seg_1", "seg_2"], [])
