"""Checks the transcripts of Gladia."""

import pytest

from tests.harness.transcript_files import timed, transcript

WORDS = [{"word": "Who", "start": 1.0, "end": 1.2, "confidence": 0.5}, {"word": " comes?", "start": 1.2, "end": 1.5}]
UTTERANCES = [
    {"start": 1.0, "end": 1.5, "text": "Who comes?", "speaker": 0, "channel": 0, "confidence": 0.5, "words": WORDS},
    {"start": 2.0, "end": 2.5, "text": "Nobody.", "speaker": 1, "channel": 0, "words": []},
]


@pytest.mark.parametrize(
    "document",
    [
        {"id": "1", "status": "done", "result": {"metadata": {}, "transcription": {"utterances": UTTERANCES}}},
        {"event": "transcription.success", "payload": {"transcription": {"utterances": UTTERANCES}}},
        {"type": "post_transcript", "data": {"full_transcript": "", "utterances": UTTERANCES}},
    ],
)
def test_results_and_messages(document: dict[str, object]) -> None:
    read = transcript(document)
    assert (read.dialect, read.notes) == ("Gladia", [])
    assert timed(read) == [("0", "Who comes?", 1.0, 1.5), ("1", "Nobody.", 2.0, 2.5)]


def test_version_1() -> None:
    prediction = {"time_begin": 1.0, "time_end": 1.5, "transcription": "Who comes?", "speaker": "speaker_0"}
    assert timed(transcript({"prediction": [prediction]})) == [("speaker_0", "Who comes?", 1.0, 1.5)]


def test_channels_are_speakers_where_there_are_several() -> None:
    utterances = [{"start": 1.0, "end": 1.5, "text": "Hello.", "channel": channel} for channel in (0, 1)]
    read = transcript({"transcription": {"utterances": utterances}})
    assert [speaker for speaker, *_ in timed(read)] == ["0", "1"]


def test_final_messages_of_a_stream_are_read() -> None:
    def message(text: str, channel: int, *, is_final: bool) -> dict[str, object]:
        utterance = {"text": text, "start": 1.0, "end": 1.5, "channel": channel, "words": []}
        return {
            "type": "transcript",
            "session_id": "s",
            "data": {"id": "0", "is_final": is_final, "utterance": utterance},
        }

    messages = [message("Who", 0, is_final=False), message("Who comes?", 0, is_final=True), {"type": "stop_recording"}]
    read = transcript(messages)
    assert (read.dialect, timed(read)) == ("Gladia", [("", "Who comes?", 1.0, 1.5)])
    both = transcript([*messages, message("I.", 1, is_final=True)])
    assert [segment.speaker for segment in both.segments] == ["0", "1"]
