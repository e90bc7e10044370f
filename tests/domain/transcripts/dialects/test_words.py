"""Checks documents that list words only."""

from tests.harness.transcript_files import messages, timed, transcript


def test_words_give_sentences() -> None:
    words = [("Who", 1.0), ("comes?", 1.5), ("Me.", 2.0)]
    listed = [{"word": word, "start": start, "end": start + 0.5} for word, start in words]
    read = transcript({"task": "transcribe", "text": "Who comes? Me.", "words": [*listed, {"start": 3.0, "end": 4.0}]})
    assert read.dialect == "JSON words"
    assert timed(read) == [("", "Who comes?", 1.0, 2.0), ("", "Me.", 2.0, 2.5)]
    assert messages(read) == ["None: words without a text are left out of the list of words (1)"]


def test_words_may_have_speakers() -> None:
    listed = [{"text": "Hi", "start": n, "end": n + 1, "speaker": speaker} for n, speaker in enumerate(["A", "B"])]
    assert timed(transcript({"words": listed})) == [("A", "Hi", 0.0, 1.0), ("B", "Hi", 1.0, 2.0)]
