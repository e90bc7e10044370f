"""Checks the results of Google's Speech-to-Text."""

import pytest

from tests.harness.transcript_files import messages, refusal, timed, transcript


def _word(word: str, start: str, end: str, **more: object) -> dict[str, object]:
    return {"word": word, "startTime": start, "endTime": end, **more}


def _result(text: str, words: list[dict[str, object]], **more: object) -> dict[str, object]:
    return {"alternatives": [{"transcript": text, "confidence": 0.5, "words": words}], **more}


ONE = _result("who comes", [_word("who", "1s", "1.200s"), _word("comes", "1.200s", "1.500s")])
TWO = _result(" nobody", [_word("nobody", "2s", "2.500s")])


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_result_is_a_cue(wrapped: bool) -> None:
    document: dict[str, object] = {"results": [ONE, TWO]}
    read = transcript({"name": "1", "done": True, "response": document} if wrapped else document)
    assert (read.dialect, read.notes) == ("Google Speech-to-Text", [])
    assert timed(read) == [("", "who comes", 1.0, 1.5), ("", "nobody", 2.0, 2.5)]
    assert read.segments[0].confidence == 0.5


def test_the_last_result_of_version_1_repeats_all_words_with_their_speakers() -> None:
    labelled = [_word("who", "1s", "1.200s", speakerTag=1), _word("comes?", "1.200s", "1.500s", speakerTag=1)]
    labelled.append(_word("Nobody.", "2s", "2.500s", speakerTag=2))
    read = transcript({"results": [ONE, TWO, {"alternatives": [{"words": labelled}]}]})
    assert timed(read) == [("1", "who comes?", 1.0, 1.5), ("2", "Nobody.", 2.0, 2.5)]


def test_version_2_has_offsets_and_labels() -> None:
    words: list[dict[str, object]] = [
        {"word": "Who?", "endOffset": "1.200s", "speakerLabel": "1"},
        {"word": "Me.", "startOffset": "1.200s", "endOffset": "1.500s", "speakerLabel": "2"},
    ]
    results = {"results": [_result("Who? Me.", words, resultEndOffset="1.6s", languageCode="en-US")]}
    read = transcript({"results": {"gs://bucket/a.wav": {"transcript": results}}})
    assert timed(read) == [("1", "Who?", 0.0, 1.2), ("2", "Me.", 1.2, 1.5)]


def test_times_as_objects() -> None:
    start, end = {"seconds": "61", "nanos": 500_000_000}, {"seconds": 62}
    result = _result("so", [{"word": "so", "start_time": start, "end_time": end}])
    assert timed(transcript({"results": [result]})) == [("", "so", 61.5, 62.0)]


def test_channels_are_speakers_where_there_are_several() -> None:
    read = transcript({"results": [ONE | {"channelTag": 1}, TWO | {"channelTag": 2}]})
    assert timed(read) == [("1", "who comes", 1.0, 1.5), ("2", "nobody", 2.0, 2.5)]


def test_without_times_of_words_a_result_starts_where_the_one_before_it_ends() -> None:
    results = [{"alternatives": [{"transcript": "who comes"}], "resultEndTime": "1.5s"}]
    results.append({"alternatives": [{"transcript": "nobody"}], "resultEndTime": "2.5s"})
    read = transcript({"results": results})
    assert timed(read) == [("", "who comes", 0.0, 1.5), ("", "nobody", 1.5, 2.5)]
    assert "has no times of words" in messages(read)[0]


def test_without_any_times_it_is_refused() -> None:
    file = '{"results": [{"alternatives": [{"transcript": "who comes"}]}]}'
    assert "results[0] has no times: ask Google for the times of words" in refusal(file, "a.json")


def test_results_of_several_recordings_are_refused() -> None:
    file = '{"results": {"gs://a": {"transcript": {}}, "gs://b": {"transcript": {}}}}'
    assert "results has 2 recordings: import each in a file of its own" in refusal(file, "a.json")
