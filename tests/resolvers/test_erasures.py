"""Erasing meetings through the API: nothing that was said or named is left in a backup, and the history still adds up."""

import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.dumps import dump
from tests.harness.history_calls import agent_history
from tests.harness.meeting_calls import UNKNOWN_ID, read, update
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.sse_client import event_stream

SENTINEL = "Zanzibar"
"""The word in everything that a client can say of a meeting."""
ACTOR = {"Rapporteur-Actor": f"{SENTINEL} the actor"}


def said(what: str) -> str:
    return f"{SENTINEL} {what}"


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    """A server whose database has this test's meetings only."""
    with running_server(database_url) as server:
        server.api.http.headers.update(ACTOR)
        yield server.api


def spoken(number: int, **fields: Any) -> dict[str, Any]:
    word = {"text": said("word"), "startTime": number * 2.0, "endTime": number * 2.0 + 0.5}
    texts = {"text": said("text"), "speaker": said("speaker"), "externalId": said(f"segment {number}")}
    return segment(number, **texts, words=[word], **fields)


def full_meeting(api: Api) -> Any:
    """Returns a meeting with the sentinel in every text that a client can fill, and in everything that replaced one."""
    input = {"title": said("title"), "externalId": said(str(uuid4())), "metadata": {said("key"): [said("value")]}}
    agent = Api(api.url).agent()  # by nobody of whom the sentinel speaks
    meeting = api.run("CreateMeeting", input=input | {"agentId": agent["id"]}, reason=said("reason"))
    update(api, meeting, state="RECORDING")
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[spoken(number) for number in range(1, 6)])
    api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[5])
    corrections = [{"segmentId": 1, "text": said("correction"), "speaker": said("corrected speaker")}]
    api.run("CorrectSegments", meetingId=meeting["id"], corrections=corrections, reason=said("why"))
    names = [{"label": said("speaker"), "name": said("name")}]
    api.run("NameSpeakers", meetingId=meeting["id"], names=names, reason=said("why"))
    change = {"title": said("other title"), "metadata": {"of": said("metadata")}}
    api.run("UpdateMeeting", id=meeting["id"], input=change, reason=said("why"))
    return meeting | update(api, meeting, state="STOPPED")


def erase(api: Api, meeting: Any, **variables: Any) -> Any:
    return api.run("EraseMeeting", id=meeting["id"], **variables)


def history(api: Api, meeting: Any) -> list[Any]:
    """Returns the events of a meeting that may be gone, newest first."""
    events: list[Any] = api.run("HistoryOfMeeting", meetingId=meeting["id"])["nodes"]
    return events


def outline(events: list[Any]) -> list[Any]:
    """Returns what stays of events: kinds, versions, times, and the names of the fields that changed."""
    return [
        (event["id"], event["kind"], event["version"], event["createdAt"], [each["field"] for each in event["changes"]])
        for event in events
    ]


@pytest.mark.slow
@pytest.mark.parametrize("deleted_before", [False, True])
def test_nothing_is_left_in_a_backup(api: Api, database_url: str, deleted_before: bool) -> None:
    meeting = full_meeting(api)
    assert dump(database_url).count(SENTINEL) > 20
    if deleted_before:
        api.run("DeleteMeeting", id=meeting["id"], reason=said("why"))
    erase(api, meeting, reason=said("why"))
    left = dump(database_url)
    assert SENTINEL not in left
    assert SENTINEL.lower() not in left  # as search has it
    assert meeting["id"] in left


@pytest.mark.slow
def test_nothing_is_left_of_those_who_call_themselves_as_erased_events_do(api: Api, database_url: str) -> None:
    api.http.headers["Rapporteur-Actor"] = "erased"
    meeting = full_meeting(api)
    erase(api, meeting)
    assert SENTINEL not in dump(database_url)


def test_kinds_times_versions_and_states_stay(api: Api) -> None:
    meeting = full_meeting(api)
    before = history(api, meeting)
    erase(api, meeting)
    deletion, *after = history(api, meeting)
    assert (deletion["kind"], deletion["version"]) == ("DELETED", meeting["version"] + 1)
    assert outline(after) == outline(before)
    assert {event["actor"] for event in [deletion, *after]} == {"erased"}
    assert {event["reason"] for event in [deletion, *after]} == {None}
    kept = {"state", "agentId", "startedAt", "endedAt"}
    for event, original in zip(after, before, strict=True):
        for change, original_change in zip(event["changes"], original["changes"], strict=True):
            is_kept = change["field"] in kept
            nothing = {"field": change["field"], "before": None, "after": None}
            assert change == (original_change if is_kept else nothing)


@pytest.mark.slow
def test_the_meeting_is_gone_and_its_external_id_is_free(api: Api) -> None:
    meeting = full_meeting(api)
    other = full_meeting(api)
    erase(api, meeting)
    assert read(api, meeting) is None
    assert api.run("MeetingByExternalId", externalId=meeting["externalId"]) is None
    written = api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1)])
    assert written["__typename"] == "NotFound"
    again = api.run("CreateMeeting", input={"title": "Again", "externalId": meeting["externalId"]})
    assert again["id"] != meeting["id"]
    assert read(api, other) is not None
    assert all(event["actor"] == ACTOR["Rapporteur-Actor"] for event in history(api, other))


def test_its_subscribers_come_to_the_end(api: Api) -> None:
    meeting = full_meeting(api)
    followed = "subscription ($id: ID!) { segmentUpdates(meetingId: $id) { caughtUp } }"
    with event_stream(api.url, followed, id=meeting["id"]) as follower:
        assert follower.next()["caughtUp"]
        erase(api, meeting)
        follower.expect_complete()


def test_it_is_found_no_more(api: Api) -> None:
    meeting = full_meeting(api)
    found = api.run("SearchSegments", query=SENTINEL, first=10)
    assert found["totalCount"] == 4
    erase(api, meeting)
    assert api.run("SearchSegments", query=SENTINEL, first=10)["totalCount"] == 0


def test_erasing_again_changes_nothing(api: Api) -> None:
    meeting = full_meeting(api)
    erasure = erase(api, meeting)
    assert (erasure["meetingId"], erasure["erasedBy"]) == (meeting["id"], "local")
    events = history(api, meeting)
    assert erase(api, meeting) == erasure
    assert history(api, meeting) == events


def test_a_deleted_meeting_is_erased_without_another_event(api: Api) -> None:
    meeting = full_meeting(api)
    api.run("DeleteMeeting", id=meeting["id"])
    events = history(api, meeting)
    erase(api, meeting)
    assert outline(history(api, meeting)) == outline(events)


@pytest.mark.parametrize("id", [UNKNOWN_ID, "an agent's"])
def test_what_never_was_a_meeting_is_not_found(api: Api, id: str) -> None:
    agent = api.agent()
    result = api.run("EraseMeeting", id=agent["id"] if id == "an agent's" else id)
    assert result["__typename"] == "NotFound"
    assert [event["actor"] for event in agent_history(api, agent)] == [ACTOR["Rapporteur-Actor"]]


@pytest.mark.slow
def test_the_reason_is_logged_and_nothing_else_of_the_meeting(
    server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    meeting = server.api.meeting(title=said("title"), segments=1)
    with caplog.at_level(logging.INFO):
        erase(server.api, meeting, reason="Ticket 2031")
    (line,) = (record.getMessage() for record in caplog.records if record.name == "rapporteur.erasures")
    assert line == f"erased the meeting {meeting['id']} for local: Ticket 2031"
    assert SENTINEL not in caplog.text
