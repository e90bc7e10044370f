"""Checks the transcripts of AssemblyAI."""

import pytest

from tests.harness.transcript_files import messages, timed, transcript


def test_times_are_milliseconds() -> None:
    words = [{"text": "Hi", "start": 250, "end": 400, "confidence": 0.5, "speaker": "A"}]
    utterance = {"speaker": "A", "text": "Hi", "start": 250, "end": 400, "confidence": 0.5, "words": words}
    read = transcript({"id": "x", "status": "completed", "utterances": [utterance]})
    assert (read.dialect, messages(read)) == ("AssemblyAI", [])
    assert timed(read) == [("A", "Hi", 0.25, 0.4)]
    assert (read.cues[0].words[0].start_time, read.cues[0].words[0].end_time) == (0.25, 0.4)


def test_without_utterances_the_words_give_sentences() -> None:
    words = [
        {"text": "Well", "start": 1000, "end": 1200, "speaker": None},
        {"text": "done.", "start": 1200, "end": 1500, "speaker": None},
        {"text": "Thanks.", "start": 1600, "end": 2000, "speaker": None},
    ]
    read = transcript({"status": "completed", "audio_url": "x", "utterances": None, "words": words})
    assert timed(read) == [("", "Well done.", 1.0, 1.5), ("", "Thanks.", 1.6, 2.0)]


def test_seconds_in_place_of_milliseconds_are_noticed() -> None:
    utterance = {"speaker": 1, "text": "Seven words are said in two seconds", "start": 3.5, "end": 5.5}
    read = transcript({"utterances": [utterance]})
    assert timed(read) == [("1", "Seven words are said in two seconds", 3.5, 5.5)]
    assert "the times are read as seconds" in messages(read)[0]


@pytest.mark.parametrize("name", ["sentences", "paragraphs"])
def test_sentences_and_paragraphs(name: str) -> None:
    words = [{"text": "Ready?", "start": 500, "end": 900, "confidence": 0.9, "speaker": "A"}]
    items = [
        {"text": "Ready?", "start": 500, "end": 900, "words": words, "speaker": "A"},
        {"text": "Yes.", "start": 1000, "end": 1500, "words": [], "speaker": "B"},
    ]
    read = transcript({"id": "x", name: items, "audio_duration": 2})
    assert read.dialect == "AssemblyAI"
    assert timed(read) == [("A", "Ready?", 0.5, 0.9), ("B", "Yes.", 1.0, 1.5)]


def test_final_messages_of_a_stream_are_read() -> None:
    def turn(number: int, text: str, start: int, *, ended: bool) -> dict[str, object]:
        words = [{"text": text, "start": start, "end": start + 900, "confidence": 0.5, "word_is_final": ended}]
        return {"type": "Turn", "turn_order": number, "end_of_turn": ended, "transcript": text, "words": words}

    turns = [turn(0, "we", 500, ended=False), turn(0, "we ship", 500, ended=True), turn(0, "We ship.", 500, ended=True)]
    read = transcript(
        [{"type": "Begin", "id": "x"}, *turns, turn(1, "Good.", 2000, ended=True), {"type": "Termination"}]
    )
    assert timed(read) == [("", "We ship.", 0.5, 1.4), ("", "Good.", 2.0, 2.9)]
    assert read.dialect == "AssemblyAI"


def test_the_older_messages_of_a_stream() -> None:
    def message(kind: str, text: str) -> dict[str, object]:
        return {
            "message_type": kind,
            "audio_start": 500,
            "audio_end": 1400,
            "text": text,
            "words": [],
            "confidence": 0.5,
        }

    messages = [
        {"message_type": "SessionBegins"},
        message("PartialTranscript", "we"),
        message("FinalTranscript", "We ship."),
    ]
    assert timed(transcript(messages)) == [("", "We ship.", 0.5, 1.4)]


def test_words_of_other_programs_are_no_milliseconds() -> None:
    words = [{"word": "we", "start_time": 0.5, "end_time": 0.8, "speaker_label": "speaker_0"}]
    sentences = [{"text": "we", "start_time": 0.5, "end_time": 0.8, "speaker_label": "speaker_0"}]
    for file in ({"status": "success", "words": words}, {"status": "success", "words": words, "sentences": sentences}):
        assert timed(transcript(file)) == [("speaker_0", "we", 0.5, 0.8)]
