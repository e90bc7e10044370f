"""Checks the results of IBM Watson."""

from tests.harness.transcript_files import timed, transcript


def test_words_are_lists_and_labels_say_who_speaks_them() -> None:
    timestamps = [["who", 1.0, 1.2], ["comes", 1.2, 1.5], ["me", 2.0, 2.5]]
    alternative = {"transcript": "who comes me ", "confidence": 0.5, "timestamps": timestamps}
    labels = [{"from": start, "to": end, "speaker": index // 2} for index, (_, start, end) in enumerate(timestamps)]
    read = transcript(
        {"result_index": 0, "results": [{"alternatives": [alternative], "final": True}], "speaker_labels": labels}
    )
    assert (read.dialect, read.notes) == ("IBM Watson", [])
    assert timed(read) == [("0", "who comes", 1.0, 1.5), ("1", "me", 2.0, 2.5)]


def test_a_hypothesis_is_not_final() -> None:
    result = {"final": False, "alternatives": [{"transcript": "so", "timestamps": [["so", 1.0, 1.2]]}]}
    assert [segment.is_final for segment in transcript({"results": [result]}).segments] == [False]
