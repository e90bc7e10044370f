"""Checks the transcripts of Recall.ai."""

from tests.harness.transcript_files import timed, transcript


def test_turns_are_lists_of_words() -> None:
    def word(text: str, start: float, end: float | None) -> dict[str, object]:
        return {
            "text": text,
            "start_timestamp": {"relative": start},
            "end_timestamp": {"relative": end} if end else None,
        }

    turns = [
        {"participant": {"id": 1, "name": "Ida"}, "words": [word("All", 1.0, 1.2), word("set?", 1.2, 1.5)]},
        {"participant": {"id": 2, "name": None}, "words": [word("Yes.", 2.0, None)]},
        {"participant": {"id": 2, "name": None}, "words": []},
    ]
    read = transcript(turns)
    assert read.dialect == "Recall.ai"
    assert timed(read) == [("Ida", "All set?", 1.0, 1.5), ("2", "Yes.", 2.0, 2.0)]


def test_the_older_form() -> None:
    turn = {
        "speaker": "Ida",
        "words": [{"text": "Hi", "start_timestamp": 1.0, "end_timestamp": 1.5, "confidence": 0.5}],
    }
    assert timed(transcript([turn])) == [("Ida", "Hi", 1.0, 1.5)]


def test_final_messages_of_a_stream_are_read() -> None:
    def message(event: str, *texts: str) -> dict[str, object]:
        words = [
            {"text": text, "start_timestamp": {"relative": 1.0}, "end_timestamp": {"relative": 1.5}} for text in texts
        ]
        return {"event": event, "data": {"data": {"words": words, "participant": {"id": 1, "name": "Ida"}}, "bot": {}}}

    read = transcript([message("transcript.partial_data", "All"), message("transcript.data", "All", "set.")])
    assert (read.dialect, timed(read)) == ("Recall.ai", [("Ida", "All set.", 1.0, 1.5)])
