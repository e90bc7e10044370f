"""Meetings through the API: states, partial updates, locking, lists, transcripts, and anything by its id."""

import asyncio
import json
from functools import partial
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.concurrency import at_once
from tests.harness.conditions import someone_waits_for_a_lock
from tests.harness.servers import Api, segment

UNKNOWN = "01900000-0000-7000-8000-00000000dead"
LIST = """
query List($first: Int, $after: String, $last: Int, $before: String, $filter: MeetingFilter) {
  meetings(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id } }
    nodes { id }
  }
}
"""
PATHS = {
    "CREATED": [],
    "RECORDING": ["RECORDING"],
    "STOPPING": ["RECORDING", "STOPPING"],
    "STOPPED": ["RECORDING", "STOPPED"],
    "COMPLETED": ["COMPLETED"],
    "ERROR": ["ERROR"],
}
"""How a meeting gets into each state."""
FOLLOWING = {
    "CREATED": {"RECORDING", "COMPLETED", "ERROR"},
    "RECORDING": {"STOPPING", "STOPPED", "ERROR"},
    "STOPPING": {"STOPPED", "ERROR"},
    "STOPPED": {"RECORDING", "COMPLETED", "ERROR"},
    "COMPLETED": set[str](),
    "ERROR": set[str](),
}


def read(api: Api, meeting: Any) -> Any:
    return api.run("Meeting", id=meeting["id"])


def update(api: Api, meeting: Any, **input: Any) -> Any:
    return api.run("UpdateMeeting", id=meeting["id"], input=input)


def in_state(api: Api, state: str) -> Any:
    """A new meeting in this state."""
    meeting = api.meeting()
    for step in PATHS[state]:
        meeting = update(api, meeting, state=step)
    assert meeting["state"] == state
    return meeting


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
        for id in (UNKNOWN, meeting["id"]):
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
            api.run("UpdateMeeting", id=UNKNOWN, input={}),
            api.run("DeleteMeeting", id=UNKNOWN),
            api.run("UpsertSegments", meetingId=UNKNOWN, segments=[segment(1)]),
            api.run("DeleteSegments", meetingId=UNKNOWN, segmentIds=[1]),
        ):
            assert (result["__typename"], result["code"], result["id"]) == ("NotFound", "NOT_FOUND", UNKNOWN)
        assert read(api, {"id": UNKNOWN}) is None

    def test_deletion_takes_the_segments_along(self, api: Api) -> None:
        meeting = api.meeting(segments=2)
        assert api.run("DeleteMeeting", id=meeting["id"]) == {"id": meeting["id"]}
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
        assert api.run("DeleteMeeting", id=meeting["id"], expectedVersion=2) == {"id": meeting["id"]}

    def test_of_16_who_read_the_same_version_one_succeeds(self, api: Api) -> None:
        meeting = api.meeting()

        def rename(api: Api, title: str) -> Any:
            return api.run("UpdateMeeting", id=meeting["id"], input={"title": title}, expectedVersion=1)

        titles = [f"Title {number}" for number in range(16)]
        results = at_once(api.url, [partial(rename, title=title) for title in titles])
        (winner,) = (result for result in results if "__typename" not in result)
        losers = [result for result in results if result is not winner]
        assert all(loser["__typename"] == "Conflict" for loser in losers)
        assert all("modified concurrently" in loser["message"] for loser in losers)
        assert [loser["currentVersion"] for loser in losers] == [2] * 15
        assert (winner["version"], winner["title"]) == (2, read(api, meeting)["title"])

    def test_without_a_version_none_overwrites_what_it_has_not_seen(self, api: Api) -> None:
        meeting = api.meeting()
        titles = [f"Title {number}" for number in range(16)]
        results = at_once(api.url, [partial(update, meeting=meeting, title=title) for title in titles])
        winners = [result["version"] for result in results if "__typename" not in result]
        assert sorted(winners) == list(range(2, len(winners) + 2))
        losers = [result for result in results if "__typename" in result]
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
                while not await someone_waits_for_a_lock(watcher):
                    assert not mine.done()
            refused = await mine
        finally:
            await other.close()
            await watcher.close()
        assert (refused["__typename"], refused["currentVersion"]) == ("Conflict", 2)
        assert "modified concurrently" in refused["message"]
        assert read(fresh_api, meeting)["title"] == "Theirs"


class TestFilters:
    @pytest.fixture
    def three(self, fresh_api: Api) -> list[Any]:
        """Three meetings, from the oldest to the newest."""
        agent = fresh_api.agent()
        first = fresh_api.meeting("Launch 100%", metadata={"room": "A", "tags": ["x", "y"], "deep": {"n": 1, "m": 2}})
        second = fresh_api.meeting("Протокол", agentId=agent["id"], metadata={"room": "B"})
        third = fresh_api.meeting("Launch_2", agentId=agent["id"])
        update(fresh_api, second, state="RECORDING")
        update(fresh_api, third, state="COMPLETED")
        return [fresh_api.run("Meeting", id=meeting["id"]) for meeting in (first, second, third)]

    def test_every_condition_must_hold(self, fresh_api: Api, three: list[Any]) -> None:
        agent = three[1]["agent"]["id"]
        middle = three[1]["createdAt"]
        filters: list[tuple[dict[str, Any], list[int]]] = [
            ({}, [2, 1, 0]),
            (dict.fromkeys(["text", "state", "agentId", "createdAfter", "createdBefore", "metadata"]), [2, 1, 0]),
            ({"text": "LAUNCH"}, [2, 0]),
            ({"text": "протокол"}, [1]),
            ({"text": "%"}, [0]),
            ({"text": "_"}, [2]),
            ({"state": "RECORDING"}, [1]),
            ({"state": "ERROR"}, []),
            ({"agentId": agent}, [2, 1]),
            ({"agentId": agent, "state": "COMPLETED"}, [2]),
            ({"agentId": UNKNOWN}, []),
            ({"createdAfter": middle}, [2, 1]),
            ({"createdBefore": middle}, [0]),
            ({"createdAfter": three[0]["createdAt"], "createdBefore": three[2]["createdAt"]}, [1, 0]),
            ({"createdAfter": three[2]["createdAt"], "createdBefore": middle}, []),
            ({"createdAfter": "2000-01-01T00:00:00"}, [2, 1, 0]),
            ({"createdBefore": "9999-12-31T23:59:59.999999+00:00"}, [2, 1, 0]),
            ({"metadata": {}}, [2, 1, 0]),
            ({"metadata": {"room": "A"}}, [0]),
            ({"metadata": {"tags": ["y"]}}, [0]),
            ({"metadata": {"deep": {"m": 2}}}, [0]),
            ({"metadata": {"deep": {"m": 1}}}, []),
            ({"metadata": {"room": "A"}, "agentId": agent}, []),
        ]
        for filter, expected in filters:
            found = fresh_api.run("Meetings", filter=filter)
            assert [meeting["id"] for meeting in found["nodes"]] == [three[at]["id"] for at in expected], filter
            assert found["totalCount"] == len(expected), filter

    def test_meetings_are_counted_by_state(self, fresh_api: Api, three: list[Any]) -> None:
        counts = fresh_api.post("{ meetingCount created: meetingCount(state: CREATED) any: meetingCount(state: null) }")
        assert counts["data"] == {"meetingCount": 3, "created": 1, "any": 3}
        fresh_api.run("DeleteMeeting", id=three[0]["id"])
        counts = fresh_api.post("{ meetingCount created: meetingCount(state: CREATED) }")
        assert counts["data"] == {"meetingCount": 2, "created": 0}


class TestPages:
    @pytest.fixture
    def ids(self, fresh_api: Api) -> list[str]:
        """25 meetings in the order of the list, from the newest to the oldest."""
        return [fresh_api.meeting(f"Meeting {number}")["id"] for number in range(25)][::-1]

    @settings(max_examples=40)
    @given(sizes=st.lists(st.integers(0, 30), min_size=1, max_size=8), backward=st.booleans())
    def test_the_pages_together_are_the_whole(
        self, fresh_api: Api, ids: list[str], sizes: list[int], backward: bool
    ) -> None:
        found: list[str] = []
        cursor: str | None = None
        for size in [*sizes, 100]:
            where = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
            page = fresh_api.post(LIST, where)["data"]["meetings"]
            here = [edge["node"]["id"] for edge in page["edges"]]
            found = here + found if backward else found + here
            info = page["pageInfo"]
            assert len(here) == min(size, 25 - (len(found) - len(here)))
            assert page["totalCount"] == 25
            assert [node["id"] for node in page["nodes"]] == here
            assert info["hasPreviousPage" if backward else "hasNextPage"] == (len(found) < 25)
            assert info["hasNextPage" if backward else "hasPreviousPage"] == (cursor is not None)
            cursor = info["startCursor" if backward else "endCursor"] or cursor
        assert found == ids

    def test_a_page_between_two_cursors_has_neither(self, fresh_api: Api, ids: list[str]) -> None:
        cursors = [edge["cursor"] for edge in fresh_api.post(LIST, {"first": 100})["data"]["meetings"]["edges"]]
        where = {"after": cursors[3], "before": cursors[9]}
        page = fresh_api.post(LIST, where | {"first": 20})["data"]["meetings"]
        assert [node["id"] for node in page["nodes"]] == ids[4:9]
        page = fresh_api.post(LIST, where | {"last": 2})["data"]["meetings"]
        assert [node["id"] for node in page["nodes"]] == ids[7:9]

    def test_sizes_have_limits_and_a_default(self, fresh_api: Api, ids: list[str]) -> None:
        assert len(fresh_api.run("Meetings")["nodes"]) == 20
        assert len(fresh_api.run("Meetings", first=100)["nodes"]) == 25
        for arguments, path in (({"first": 101}, "first"), ({"last": 101}, "last"), ({"segments": 1001}, "first")):
            error = fresh_api.refused("Meetings", **arguments)
            assert [field["path"] for field in error["extensions"]["fields"]] == [path]


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


MALFORMED = [
    "",
    "x",
    "1",
    "{meeting}x",
    " {meeting}",
    "urn:uuid:{meeting}",
    "{{{meeting}}}",
    "{meeting}:",
    "{meeting}:-1",
]
MALFORMED += ["{meeting}:01", "{meeting}:2147483648", "{meeting}:1:1", "{meeting}:x", "{meeting}:١"]


class TestNodes:
    @pytest.fixture
    def ids(self, api: Api) -> dict[str, str]:
        """An id of each kind."""
        agent = api.agent()
        meeting = api.meeting(segments=1)
        return {
            "Agent": agent["id"],
            "AgentVariant": api.variant(agent)["id"],
            "Meeting": meeting["id"],
            "Segment": f"{meeting['id']}:1",
        }

    def test_anything_is_found_by_its_id(self, api: Api, ids: dict[str, str]) -> None:
        for kind, id in ids.items():
            found = api.run("Node", id=id)
            assert (found["__typename"], found["id"]) == (kind, id)
            assert api.run("Node", id=id.upper())["id"] == id
        found = api.run("Nodes", ids=list(ids.values()))
        assert [(node["__typename"], node["id"]) for node in found] == list(ids.items())

    def test_what_is_not_there_is_null_in_its_place(self, api: Api, ids: dict[str, str]) -> None:
        meeting = ids["Meeting"]
        missing = [UNKNOWN, f"{meeting}:2", f"{meeting}:2147483647", f"{UNKNOWN}:1", f"{ids['Agent']}:1"]
        assert [api.run("Node", id=id) for id in missing] == [None] * 5
        found = api.run("Nodes", ids=[*missing, meeting, *missing, meeting])
        assert [node and node["id"] for node in found] == [None] * 5 + [meeting] + [None] * 5 + [meeting]
        assert api.run("Nodes", ids=[]) == []

    @pytest.mark.parametrize("form", MALFORMED)
    def test_a_malformed_id_is_named(self, api: Api, ids: dict[str, str], form: str) -> None:
        id = form.format(meeting=ids["Meeting"])
        error = api.refused("Node", id=id)
        assert [field["path"] for field in error["extensions"]["fields"]] == ["id"]
        error = api.refused("Nodes", ids=[ids["Agent"], id, id])
        assert [field["path"] for field in error["extensions"]["fields"]] == ["ids.1", "ids.2"]

    def test_at_most_100_at_once(self, api: Api, ids: dict[str, str]) -> None:
        assert len(api.run("Nodes", ids=[ids["Segment"]] * 100)) == 100
        error = api.refused("Nodes", ids=[ids["Segment"]] * 101)
        assert [field["path"] for field in error["extensions"]["fields"]] == ["ids"]


def as_json(value: Any) -> str:
    """To compare by: Python takes True for 1."""
    return json.dumps(value, sort_keys=True)
