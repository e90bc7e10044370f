"""Checks the transcripts of Jitsi."""

import json

from tests.harness.transcript_files import timed, transcript


def _speech(second: int, text: str, **more: object) -> dict[str, object]:
    event = {
        "event": "SPEECH",
        "timestamp": f"2026-01-01T09:00:{second:02}Z",
        "participant": {"id": "x", "name": "Ida"},
    }
    return {**event, "transcript": [{"text": text, "confidence": 0.5}], **more}


def test_events_of_jigasi() -> None:
    join = {"event": "JOIN", "timestamp": "2026-01-01T09:00:01Z", "participant": {"name": "Ida"}}
    events = [
        join,
        _speech(5, "So", message_id="m", is_interim=True),
        _speech(5, "So be it.", message_id="m"),
        _speech(9, "Bye."),
    ]
    read = transcript({"room_name": "standup", "start_time": "2026-01-01T09:00:00Z", "events": events})
    assert (read.dialect, read.title) == ("Jitsi", "standup")
    assert timed(read) == [("Ida", "So be it.", 5.0, 9.0), ("Ida", "Bye.", 9.0, 9.0)]
    assert read.cues[0].external_id == "m"


def test_messages_of_skynet() -> None:
    lines = [
        {"id": "1", "participant_id": "ida", "ts": 1_767_258_000_000, "text": "One.", "type": "final"},
        {"id": "2", "participant_id": "ole", "ts": 1_767_258_002_500, "text": "Two.", "type": "final"},
    ]
    read = transcript("\n".join(map(json.dumps, lines)))
    assert timed(read) == [("ida", "One.", 0.0, 2.5), ("ole", "Two.", 2.5, 2.5)]
