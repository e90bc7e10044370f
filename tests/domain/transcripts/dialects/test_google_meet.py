"""Checks the transcript entries of Google Meet."""

import json

from tests.harness.transcript_files import messages, refusal, timed, transcript


def _entry(text: str, start: str, end: str, participant: str = "9") -> dict[str, object]:
    name = f"conferenceRecords/1/participants/{participant}"
    return {"participant": name, "text": text, "languageCode": "en-US", "startTime": start, "endTime": end}


ENTRIES = [
    _entry("Hello.", "2026-03-02T09:00:00.500Z", "2026-03-02T09:00:02Z"),
    _entry("Hi.", "2026-03-02T10:00:03+01:00", "2026-03-02T10:00:04+01:00", "a8"),
]


def test_times_count_from_the_first_entry() -> None:
    read = transcript({"transcriptEntries": ENTRIES})
    assert (read.dialect, read.notes) == ("Google Meet", [])
    assert timed(read) == [("9", "Hello.", 0.0, 1.5), ("a8", "Hi.", 2.5, 3.5)]


def test_a_page_says_that_more_follow() -> None:
    read = transcript({"transcriptEntries": ENTRIES, "nextPageToken": "x"})
    assert "one page of a transcript" in messages(read)[0]


def test_a_time_that_is_no_date_is_refused() -> None:
    file = json.dumps({"transcriptEntries": [_entry("Hello.", "soon", "later")]})
    assert "transcriptEntries[0].startTime: must be a date and time" in refusal(file, "a.json")
