"""Checks the results of Azure Speech."""

from tests.harness.transcript_files import refusal, timed, transcript


def _phrase(text: str, offset: float, **more: object) -> dict[str, object]:
    word = {"displayText": text, "offsetInTicks": offset * 1e7, "durationInTicks": 5_000_000.0}
    return {
        "recognitionStatus": "Success",
        "channel": 0,
        "offsetInTicks": offset * 1e7,
        "durationInTicks": 7_600_000.0,
        "nBest": [{"confidence": 0.5, "lexical": text.lower(), "display": text, "displayWords": [word]}],
        **more,
    }


def test_batch_transcription_takes_the_best_guess() -> None:
    silence = {"recognitionStatus": "InitialSilenceTimeout", "channel": 0, "offsetInTicks": 0, "durationInTicks": 0}
    phrases = [_phrase("Hello.", 0.76, speaker=1), silence | {"nBest": []}, _phrase("Hi.", 2.0, speaker=2)]
    read = transcript({"source": "x", "combinedRecognizedPhrases": [], "recognizedPhrases": phrases})
    assert (read.dialect, read.notes) == ("Azure Speech", [])
    assert timed(read) == [("1", "Hello.", 0.76, 1.52), ("2", "Hi.", 2.0, 2.76)]
    assert [word.end_time for word in read.segments[0].words or ()] == [1.26]


def test_channels_are_speakers_where_there_are_several_and_come_in_the_order_of_time() -> None:
    phrases = [_phrase("One.", 1.0), _phrase("Three.", 5.0), _phrase("Two.", 3.0, channel=1)]
    read = transcript({"recognizedPhrases": phrases})
    assert timed(read) == [("0", "One.", 1.0, 1.76), ("1", "Two.", 3.0, 3.76), ("0", "Three.", 5.0, 5.76)]


def test_times_as_iso_durations() -> None:
    phrase = {"offset": "PT1M0.5S", "duration": "PT2S", "nBest": [{"lexical": "hello"}]}
    assert timed(transcript({"recognizedPhrases": [phrase]})) == [("", "hello", 60.5, 62.5)]


def test_fast_transcription() -> None:
    phrase = {
        "offsetMilliseconds": 500,
        "durationMilliseconds": 1500,
        "text": "Hello.",
        "speaker": 1,
        "confidence": 0.5,
    }
    read = transcript({"durationMilliseconds": 2000, "combinedPhrases": [{"text": "Hello."}], "phrases": [phrase]})
    assert timed(read) == [("1", "Hello.", 0.5, 2.0)]


def test_a_phrase_without_a_time_is_refused() -> None:
    file = '{"recognizedPhrases": [{"offset": "soon", "nBest": [{"display": "Hello."}]}]}'
    assert "recognizedPhrases[0].offset: is needed" in refusal(file, "a.json")
