"""Checks the JSON of Hugging Face's pipeline."""

from tests.harness.transcript_files import messages, timed, transcript


def test_chunks_have_pairs_of_times_and_the_last_may_have_no_end() -> None:
    chunks = [{"timestamp": [0.0, 2.5], "text": " We begin."}, {"timestamp": [2.5, None], "text": " And we"}]
    read = transcript({"text": " We begin. And we", "chunks": chunks})
    assert read.dialect == "Hugging Face"
    assert timed(read) == [("", "We begin.", 0.0, 2.5), ("", "And we", 2.5, 2.5)]
    assert messages(read) == ["1: has no end, and ends where the next cue starts (chunks[1])"]


def test_the_list_of_speakers_is_read_where_there_is_one() -> None:
    chunks = [{"timestamp": [1.0, 2.0], "text": " We ship."}]
    read = transcript({"chunks": chunks, "speakers": [{**chunks[0], "speaker": "SPEAKER_00"}]})
    assert timed(read) == [("SPEAKER_00", "We ship.", 1.0, 2.0)]


def test_windows_that_count_from_0_are_named() -> None:
    chunks = [{"timestamp": [0.0, 14.0], "text": "One."}, {"timestamp": [14.0, 28.0], "text": "Two."}]
    read = transcript({"chunks": [*chunks, {"timestamp": [0.0, 5.0], "text": "Three."}]})
    assert [start for *_, start, _ in timed(read)] == [0.0, 14.0, 0.0]
    assert [message for message in messages(read) if "begin again" in message] == [
        "1: starts long before what is above it: the times begin again, or the file is in no order"
        " (chunks[2]: 0 s after 14 s)"
    ]
