"""Checks the transcripts of Speechmatics."""

import json

from tests.harness.transcript_files import timed, transcript


def _result(content: str, start: float, end: float, speaker: str = "S1", **more: object) -> dict[str, object]:
    alternative = {"content": content, "confidence": 0.5, "language": "en", "speaker": speaker}
    return {"type": "word", "start_time": start, "end_time": end, "alternatives": [alternative], **more}


def _mark(content: str, time: float, attaches_to: str = "previous") -> dict[str, object]:
    return _result(content, time, time, type="punctuation", attaches_to=attaches_to)


RESULTS = [
    _result("So", 1.0, 1.2),
    _mark(",", 1.2),
    _mark("¿", 1.3, "next"),
    _result("who", 1.3, 1.5),
    _mark("?", 1.5),
    _result("Me", 2.0, 2.2, "UU"),
    _mark(".", 2.2),
]


def test_marks_attach_to_words_and_sentences_are_cues() -> None:
    read = transcript({"format": "2.9", "metadata": {}, "results": RESULTS})
    assert (read.dialect, read.notes) == ("Speechmatics", [])
    assert timed(read) == [("S1", "So, ¿who?", 1.0, 1.5), ("", "Me.", 2.0, 2.2)]


def test_channels_name_those_whom_nothing_else_names() -> None:
    results = [_result("One", 1.0, 1.5, "UU", channel="left"), _result("Two", 0.5, 1.0, "UU", channel="right")]
    assert timed(transcript({"results": results})) == [("right", "Two", 0.5, 1.0), ("left", "One", 1.0, 1.5)]


def test_a_stream_gives_its_final_messages() -> None:
    messages = [
        {"message": "AddPartialTranscript", "results": [_result("sew", 1.0, 1.2)]},
        {"message": "AddTranscript", "results": RESULTS[:5]},
        {"message": "EndOfTranscript"},
    ]
    read = transcript("\n".join(map(json.dumps, messages)), "a.jsonl")
    assert timed(read) == [("S1", "So, ¿who?", 1.0, 1.5)]
