"""Checks the transcripts of Rev and Rev.ai."""

import json

from tests.harness.transcript_files import timed, transcript


def _word(value: str, start: float, end: float) -> dict[str, object]:
    return {"type": "text", "value": value, "ts": start, "end_ts": end, "confidence": 0.5}


def _mark(value: str) -> dict[str, object]:
    return {"type": "punct", "value": value}


ELEMENTS = [
    _word("Who", 1.0, 1.2),
    _mark(" "),
    _word("comes", 1.3, 1.5),
    _mark("? "),
    _word("Anyone", 2.0, 2.4),
    _mark("?"),
]


def test_a_sentence_is_a_cue_with_its_punctuation() -> None:
    read = transcript(
        {"monologues": [{"speaker": 0, "elements": ELEMENTS}, {"speaker": 1, "elements": [_word("I", 3.0, 3.1)]}]}
    )
    assert (read.dialect, read.notes) == ("Rev", [])
    assert timed(read) == [("0", "Who comes?", 1.0, 1.5), ("0", "Anyone?", 2.0, 2.4), ("1", "I", 3.0, 3.1)]
    assert [word.text for word in read.segments[0].words or ()] == ["Who", "comes?"]


def test_speakers_have_names_and_unknown_words_no_times() -> None:
    unknown = {"type": "unknown", "value": "<inaudible>"}
    read = transcript(
        {
            "speakers": [{"id": 1, "name": "Ida"}],
            "monologues": [
                {"speaker": 1, "elements": [*ELEMENTS[:3], _mark(" "), unknown]},
                {"speaker": 2, "speaker_info": {"id": "x", "display_name": "Ole"}, "elements": ELEMENTS[4:]},
            ],
        }
    )
    assert timed(read) == [("Ida", "Who comes <inaudible>", 1.0, 1.5), ("Ole", "Anyone?", 2.0, 2.4)]


def test_a_stream_gives_its_final_results() -> None:
    messages = [
        {"type": "connected", "id": "s"},
        {"type": "partial", "ts": 1.0, "end_ts": 1.2, "elements": [{"type": "text", "value": "hoo"}]},
        {"type": "final", "ts": 1.0, "end_ts": 2.4, "elements": ELEMENTS},
    ]
    read = transcript("\n".join(map(json.dumps, messages)), "a.jsonl")
    assert timed(read) == [("", "Who comes?", 1.0, 1.5), ("", "Anyone?", 2.0, 2.4)]
