"""Finds anything by its global id."""

import pytest

from tests.harness.meeting_calls import UNKNOWN_ID
from tests.harness.servers import Api

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
        missing = [UNKNOWN_ID, f"{meeting}:2", f"{meeting}:2147483647", f"{UNKNOWN_ID}:1", f"{ids['Agent']}:1"]
        assert [api.run("Node", id=id) for id in missing] == [None] * 5
        found = api.run("Nodes", ids=[*missing, meeting, *missing, meeting])
        assert [node and node["id"] for node in found] == [None] * 5 + [meeting] + [None] * 5 + [meeting]
        assert api.run("Nodes", ids=[]) == []

    @pytest.mark.parametrize("form", MALFORMED)
    def test_a_malformed_id_is_named(self, api: Api, ids: dict[str, str], form: str) -> None:
        id = form.format(meeting=ids["Meeting"])
        error = api.expect_error("Node", id=id)
        assert [field["path"] for field in error["extensions"]["fields"]] == ["id"]
        error = api.expect_error("Nodes", ids=[ids["Agent"], id, id])
        assert [field["path"] for field in error["extensions"]["fields"]] == ["ids.1", "ids.2"]

    def test_at_most_100_at_once(self, api: Api, ids: dict[str, str]) -> None:
        assert len(api.run("Nodes", ids=[ids["Segment"]] * 100)) == 100
        error = api.expect_error("Nodes", ids=[ids["Segment"]] * 101)
        assert [field["path"] for field in error["extensions"]["fields"]] == ["ids"]
