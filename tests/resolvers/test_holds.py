"""Holds: a meeting that is held is neither deleted nor erased, whoever tries, and can still be written."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from db.engine import SessionFactory
from db.unit_of_work import UnitOfWork
from domain.errors import Conflict
from domain.meetings import Meeting
from tests.harness.meeting_calls import UNKNOWN_ID, read, update
from tests.harness.servers import Api, segment
from tests.harness.websocket_client import websocket


def hold(api: Api, meeting: Any, **variables: Any) -> Any:
    return api.run("HoldMeeting", id=meeting["id"], **variables)


def history(api: Api, meeting: Any) -> list[Any]:
    """Returns the events of a meeting, newest first."""
    events: list[Any] = api.run("HistoryOfMeeting", meetingId=meeting["id"])["nodes"]
    return events


def test_a_hold_is_a_version_with_its_event(api: Api) -> None:
    meeting = api.meeting()
    assert read(api, meeting)["heldAt"] is None
    held = hold(api, meeting, reason="Case 2031")
    assert (held["version"], held["heldAt"] is None) == (2, False)
    event = history(api, meeting)[0]
    assert (event["kind"], event["version"], event["reason"]) == ("UPDATED", 2, "Case 2031")
    (change,) = event["changes"]
    assert (change["field"], change["before"]) == ("heldAt", None)
    assert datetime.fromisoformat(change["after"]) == datetime.fromisoformat(held["heldAt"])
    released = hold(api, meeting, hold=False)
    assert (released["version"], released["heldAt"]) == (3, None)


@pytest.mark.parametrize("is_held", [True, False])
def test_the_same_again_changes_nothing(api: Api, is_held: bool) -> None:
    meeting = api.meeting()
    first = hold(api, meeting, hold=is_held)
    assert hold(api, meeting, hold=is_held) == first
    assert len(history(api, meeting)) == first["version"]


@pytest.mark.parametrize("name", ["DeleteMeeting", "EraseMeeting"])
def test_a_held_meeting_is_neither_deleted_nor_erased_until_it_is_released(api: Api, name: str) -> None:
    meeting = api.meeting("Kept", segments=3)
    hold(api, meeting)
    before = (read(api, meeting), history(api, meeting))
    refused = api.run(name, id=meeting["id"])
    assert (refused["__typename"], refused["currentVersion"]) == ("Conflict", 2)
    assert "is held" in refused["message"]
    assert (read(api, meeting), history(api, meeting)) == before
    hold(api, meeting, hold=False)
    assert api.run(name, id=meeting["id"])["__typename"] in ("Deleted", "Erasure")
    assert read(api, meeting) is None


def test_nobody_is_erased_from_a_held_meeting(api: Api) -> None:
    """Checks that a held meeting is in the way only where the speaker is in it, and then of all that were named."""
    held, free, other = (api.meeting("Kept") for _ in range(3))
    for meeting, speaker in ((held, "Dana Held"), (free, "Dana Held"), (other, "Omar Held")):
        api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1, speaker=speaker)])
    hold(api, held)
    ids = [each["id"] for each in (held, free, other)]
    before = [(read(api, each), history(api, each)) for each in (held, free, other)]
    refused = api.run("EraseSpeaker", name="Dana Held", mode="TEXT", meetingIds=ids)
    assert (refused["__typename"], refused["currentVersion"]) == ("Conflict", 2)
    assert held["id"] in refused["message"]
    assert [(read(api, each), history(api, each)) for each in (held, free, other)] == before
    assert api.run("EraseSpeaker", name="Omar Held", mode="TEXT", meetingIds=ids)["meetingIds"] == [other["id"]]
    hold(api, held, hold=False)
    erased = api.run("EraseSpeaker", name="Dana Held", mode="TEXT", meetingIds=ids)
    assert sorted(erased["meetingIds"]) == sorted((held["id"], free["id"]))


async def test_the_database_keeps_it_from_everybody(session_factory: SessionFactory) -> None:
    """Checks a deletion that does not look first."""
    async with UnitOfWork(session_factory) as uow:
        meeting = await uow.meetings.create(Meeting.create(title="Kept"))
        await uow.meetings.update(meeting.hold())
        await uow.commit()
    async with UnitOfWork(session_factory) as uow:
        with pytest.raises(Conflict, match="is held"):
            await uow.meetings.delete(meeting.id)
    async with UnitOfWork(session_factory) as uow:
        assert await uow.meetings.get(meeting.id) is not None


WRITES: list[Callable[[Api, Any], Any]] = [
    lambda api, meeting: update(api, meeting, title="Renamed", state="RECORDING"),
    lambda api, meeting: api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(2)]),
    lambda api, meeting: api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[1]),
    lambda api, meeting: api.run("NameSpeakers", meetingId=meeting["id"], names=[{"label": "A", "name": "Dana"}]),
]


@pytest.mark.parametrize("write", WRITES)
def test_a_held_meeting_is_still_written_and_stays_held(api: Api, write: Callable[[Api, Any], Any]) -> None:
    meeting = api.meeting(segments=1)
    held = hold(api, meeting)
    assert write(api, meeting)["__typename"] not in ("Conflict", "NotFound", "InvalidInput")
    assert read(api, meeting)["heldAt"] == held["heldAt"]


def test_followers_of_the_meeting_are_told(api: Api) -> None:
    meeting = api.meeting()
    with websocket(api.url) as socket:
        socket.start("1", "MeetingUpdates", meetingId=meeting["id"])
        assert socket.next("1")["meeting"]["heldAt"] is None
        held = hold(api, meeting)
        assert socket.next("1")["meeting"]["heldAt"] == held["heldAt"]


def test_what_is_gone_cannot_be_held(api: Api) -> None:
    meeting = api.meeting()
    api.run("DeleteMeeting", id=meeting["id"])
    for id in (meeting["id"], UNKNOWN_ID):
        assert api.run("HoldMeeting", id=id)["__typename"] == "NotFound"
    assert api.run("HoldMeeting", id="nonsense")["__typename"] == "InvalidInput"
