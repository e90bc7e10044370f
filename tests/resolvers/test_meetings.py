"""Meetings through the API: states, partial updates, locking, lists, transcripts, and anything by its id."""

import asyncio
from functools import partial
from typing import Any

import asyncpg
import pytest

from tests.harness.concurrency import run_concurrently
from tests.harness.meeting_calls import UNKNOWN_ID, as_json, in_state, read, update
from tests.harness.servers import Api, segment
from tests.harness.waiting import is_lock_awaited

FOLLOWING = {
    "CREATED": {"RECORDING", "COMPLETED", "ERROR"},
    "RECORDING": {"STOPPING", "STOPPED", "ERROR"},
    "STOPPING": {"STOPPED", "ERROR"},
    "STOPPED": {"RECORDING", "COMPLETED", "ERROR"},
    "COMPLETED": set[str](),
    "ERROR": set[str](),
}


class TestCreation:
    def test_a_title_is_enough(self, api: Api) -> None:
        meeting = read(api, api.meeting("  Weekly  "))
        assert (meeting["title"], meeting["state"], meeting["version"]) == ("Weekly", "CREATED", 1)
        assert (meeting["metadata"], meeting["agent"]) == ({}, None)
        assert (meeting["startedAt"], meeting["endedAt"]) == (None, None)
        assert meeting["createdAt"] == meeting["updatedAt"]
        assert (meeting["segmentCount"], meeting["speakers"]) == (0, [])

    def test_metadata_and_agent_are_kept(self, api: Api) -> None:
        agent = api.agent()
        metadata = {"a": [1, 2.5, True, None, {"b": "ü"}], "": -(2**53) + 1, "0": False}
        meeting = read(api, api.meeting(agentId=agent["id"], metadata=metadata))
        assert as_json(meeting["metadata"]) == as_json(metadata)
        assert meeting["agent"]["id"] == agent["id"]

    def test_an_agent_must_be_there(self, api: Api) -> None:
        meeting = api.meeting()
        for id in (UNKNOWN_ID, meeting["id"]):
            created = api.run("CreateMeeting", input={"title": "New", "agentId": id})
            updated = update(api, meeting, agentId=id, title="New")
            for refused in (created, updated):
                assert refused["__typename"] == "InvalidInput"
                assert [field["path"] for field in refused["fields"]] == ["input.agentId"]
        assert read(api, meeting)["version"] == 1


class TestUpdates:
    def test_a_field_that_is_left_out_stays(self, api: Api) -> None:
        agent = api.agent()
        meeting = api.meeting("Before", agentId=agent["id"], metadata={"a": 1, "b": 2})
        before = read(api, meeting)
        update(api, meeting, title="After")
        after = read(api, meeting)
        assert after == before | {"title": "After", "version": 2, "updatedAt": after["updatedAt"]}
        assert after["updatedAt"] > before["updatedAt"]

    def test_the_same_update_twice_equals_once(self, api: Api) -> None:
        meeting = api.meeting()
        input = {"title": "After", "metadata": {"a": {"b": [1]}}, "state": "RECORDING"}
        update(api, meeting, **input)
        once = read(api, meeting)
        assert update(api, meeting, **input)["version"] == 2
        assert update(api, meeting)["version"] == 2
        assert read(api, meeting) == once

    def test_metadata_is_replaced_as_a_whole(self, api: Api) -> None:
        meeting = api.meeting(metadata={"a": 1, "b": 2})
        assert update(api, meeting, metadata={"c": 3})["metadata"] == {"c": 3}
        assert update(api, meeting, metadata={})["metadata"] == {}

    @pytest.mark.parametrize(("before", "after"), [(1, True), (True, 1), (0, False), ([0], [False]), (1, "1")])
    def test_metadata_that_differs_only_in_type_is_a_change(self, api: Api, before: Any, after: Any) -> None:
        meeting = api.meeting(metadata={"value": before})
        assert as_json(update(api, meeting, metadata={"value": after})["metadata"]) == as_json({"value": after})
        assert read(api, meeting)["version"] == 2

    def test_null_takes_the_agent_away_and_nothing_else(self, api: Api) -> None:
        meeting = api.meeting(agentId=api.agent()["id"])
        refused = update(api, meeting, title=None, metadata=None, state=None)
        assert {field["path"] for field in refused["fields"]} == {"input.title", "input.metadata", "input.state"}
        assert update(api, meeting, agentId=None)["agent"] is None

    def test_what_is_not_there_is_not_found(self, api: Api) -> None:
        for result in (
            api.run("UpdateMeeting", id=UNKNOWN_ID, input={}),
            api.run("DeleteMeeting", id=UNKNOWN_ID),
            api.run("UpsertSegments", meetingId=UNKNOWN_ID, segments=[segment(1)]),
            api.run("DeleteSegments", meetingId=UNKNOWN_ID, segmentIds=[1]),
        ):
            assert (result["__typename"], result["code"], result["id"]) == ("NotFound", "NOT_FOUND", UNKNOWN_ID)
        assert read(api, {"id": UNKNOWN_ID}) is None

    def test_deletion_takes_the_segments_along(self, api: Api) -> None:
        meeting = api.meeting(segments=2)
        assert api.run("DeleteMeeting", id=meeting["id"]) == {"__typename": "Deleted", "id": meeting["id"]}
        assert read(api, meeting) is None
        assert api.run("Node", id=f"{meeting['id']}:1") is None


class TestStates:
    @pytest.mark.parametrize("state", FOLLOWING)
    def test_only_the_steps_of_the_design_are_possible(self, api: Api, state: str) -> None:
        for following in FOLLOWING:
            meeting = in_state(api, state)
            before = read(api, meeting)
            result = update(api, meeting, state=following, title="Other")
            if following in FOLLOWING[state] or following == state:
                assert (result["state"], result["title"]) == (following, "Other")
                assert result["version"] == before["version"] + 1
            else:
                assert (result["__typename"], result["currentVersion"]) == ("Conflict", before["version"])
                assert state in result["message"]
                assert read(api, meeting) == before, "half done"

    def test_a_resumed_meeting_keeps_when_it_first_recorded(self, api: Api) -> None:
        meeting = api.meeting()
        recording = update(api, meeting, state="RECORDING")
        started = recording["startedAt"]
        assert started is not None
        assert recording["endedAt"] is None
        assert update(api, meeting, state="STOPPING")["endedAt"] is None
        ended = update(api, meeting, state="STOPPED")["endedAt"]
        assert ended >= started
        resumed = update(api, meeting, state="RECORDING")
        assert (resumed["startedAt"], resumed["endedAt"]) == (started, None)
        ended_again = update(api, meeting, state="STOPPED")["endedAt"]
        assert ended_again > ended
        completed = update(api, meeting, state="COMPLETED")
        assert (completed["startedAt"], completed["endedAt"]) == (started, ended_again)

    def test_an_import_never_recorded(self, api: Api) -> None:
        completed = update(api, api.meeting(), state="COMPLETED")
        assert (completed["startedAt"], completed["endedAt"]) == (None, None)

    def test_an_error_ends_a_recording(self, api: Api) -> None:
        failed = update(api, in_state(api, "RECORDING"), state="ERROR")
        assert failed["endedAt"] >= failed["startedAt"]

    def test_segments_can_be_revised_in_any_state(self, api: Api) -> None:
        for state in FOLLOWING:
            meeting = in_state(api, state)
            created = api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1)])
            assert created["created"] == 1
            assert api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[1])["deleted"] == 1
            assert read(api, meeting)["version"] == meeting["version"]


class TestLocking:
    def test_a_stale_version_is_a_conflict(self, api: Api) -> None:
        meeting = api.meeting()
        update(api, meeting, title="Two")
        before = read(api, meeting)
        for stale in (1, 3):
            for operation, input in (("UpdateMeeting", {"input": {"title": "Three"}}), ("DeleteMeeting", {})):
                refused = api.run(operation, id=meeting["id"], expectedVersion=stale, **input)
                assert (refused["__typename"], refused["currentVersion"]) == ("Conflict", 2)
                assert "modified concurrently" in refused["message"]
        assert read(api, meeting) == before
        assert api.run("DeleteMeeting", id=meeting["id"], expectedVersion=2) == {
            "__typename": "Deleted",
            "id": meeting["id"],
        }

    def test_of_16_who_read_the_same_version_one_succeeds(self, api: Api) -> None:
        meeting = api.meeting()

        def rename(api: Api, title: str) -> Any:
            return api.run("UpdateMeeting", id=meeting["id"], input={"title": title}, expectedVersion=1)

        titles = [f"Title {number}" for number in range(16)]
        results = run_concurrently(api.url, [partial(rename, title=title) for title in titles])
        (winner,) = (result for result in results if "code" not in result)
        losers = [result for result in results if result is not winner]
        assert all(loser["__typename"] == "Conflict" for loser in losers)
        assert all("modified concurrently" in loser["message"] for loser in losers)
        assert [loser["currentVersion"] for loser in losers] == [2] * 15
        assert (winner["version"], winner["title"]) == (2, read(api, meeting)["title"])

    def test_without_a_version_none_overwrites_what_it_has_not_seen(self, api: Api) -> None:
        meeting = api.meeting()
        titles = [f"Title {number}" for number in range(16)]
        results = run_concurrently(api.url, [partial(update, meeting=meeting, title=title) for title in titles])
        winners = [result["version"] for result in results if "code" not in result]
        assert sorted(winners) == list(range(2, len(winners) + 2))
        losers = [result for result in results if "code" in result]
        assert all("modified concurrently" in loser["message"] for loser in losers)
        assert read(api, meeting)["version"] == len(winners) + 1

    async def test_who_is_overtaken_between_reading_and_writing_is_told_so(
        self, fresh_api: Api, database_url: str
    ) -> None:
        meeting = fresh_api.meeting()
        other, watcher = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
        try:
            async with other.transaction():
                await other.execute("""
                    INSERT INTO events (workspace_id, entity_id, version, aggregate, aggregate_id, kind, actor, changes)
                    SELECT workspace_id, id, version + 1, 'MEETING', id, 'UPDATED', 'them', '{}' FROM meetings""")
                await other.execute("UPDATE meetings SET title = 'Theirs', version = version + 1")
                mine = asyncio.create_task(asyncio.to_thread(update, fresh_api, meeting, title="Mine"))
                while not await is_lock_awaited(watcher):
                    assert not mine.done()
            refused = await mine
        finally:
            await other.close()
            await watcher.close()
        assert (refused["__typename"], refused["currentVersion"]) == ("Conflict", 2)
        assert "modified concurrently" in refused["message"]
        assert read(fresh_api, meeting)["title"] == "Theirs"
