"""Ids of the caller's through the API: of meetings, which may be created again, and of segments."""

from typing import Any
from uuid import uuid4

from tests.harness.concurrency import run_concurrently
from tests.harness.meeting_calls import read, update
from tests.harness.servers import Api, segment


def create(api: Api, external_id: str, **input: Any) -> Any:
    return api.run("CreateMeeting", input={"title": "Weekly", "externalId": external_id} | input)


def test_a_meeting_that_is_created_again_is_the_one_that_is_there(api: Api) -> None:
    external_id = uuid4().hex
    first = create(api, external_id, metadata={"a": 1})
    update(api, first, title="Renamed", state="RECORDING")
    again = create(api, external_id, title="Ignored", agentId=api.agent()["id"])
    assert again["id"] == first["id"]
    assert (again["title"], again["state"], again["metadata"], again["version"]) == (
        "Renamed",
        "RECORDING",
        {"a": 1},
        2,
    )
    assert api.run("MeetingByExternalId", externalId=external_id) == read(api, first)
    assert api.run("Meetings", filter={"externalId": external_id})["totalCount"] == 1


def test_of_callers_at_once_one_creates(api: Api) -> None:
    external_id = uuid4().hex
    meetings = run_concurrently(api.url, [lambda own: create(own, external_id)] * 8)
    assert len({meeting["id"] for meeting in meetings}) == 1
    assert {event["kind"] for event in api.run("HistoryOfMeeting", meetingId=meetings[0]["id"])["nodes"]} == {"CREATED"}


def test_the_history_says_which_id_it_got(api: Api) -> None:
    meeting = create(api, external_id := uuid4().hex)
    (event,) = api.run("HistoryOfMeeting", meetingId=meeting["id"])["nodes"]
    assert {"field": "externalId", "before": None, "after": external_id} in event["changes"]


def test_the_id_is_free_again_after_a_deletion(api: Api) -> None:
    meeting = create(api, external_id := uuid4().hex)
    api.run("DeleteMeeting", id=meeting["id"])
    assert api.run("MeetingByExternalId", externalId=external_id) is None
    assert create(api, external_id)["id"] != meeting["id"]


def test_an_id_has_1_to_200_characters(api: Api) -> None:
    assert create(api, uuid4().hex.ljust(200, "x"))["__typename"] == "Meeting"
    for bad in ("", "  ", "x" * 201, "a\0b"):
        refused = create(api, bad)
        assert [field["path"] for field in refused["fields"]] == ["input.externalId"]
        refused = api.run("UpsertSegments", meetingId=api.meeting()["id"], segments=[segment(1, externalId=bad)])
        assert [field["path"] for field in refused["fields"]] == ["segments.0.externalId"]
        error = api.expect_error("MeetingByExternalId", externalId=bad)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_segments_are_written_and_read_by_their_ids(api: Api) -> None:
    meeting = api.meeting()
    texts = {"SG_a1b2": "One.", "SG_c3d4": "Two."}
    segments = [
        {"externalId": id, "text": text, "startTime": n, "endTime": n + 1} for n, (id, text) in enumerate(texts.items())
    ]
    assert api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)["created"] == 2
    assert api.run("UpsertSegments", meetingId=meeting["id"], segments=segments[::-1])["unchanged"] == 2
    edges = api.run("Transcript", id=meeting["id"])["segments"]["edges"]
    assert {edge["node"]["externalId"]: edge["node"]["segmentId"] for edge in edges} == {"SG_a1b2": 1, "SG_c3d4": 2}


def test_an_id_that_is_given_twice_is_refused(api: Api) -> None:
    meeting = api.meeting()
    segments = [segment(number, externalId="SG_a") for number in (1, 2)]
    refused = api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
    assert [field["path"] for field in refused["fields"]] == ["segments.1.externalId"]
    assert read(api, meeting)["segmentCount"] == 0
