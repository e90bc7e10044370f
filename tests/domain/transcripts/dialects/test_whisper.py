"""Checks the JSON of Whisper and its relatives."""

from tests.harness.transcript_files import messages, timed, transcript


def test_segments_of_whisper_have_texts_that_begin_with_a_space() -> None:
    read = transcript(
        {
            "text": " Hello there. Bye.",
            "language": "en",
            "segments": [
                {"id": 0, "seek": 0, "start": 0.0, "end": 2.5, "text": " Hello there.", "tokens": [1], "avg_logprob": -0.3},
                {"id": 1, "seek": 0, "start": 2.5, "end": 4, "text": " Bye.", "words": [
                    {"word": " Bye.", "start": 2.6, "end": 3.9, "probability": 0.8}]},
            ],
        }
    )  # fmt: skip
    assert read.dialect == "Whisper"
    assert timed(read) == [("", "Hello there.", 0.0, 2.5), ("", "Bye.", 2.5, 4.0)]
    assert [segment.segment_id for segment in read.segments] == [0, 1]
    (word,) = read.cues[1].words
    assert (word.text.strip(), word.start_time, word.end_time, word.confidence) == ("Bye.", 2.6, 3.9, 0.8)


def test_segments_of_faster_whisper_may_be_lists() -> None:
    read = transcript(
        [[1, 0, 0.0, 1.5, " Good morning.", [50364], -0.2], [2, 0, 1.5, 3.0, " Sit down.", [50364], -0.2]]
    )
    assert timed(read) == [("", "Good morning.", 0.0, 1.5), ("", "Sit down.", 1.5, 3.0)]


def test_whisperx_splits_a_segment_at_a_word_of_another_speaker() -> None:
    words = [
        {"word": "Ready?", "start": 1.0, "end": 1.4, "score": 0.9, "speaker": "SPEAKER_00"},
        {"word": "At"},
        {"word": "10,", "start": 2.0, "end": 2.2, "speaker": "SPEAKER_01"},
        {"word": "yes.", "start": 2.3, "end": 2.5, "speaker": "SPEAKER_01"},
    ]
    read = transcript(
        {
            "segments": [
                {"start": 1.0, "end": 2.6, "text": " Ready? At 10,  yes.", "speaker": "SPEAKER_01", "words": words}
            ],
            "word_segments": words,
        }
    )
    # A word without a speaker belongs to the one before it; the text keeps its spelling.
    assert timed(read) == [("SPEAKER_00", "Ready? At", 1.0, 1.4), ("SPEAKER_01", "10,  yes.", 2.0, 2.6)]
    assert messages(read) == []


def test_words_of_one_speaker_name_a_segment_that_names_nobody() -> None:
    words = [{"word": "Yes.", "start": 1, "end": 2, "speaker": "SPEAKER_07"}]
    read = transcript({"segments": [{"start": 1, "end": 2, "text": "Yes.", "words": words}], "word_segments": words})
    assert timed(read) == [("SPEAKER_07", "Yes.", 1.0, 2.0)]


def test_a_segment_that_ends_before_it_starts_is_named_with_its_line() -> None:
    file = """{"segments": [
        {"id": 0, "seek": 0, "start": 0, "end": 2, "text": "a b c"},
        {"id": 1, "start": 99.9, "end": 90.7, "text": "d e"}
    ]}"""
    read = transcript(file)
    assert timed(read)[1] == ("", "d e", 99.9, 99.9)
    assert messages(read) == ["3: ends before it starts, and is given no length (segments[1]: 99.9 s to 90.7 s)"]


def test_nan_where_nobody_reads_is_noted() -> None:
    file = '{"segments": [{"id": 0, "seek": 0, "start": 0, "end": 2, "text": "a b", "avg_logprob": NaN}]}'
    read = transcript(file)
    assert timed(read) == [("", "a b", 0.0, 2.0)]
    assert messages(read) == [
        "None: the JSON has NaN, Infinity or half a character, which JSON does not allow: read as null"
    ]
