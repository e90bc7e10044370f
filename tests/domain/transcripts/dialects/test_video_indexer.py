"""Checks the JSON of Azure AI Video Indexer."""

from tests.harness.transcript_files import messages, timed, transcript


def _text(text: str, speaker: int, start: str, end: str) -> dict[str, object]:
    instance = {"adjustedStart": start, "adjustedEnd": end, "start": "0:00:00", "end": "0:00:01"}
    return {
        "id": 1,
        "text": text,
        "confidence": 0.5,
        "speakerId": speaker,
        "language": "en-US",
        "instances": [instance],
    }


def test_the_speakers_have_names_where_there_are_some() -> None:
    insights = {
        "speakers": [{"id": 1, "name": "Ida", "instances": []}],
        "transcript": [_text("Who comes?", 1, "0:00:05.75", "0:00:07.0100000"), _text("Me.", 2, "0:00:08", "0:00:09")],
    }
    read = transcript({"id": "x", "videos": [{"insights": insights}]})
    assert (read.dialect, messages(read)) == ("Azure Video Indexer", [])
    assert timed(read) == [("Ida", "Who comes?", 5.75, 7.01), ("2", "Me.", 8.0, 9.0)]
    assert timed(transcript({"insights": insights})) == timed(read)
