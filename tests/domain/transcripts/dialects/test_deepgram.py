"""Checks the results of Deepgram."""

import json

import pytest

from tests.harness.transcript_files import timed, transcript


def _word(word: str, start: float, speaker: int | None = None) -> dict[str, object]:
    return {
        "word": word.lower(),
        "punctuated_word": word,
        "start": start,
        "end": start + 0.5,
        "confidence": 0.5,
        "speaker": speaker,
    }


def test_utterances() -> None:
    utterance = {
        "start": 1.0,
        "end": 2.0,
        "confidence": 0.75,
        "channel": 0,
        "transcript": "Hi all.",
        "speaker": 2,
        "id": "u-1",
    }
    read = transcript({"metadata": {}, "results": {"channels": [{}], "utterances": [utterance]}})
    assert read.dialect == "Deepgram"
    assert timed(read) == [("2", "Hi all.", 1.0, 2.0)]
    assert (read.segments[0].confidence, read.cues[0].external_id) == (0.75, "u-1")


def test_without_utterances_the_words_give_sentences() -> None:
    words = [
        _word("Who", 1.0, 0),
        _word("knows?", 1.5, 0),
        _word("Nobody", 2.0, 1),
        _word("here.", 2.5, 1),
        _word("No.", 3.0, 1),
    ]
    read = transcript({"results": {"channels": [{"alternatives": [{"transcript": "who knows", "words": words}]}]}})
    assert timed(read) == [("0", "Who knows?", 1.0, 2.0), ("1", "Nobody here.", 2.0, 3.0), ("1", "No.", 3.0, 3.5)]


def test_channels_are_speakers_where_there_are_several() -> None:
    channels = [
        {"alternatives": [{"words": [_word("Two.", 2.0)]}]},
        {"alternatives": [{"words": [_word("One.", 1.0)]}]},
    ]
    assert timed(transcript({"results": {"channels": channels}})) == [("1", "One.", 1.0, 1.5), ("0", "Two.", 2.0, 2.5)]


def test_live_messages() -> None:
    def message(text: str, is_final: bool) -> str:
        alternative = {"transcript": text, "confidence": 0.5, "words": []}
        return json.dumps(
            {
                "type": "Results",
                "start": 1.5,
                "duration": 2,
                "is_final": is_final,
                "channel": {"alternatives": [alternative]},
            }
        )

    lines = [message("so we", False), message("So we go.", True), json.dumps({"type": "Metadata"}), message("", True)]
    assert timed(transcript("\n".join(lines))) == [("", "So we go.", 1.5, 3.5)]


def test_results_that_a_library_wraps() -> None:
    utterances = [{"start": 1.0, "end": 2.0, "transcript": "We ship.", "speaker": 0}]
    read = transcript({"result": {"results": {"utterances": utterances, "channels": []}}, "error": None})
    assert read.dialect == "Deepgram"
    assert timed(read) == [("0", "We ship.", 1.0, 2.0)]


def _word_of(text: str, start: float, speaker: int | None) -> dict[str, object]:
    return {"word": text, "start": start, "end": start + 0.5} | ({} if speaker is None else {"speaker": speaker})


@pytest.mark.parametrize(
    ("speakers", "names"),
    [((0, 0, 0), ["0", "1", "0"]), ((0, 0, 1), ["0-0", "1", "0-1"]), ((None, None, None), ["0", "1", "0"])],
)
def test_speakers_of_several_channels_are_counted_in_each(speakers: tuple[int | None, ...], names: list[str]) -> None:
    first, other, last = (
        _word_of(text, start, speaker) for text, start, speaker in zip("abc", (1, 2, 4), speakers, strict=True)
    )
    channels = [{"alternatives": [{"transcript": "x", "words": words}]} for words in ([first, last], [other])]
    utterances = [
        {**word, "transcript": word["word"], "channel": channel}
        for word, channel in ((first, 0), (other, 1), (last, 0))
    ]
    messages = [
        {
            "type": "Results",
            "start": word["start"],
            "duration": 0.5,
            "is_final": True,
            "channel_index": [channel, 2],
            "channel": {"alternatives": [{"transcript": word["word"], "words": [word]}]},
        }
        for word, channel in ((first, 0), (other, 1), (last, 0))
    ]
    for file in (
        {"results": {"channels": channels}},
        {"results": {"channels": channels, "utterances": utterances}},
        messages,
    ):
        assert [segment.speaker for segment in transcript(file).segments] == names
