"""Reads transcripts through the API: as files, by speaker, without what was deleted."""

import json
from typing import Any

import pytest

from tests.harness.meeting_calls import read
from tests.harness.servers import Api


class TestTranscript:
    @pytest.fixture
    def meeting(self, api: Api) -> Any:
        meeting = api.meeting("Review & plan")
        segments = [
            {"segmentId": 3, "text": "Last & least", "startTime": 3661.5, "endTime": 3662, "isFinal": False},
            {"segmentId": 1, "text": "Hello.", "speaker": "Ada", "startTime": 0, "endTime": 1.25, "confidence": 0.5},
            {"segmentId": 2, "text": "Two\nlines", "speaker": "Bob", "startTime": 1.25, "endTime": 4},
        ]
        api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
        return meeting

    @pytest.mark.parametrize(
        ("format", "expected"),
        [
            (
                "VTT",
                "WEBVTT - Review & plan\n\n"
                "1\n00:00:00.000 --> 00:00:01.250\n<v Ada>Hello.\n\n"
                "2\n00:00:01.250 --> 00:00:04.000\n<v Bob>Two\nlines\n\n"
                "3\n01:01:01.500 --> 01:01:02.000\nLast &amp; least\n",
            ),
            (
                "SRT",
                "1\n00:00:00,000 --> 00:00:01,250\nAda: Hello.\n\n"
                "2\n00:00:01,250 --> 00:00:04,000\nBob: Two\nlines\n\n"
                "3\n01:01:01,500 --> 01:01:02,000\nLast & least\n",
            ),
            (
                "TEXT",
                "Review & plan\n\n[00:00:00] Ada: Hello.\n\n[00:00:01] Bob: Two\nlines\n\n[01:01:01] Last & least\n",
            ),
        ],
    )
    def test_each_format_has_all_segments_by_number(self, api: Api, meeting: Any, format: str, expected: str) -> None:
        assert api.run("TranscriptFile", id=meeting["id"], format=format)["transcript"] == expected

    def test_json_has_everything(self, api: Api, meeting: Any) -> None:
        transcript = json.loads(api.run("TranscriptFile", id=meeting["id"], format="JSON")["transcript"])
        assert transcript["title"] == "Review & plan"
        edges = api.run("Transcript", id=meeting["id"])["segments"]["edges"]
        assert [edge["node"] | each for edge, each in zip(edges, transcript["segments"], strict=True)] == [
            edge["node"] for edge in edges
        ]
        assert transcript["segments"][0]["confidence"] == 0.5

    def test_a_deleted_segment_is_in_none(self, api: Api, meeting: Any) -> None:
        api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[2])
        for format in ("VTT", "SRT", "TEXT", "JSON"):
            assert "lines" not in api.run("TranscriptFile", id=meeting["id"], format=format)["transcript"]

    def test_without_segments_it_is_still_a_file(self, api: Api) -> None:
        meeting = api.meeting("Empty")
        transcripts = [
            api.run("TranscriptFile", id=meeting["id"], format=format)["transcript"]
            for format in ("VTT", "SRT", "TEXT", "JSON")
        ]
        assert transcripts[:3] == ["WEBVTT - Empty\n", "", "Empty\n"]
        assert json.loads(transcripts[3]) == {"title": "Empty", "segments": []}

    def test_speakers_are_listed_who_spoke_longest_first(self, api: Api, meeting: Any) -> None:
        assert read(api, meeting)["speakers"] == [
            {"speaker": "Bob", "segmentCount": 1, "speakingTime": 2.75, "firstStartTime": 1.25, "lastEndTime": 4.0},
            {"speaker": "Ada", "segmentCount": 1, "speakingTime": 1.25, "firstStartTime": 0.0, "lastEndTime": 1.25},
            {"speaker": "", "segmentCount": 1, "speakingTime": 0.5, "firstStartTime": 3661.5, "lastEndTime": 3662.0},
        ]

    def test_one_speakers_segments_are_a_list_of_their_own(self, api: Api, meeting: Any) -> None:
        for speaker, numbers in (("Ada", [1]), (" Ada ", [1]), ("", [3]), ("ada", []), (None, [1, 2, 3])):
            page = api.run("Transcript", id=meeting["id"], speaker=speaker)["segments"]
            assert [edge["node"]["segmentId"] for edge in page["edges"]] == numbers, speaker
            assert page["totalCount"] == len(numbers)
