"""Corrections and names through the API: what is resolved, what was heard, and who said otherwise."""

import json
from typing import Any

import pytest

from tests.harness.meeting_calls import UNKNOWN_ID, read
from tests.harness.servers import Api, segment

SEGMENTS = """
query ($id: ID!) {
  meeting(id: $id) {
    segments(first: 100) {
      nodes {
        segmentId text speaker version heard { text speaker } correction { text speaker by reason }
        words { text startTime endTime confidence }
      }
    }
  }
}
"""


def segments(api: Api, meeting: Any) -> dict[int, Any]:
    nodes = api.post(SEGMENTS, {"id": meeting["id"]})["data"]["meeting"]["segments"]["nodes"]
    return {node.pop("segmentId"): node for node in nodes}


def resolved(api: Api, meeting: Any) -> dict[int, tuple[str, str]]:
    return {number: (node["text"], node["speaker"]) for number, node in segments(api, meeting).items()}


def heard(api: Api, meeting: Any, *contents: tuple[int, str, str], **fields: Any) -> Any:
    """Writes segments, each a number, a text and a label."""
    given = [segment(number, text=text, speaker=label, **fields) for number, text, label in contents]
    return api.run("UpsertSegments", meetingId=meeting["id"], segments=given)


def correct(api: Api, meeting: Any, *corrections: dict[str, Any], reason: str | None = None) -> Any:
    return api.run("CorrectSegments", meetingId=meeting["id"], corrections=list(corrections), reason=reason)


def name(api: Api, meeting: Any, **names: str | None) -> Any:
    given = [{"label": label, "name": name} for label, name in names.items()]
    return api.run("NameSpeakers", meetingId=meeting["id"], names=given)


@pytest.fixture
def meeting(api: Api) -> Any:
    """A meeting of three segments by two speakers."""
    meeting = api.meeting()
    heard(api, meeting, (1, "We chip on Friday.", "SPEAKER_00"), (2, "Good.", "SPEAKER_01"), (3, "Yes.", "SPEAKER_00"))
    return meeting


class TestCorrections:
    def test_a_correction_lies_over_what_was_heard(self, api: Api, meeting: Any) -> None:
        result = correct(api, meeting, {"segmentId": 1, "text": "We ship on Friday."}, reason="misheard")
        assert (result["updated"], result["unchanged"]) == (1, 0)
        (corrected,) = result["segments"]
        assert (corrected["text"], corrected["speaker"], corrected["version"]) == (
            "We ship on Friday.",
            "SPEAKER_00",
            2,
        )
        assert corrected["heard"] == {"text": "We chip on Friday.", "speaker": "SPEAKER_00"}
        correction = corrected["correction"]
        assert (correction["text"], correction["speaker"]) == ("We ship on Friday.", None)
        assert (correction["by"], correction["reason"]) == ("anonymous", "misheard")
        assert correction["at"]
        assert segments(api, meeting)[2]["correction"] is None

    def test_the_last_word_of_an_engine_does_not_touch_it(self, api: Api, meeting: Any) -> None:
        correct(api, meeting, {"segmentId": 1, "text": "We ship on Friday.", "speaker": "Dana"})
        assert heard(api, meeting, (1, "We chip on Fridays.", "SPEAKER_02"))["updated"] == 1
        found = segments(api, meeting)[1]
        assert (found["text"], found["speaker"], found["version"]) == ("We ship on Friday.", "Dana", 3)
        assert found["heard"] == {"text": "We chip on Fridays.", "speaker": "SPEAKER_02"}
        assert heard(api, meeting, (1, "We chip on Fridays.", "SPEAKER_02"))["unchanged"] == 1

    def test_null_takes_it_back_field_by_field(self, api: Api, meeting: Any) -> None:
        correct(api, meeting, {"segmentId": 1, "text": "We ship.", "speaker": ""})
        assert resolved(api, meeting)[1] == ("We ship.", "")
        correct(api, meeting, {"segmentId": 1, "text": None})
        assert resolved(api, meeting)[1] == ("We chip on Friday.", "")
        correct(api, meeting, {"segmentId": 1, "speaker": None})
        assert resolved(api, meeting)[1] == ("We chip on Friday.", "SPEAKER_00")
        assert segments(api, meeting)[1]["correction"] is None

    def test_the_same_again_changes_nothing(self, api: Api, meeting: Any) -> None:
        first = correct(api, meeting, {"segmentId": 1, "text": "We ship."})
        again = correct(api, meeting, {"segmentId": 1, "text": "We ship."}, {"segmentId": 2})
        assert (again["updated"], again["unchanged"], again["cursor"]) == (0, 2, first["cursor"])
        assert [each["version"] for each in again["segments"]] == [2, 1]

    def test_a_correction_that_says_what_was_heard_stays(self, api: Api, meeting: Any) -> None:
        correct(api, meeting, {"segmentId": 2, "text": "Good."})
        heard(api, meeting, (2, "Would.", "SPEAKER_01"))
        assert resolved(api, meeting)[2] == ("Good.", "SPEAKER_01")

    def test_all_or_nothing(self, api: Api, meeting: Any) -> None:
        good = {"segmentId": 1, "text": "We ship.", "expectedVersion": 1}
        before = segments(api, meeting)
        stale = correct(api, meeting, good, {"segmentId": 2, "text": "x", "expectedVersion": 2})
        assert (stale["__typename"], stale["currentVersion"]) == ("Conflict", 1)
        missing = correct(api, meeting, good, {"segmentId": 9, "text": "x"})
        assert (missing["__typename"], missing["id"]) == ("NotFound", f"{meeting['id']}:9")
        assert segments(api, meeting) == before
        assert correct(api, meeting, good)["updated"] == 1

    def test_bad_corrections_are_named(self, api: Api, meeting: Any) -> None:
        refused = correct(
            api,
            meeting,
            {"segmentId": 1, "text": " "},
            {"segmentId": -1},
            {"segmentId": 1, "speaker": "x" * 201},
        )
        assert [field["path"] for field in refused["fields"]] == [
            "corrections.0.text",
            "corrections.1.segmentId",
            "corrections.2.segmentId",
            "corrections.2.speaker",
        ]
        assert [field["path"] for field in correct(api, meeting)["fields"]] == ["corrections"]
        assert correct(api, {"id": UNKNOWN_ID}, {"segmentId": 1})["__typename"] == "NotFound"

    def test_a_deleted_segment_loses_it(self, api: Api, meeting: Any) -> None:
        correct(api, meeting, {"segmentId": 1, "text": "We ship."})
        api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[1])
        assert correct(api, meeting, {"segmentId": 1, "text": "x"})["__typename"] == "NotFound"
        heard(api, meeting, (1, "Anew.", "SPEAKER_00"))
        assert segments(api, meeting)[1]["text"] == "Anew."
        assert segments(api, meeting)[1]["correction"] is None

    def test_search_and_exports_say_what_is_resolved(self, api: Api, meeting: Any) -> None:
        correct(api, meeting, {"segmentId": 1, "text": "We ship on Friday.", "speaker": "Dana"})
        for word, found in {"ship": 1, "chip": 0}.items():
            assert api.run("SearchSegments", query=word, meetingId=meeting["id"])["totalCount"] == found
        assert api.run("SearchSegments", query="ship", meetingId=meeting["id"], speaker="Dana")["totalCount"] == 1
        for format in ("VTT", "SRT", "TEXT", "JSON"):
            transcript = api.run("TranscriptFile", id=meeting["id"], format=format)["transcript"]
            if format == "JSON":  # which also has what was heard, beside it
                first = json.loads(transcript)["segments"][0]
                transcript = f"{first['speaker']}: {first['text']}"
            assert "We ship on Friday." in transcript
            assert "chip" not in transcript
            assert "Dana" in transcript


class TestNames:
    def test_a_label_gets_a_name_in_what_is_there_and_in_what_comes(self, api: Api, meeting: Any) -> None:
        result = name(api, meeting, SPEAKER_00="Dana Reyes")
        assert result["speakerNames"] == [{"label": "SPEAKER_00", "name": "Dana Reyes"}]
        assert [speaker for _, speaker in resolved(api, meeting).values()] == ["Dana Reyes", "SPEAKER_01", "Dana Reyes"]
        heard(api, meeting, (4, "And more.", "SPEAKER_00"))
        unnumbered = {"text": "Last.", "speaker": "SPEAKER_00", "startTime": 9, "endTime": 9.5}
        api.run("UpsertSegments", meetingId=meeting["id"], segments=[unnumbered])
        for number in (4, 5):
            found = segments(api, meeting)[number]
            assert (found["speaker"], found["heard"]["speaker"]) == ("Dana Reyes", "SPEAKER_00")
        assert heard(api, meeting, (4, "And more.", "SPEAKER_00"))["unchanged"] == 1

    def test_two_labels_with_one_name_are_one_speaker(self, api: Api, meeting: Any) -> None:
        name(api, meeting, SPEAKER_00="Dana", SPEAKER_01="Dana")
        (speaker,) = read(api, meeting)["speakers"]
        assert (speaker["speaker"], speaker["segmentCount"]) == ("Dana", 3)
        page = api.run("Transcript", id=meeting["id"], speaker="Dana")["segments"]
        assert page["totalCount"] == 3

    def test_null_takes_a_name_back(self, api: Api, meeting: Any) -> None:
        name(api, meeting, SPEAKER_00="Dana", SPEAKER_01="Omar")
        assert name(api, meeting, SPEAKER_00=None)["speakerNames"] == [{"label": "SPEAKER_01", "name": "Omar"}]
        assert [speaker for _, speaker in resolved(api, meeting).values()] == ["SPEAKER_00", "Omar", "SPEAKER_00"]

    def test_a_correction_of_the_speaker_lies_over_the_name(self, api: Api, meeting: Any) -> None:
        correct(api, meeting, {"segmentId": 1, "speaker": "Omar"})
        name(api, meeting, SPEAKER_00="Dana")
        assert [speaker for _, speaker in resolved(api, meeting).values()] == ["Omar", "SPEAKER_01", "Dana"]
        correct(api, meeting, {"segmentId": 1, "speaker": None})
        assert resolved(api, meeting)[1][1] == "Dana"

    def test_a_name_is_no_label(self, api: Api, meeting: Any) -> None:
        name(api, meeting, SPEAKER_00="SPEAKER_01", SPEAKER_01="Omar")
        assert [speaker for _, speaker in resolved(api, meeting).values()] == ["SPEAKER_01", "Omar", "SPEAKER_01"]
        name(api, meeting, SPEAKER_00=None, SPEAKER_01=None)
        assert [speaker for _, speaker in resolved(api, meeting).values()] == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_00"]

    def test_a_label_may_be_named_before_it_is_heard(self, api: Api) -> None:
        meeting = api.meeting()
        cursor = read(api, meeting)["updatesCursor"]
        assert name(api, meeting, SPEAKER_00="Dana")["updatesCursor"] == cursor
        heard(api, meeting, (1, "Hello.", "SPEAKER_00"))
        assert resolved(api, meeting) == {1: ("Hello.", "Dana")}

    def test_it_is_a_change_of_the_meeting_with_its_event(self, api: Api, meeting: Any) -> None:
        assert name(api, meeting, SPEAKER_00="Dana")["version"] == 2
        assert name(api, meeting, SPEAKER_00="Dana")["version"] == 2
        event = api.run("HistoryOfMeeting", meetingId=meeting["id"])["nodes"][0]
        assert event["changes"] == [{"field": "speakerNames", "before": {}, "after": {"SPEAKER_00": "Dana"}}]

    def test_bad_names_are_named(self, api: Api, meeting: Any) -> None:
        bad = [
            {"label": "a", "name": " "},
            {"label": "x" * 201, "name": "b"},
            {"label": "a", "name": None},
            {"label": "c"},
        ]
        refused = api.run("NameSpeakers", meetingId=meeting["id"], names=bad)
        assert [field["path"] for field in refused["fields"]] == [
            *("names.0.name", "names.1.label", "names.2.label", "names.3.name"),
        ]
        assert read(api, meeting)["speakerNames"] == []
        assert name(api, {"id": UNKNOWN_ID}, a="b")["__typename"] == "NotFound"

    def test_a_meeting_has_1000_names_at_most(self, api: Api, meeting: Any) -> None:
        assert len(name(api, meeting, **{f"L{n}": "Dana" for n in range(1_000)})["speakerNames"]) == 1_000
        assert [field["path"] for field in name(api, meeting, one_more="Omar")["fields"]] == ["names"]
        assert name(api, meeting, L0=None, one_more="Omar")["__typename"] == "Meeting"


class TestDeletionsInAWrite:
    def test_a_segment_is_split_in_one_write(self, api: Api, meeting: Any) -> None:
        halves = [segment(number, text=text) for number, text in ((4, "We chip"), (5, "on Friday."))]
        result = api.run("UpsertSegments", meetingId=meeting["id"], segments=halves, deleteSegmentIds=[1, 9])
        assert (result["created"], result["deleted"]) == (2, 1)
        assert list(resolved(api, meeting)) == [2, 3, 4, 5]

    def test_it_may_have_nothing_to_write(self, api: Api, meeting: Any) -> None:
        result = api.run("UpsertSegments", meetingId=meeting["id"], segments=[], deleteSegmentIds=[1])
        assert (result["created"], result["unchanged"], result["deleted"]) == (0, 0, 1)

    def test_a_segment_is_not_written_and_deleted_at_once(self, api: Api, meeting: Any) -> None:
        heard(api, meeting, (4, "Four.", "a"), externalId="SG_4")
        before = segments(api, meeting)
        for given in (
            segment(4),
            {key: value for key, value in segment(4, externalId="SG_4").items() if key != "segmentId"},
        ):
            refused = api.run("UpsertSegments", meetingId=meeting["id"], segments=[given], deleteSegmentIds=[4])
            assert refused["__typename"] == "InvalidInput"
        assert segments(api, meeting) == before

    def test_bad_numbers_are_named(self, api: Api, meeting: Any) -> None:
        refused = api.run("UpsertSegments", meetingId=meeting["id"], segments=[], deleteSegmentIds=[-1])
        assert [field["path"] for field in refused["fields"]] == ["deleteSegmentIds.0"]
        refused = api.run("UpsertSegments", meetingId=meeting["id"], segments=[])
        assert [field["path"] for field in refused["fields"]] == ["segments"]


class TestWords:
    WORDS = (
        {"text": "We", "startTime": 2.0, "endTime": 2.25, "confidence": 0.5},
        {"text": "chip", "startTime": 2.25, "endTime": 2.5, "confidence": None},
    )

    def test_words_come_back_with_their_times(self, api: Api, meeting: Any) -> None:
        heard(api, meeting, (1, "We chip.", "a"), words=list(self.WORDS))
        found = segments(api, meeting)
        assert found[1]["words"] == list(self.WORDS)
        assert found[2]["words"] == []
        assert heard(api, meeting, (1, "We chip.", "a"), words=list(self.WORDS))["unchanged"] == 1
        correct(api, meeting, {"segmentId": 1, "text": "We ship."})
        assert segments(api, meeting)[1]["words"] == list(self.WORDS)
        assert heard(api, meeting, (1, "We chip.", "a"))["updated"] == 1
        assert segments(api, meeting)[1]["words"] == []

    def test_a_json_export_has_them(self, api: Api, meeting: Any) -> None:
        heard(api, meeting, (1, "We chip.", "a"), words=list(self.WORDS))
        transcript = api.run("TranscriptFile", id=meeting["id"], format="JSON")["transcript"]
        assert [each.get("words") for each in json.loads(transcript)["segments"]] == [list(self.WORDS), None, None]

    def test_bad_words_are_named(self, api: Api, meeting: Any) -> None:
        words = [
            {"text": "", "startTime": 0, "endTime": 1},
            {"text": "a", "startTime": -1, "endTime": 1},
            {"text": "a", "startTime": 0, "endTime": 1, "confidence": 2},
        ]
        refused = heard(api, meeting, (1, "a", "a"), words=words)
        assert [field["path"] for field in refused["fields"]] == [
            *("segments.0.words.0.text", "segments.0.words.1.startTime", "segments.0.words.2.confidence"),
        ]
        refused = heard(api, meeting, (1, "a", "a"), words=[{"text": "a", "startTime": 1, "endTime": 0}])
        assert [field["path"] for field in refused["fields"]] == ["segments.0.words.0.endTime"]
        refused = heard(api, meeting, (1, "a", "a"), words=[self.WORDS[0]] * 1_001)
        assert [field["path"] for field in refused["fields"]] == ["segments.0.words"]
