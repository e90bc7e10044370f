"""Lists meetings through the API: filters and pages."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.meeting_calls import UNKNOWN_ID, update
from tests.harness.servers import Api

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

    @pytest.mark.slow
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
            ({"agentId": UNKNOWN_ID}, []),
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

    @pytest.mark.slow
    def test_sizes_have_limits_and_a_default(self, fresh_api: Api, ids: list[str]) -> None:
        assert len(fresh_api.run("Meetings")["nodes"]) == 20
        assert len(fresh_api.run("Meetings", first=100)["nodes"]) == 25
        for arguments, path in (({"first": 101}, "first"), ({"last": 101}, "last"), ({"segments": 1001}, "first")):
            error = fresh_api.expect_error("Meetings", **arguments)
            assert [field["path"] for field in error["extensions"]["fields"]] == [path]
