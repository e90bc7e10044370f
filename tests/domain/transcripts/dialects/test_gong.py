"""Checks the transcripts of Gong."""

import json

from tests.harness.transcript_files import refusal, timed, transcript


def _speech(speaker: str | None, *sentences: tuple[int, int, str]) -> dict[str, object]:
    said = [{"start": start, "end": end, "text": text} for start, end, text in sentences]
    return {"speakerId": speaker, "topic": "Pricing", "sentences": said}


CALL = {"callId": "7", "transcript": [_speech("63", (500, 2500, "We ship."), (2600, 3000, "Now.")), _speech(None)]}


def test_sentences_are_of_the_speaker_of_their_speech() -> None:
    for file in ({"requestId": "r", "callTranscripts": [CALL]}, CALL):
        read = transcript(file)
        assert (read.dialect, read.notes) == ("Gong", [])
        assert timed(read) == [("63", "We ship.", 0.5, 2.5), ("63", "Now.", 2.6, 3.0)]


def test_several_calls_are_refused() -> None:
    assert "has 2 calls: import each" in refusal(json.dumps({"callTranscripts": [CALL, CALL]}), "a.json")
