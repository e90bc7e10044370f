"""Checks the transcripts of ElevenLabs' Scribe."""

import pytest

from tests.harness.transcript_files import timed, transcript


def _word(text: str, start: float, speaker: str | None = "speaker_0", kind: str = "word") -> dict[str, object]:
    return {"text": text, "start": start, "end": start + 0.5, "type": kind, "speaker_id": speaker, "logprob": 0.0}


def _space(start: float) -> dict[str, object]:
    return _word(" ", start, kind="spacing")


def test_sentences_with_their_spaces_and_sounds() -> None:
    words = [
        _word("Who", 1.0),
        _space(1.5),
        _word("comes?", 1.5),
        _space(2.0),
        _word("(laughs)", 2.0, kind="audio_event"),
    ]
    words += [_space(2.5), _word("Me.", 3.0, "speaker_1")]
    read = transcript({"language_code": "eng", "text": "Who comes? (laughs) Me.", "words": words})
    assert (read.dialect, read.notes) == ("ElevenLabs Scribe", [])
    assert timed(read) == [
        ("speaker_0", "Who comes?", 1.0, 2.0),
        ("speaker_0", "(laughs)", 2.0, 2.5),
        ("speaker_1", "Me.", 3.0, 3.5),
    ]
    assert [(word.text, word.confidence) for word in read.segments[0].words or ()] == [("Who", 1.0), ("comes?", 1.0)]


def test_languages_without_spaces_get_none() -> None:
    words = [_word("日本", 1.0), _word("語。", 1.5)]
    assert [text for _, text, *_ in timed(transcript({"words": words}))] == ["日本語。"]


def test_channels_are_speakers_where_nobody_is_named() -> None:
    channels = [{"channel_index": index, "words": [_word("Hi.", 2.0 - index, None)]} for index in (0, 1)]
    assert timed(transcript({"transcripts": channels})) == [("1", "Hi.", 1.0, 1.5), ("0", "Hi.", 2.0, 2.5)]


@pytest.mark.parametrize("logprob", [True, "x", 0.5, None])
def test_a_logarithm_that_is_none_gives_no_confidence(logprob: object) -> None:
    read = transcript({"words": [_word("Hi.", 1.0) | {"logprob": logprob}]})
    assert [word.confidence for word in read.segments[0].words or ()] == [None]
