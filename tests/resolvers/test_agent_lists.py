"""Lists agents through the API: filters and pages."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.agent_calls import clone
from tests.harness.servers import Api

LIST = """
query List($first: Int, $after: String, $last: Int, $before: String, $filter: AgentFilter) {
  agents(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id } }
    nodes { id }
  }
}
"""


@pytest.fixture
def three(fresh_api: Api) -> dict[str, str]:
    """Three agents that are alone in the database: the id of each by its name."""
    scribe = fresh_api.agent("Scribe", modelProvider="anthropic", modelName="claude")
    host = fresh_api.agent("Host", modelProvider="openai", modelName="gpt")
    critic = fresh_api.agent("100% critic_", modelProvider="openai", modelName="claude")
    fresh_api.run("UpdateAgent", id=host["id"], input={"slug": "moderator", "description": "Greets the Протокол"})
    clone(fresh_api, host, activate=True)
    fresh_api.variant(critic)
    return {"Scribe": scribe["id"], "Host": host["id"], "Critic": critic["id"]}


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["Scribe", "Host", "Critic"]),
    ({"text": None, "hasActiveVariant": None}, ["Scribe", "Host", "Critic"]),
    ({"text": "SCRI"}, ["Scribe"]),
    ({"text": "moder"}, ["Host"]),
    ({"text": "протокол"}, ["Host"]),
    ({"text": "%"}, ["Critic"]),
    ({"text": "_"}, ["Critic"]),
    ({"text": "\\"}, []),
    ({"modelProvider": "openai"}, ["Host", "Critic"]),
    ({"modelProvider": "OpenAI"}, []),
    ({"modelName": "claude"}, ["Scribe", "Critic"]),
    ({"modelProvider": "openai", "modelName": "claude"}, ["Critic"]),
    ({"hasActiveVariant": True}, ["Host"]),
    ({"hasActiveVariant": False}, ["Scribe", "Critic"]),
    ({"hasActiveVariant": False, "text": "host"}, []),
]


@pytest.mark.slow
def test_every_condition_of_a_filter_must_hold(fresh_api: Api, three: dict[str, str]) -> None:
    for filter, names in FILTERS:
        found = fresh_api.run("Agents", filter=filter)
        assert [agent["id"] for agent in found["nodes"]] == [three[name] for name in names], filter
        assert found["totalCount"] == len(names), filter


class TestPages:
    @pytest.fixture
    def ids(self, fresh_api: Api) -> list[str]:
        """25 agents in the order of the list, from the oldest to the newest."""
        return [fresh_api.agent(f"Agent {number}")["id"] for number in range(25)]

    @settings(max_examples=40)
    @given(sizes=st.lists(st.integers(0, 30), min_size=1, max_size=8), backward=st.booleans())
    def test_the_pages_together_are_the_whole(
        self, fresh_api: Api, ids: list[str], sizes: list[int], backward: bool
    ) -> None:
        found: list[str] = []
        cursor: str | None = None
        for size in [*sizes, 100]:
            where = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
            page = fresh_api.post(LIST, where)["data"]["agents"]
            here = [edge["node"]["id"] for edge in page["edges"]]
            found = here + found if backward else found + here
            info = page["pageInfo"]
            assert len(here) == min(size, 25 - (len(found) - len(here)))
            assert page["totalCount"] == 25
            assert [node["id"] for node in page["nodes"]] == here
            assert info["hasPreviousPage" if backward else "hasNextPage"] == (len(found) < 25)
            assert info["hasNextPage" if backward else "hasPreviousPage"] == (cursor is not None)
            cursors = [edge["cursor"] for edge in page["edges"]] or [None]
            assert (info["startCursor"], info["endCursor"]) == (cursors[0], cursors[-1])
            cursor = info["startCursor" if backward else "endCursor"] or cursor
        assert found == ids

    @settings(max_examples=40)
    @given(ends=st.lists(st.integers(0, 24), min_size=2, max_size=2), size=st.integers(1, 30), backward=st.booleans())
    def test_a_page_between_two_cursors_has_neither(
        self, fresh_api: Api, ids: list[str], ends: list[int], size: int, backward: bool
    ) -> None:
        edges = fresh_api.post(LIST, {"first": 100})["data"]["agents"]["edges"]
        after, before = ends
        where = {"after": edges[after]["cursor"], "before": edges[before]["cursor"]}
        page = fresh_api.post(LIST, where | {"last" if backward else "first": size})["data"]["agents"]
        between = ids[after + 1 : before]
        assert [node["id"] for node in page["nodes"]] == (between[-size:] if backward else between[:size])

    @pytest.mark.slow
    def test_a_cursor_outlives_its_agent(self, fresh_api: Api, ids: list[str]) -> None:
        edges = fresh_api.post(LIST, {"first": 5})["data"]["agents"]["edges"]
        fresh_api.run("DeleteAgent", id=ids[2])
        page = fresh_api.post(LIST, {"first": 2, "after": edges[2]["cursor"]})["data"]["agents"]
        assert [node["id"] for node in page["nodes"]] == ids[3:5]
        assert page["totalCount"] == 24

    @pytest.mark.slow
    def test_sizes_have_limits_and_a_default(self, fresh_api: Api, ids: list[str]) -> None:
        assert len(fresh_api.run("Agents")["nodes"]) == 20
        assert len(fresh_api.run("Agents", first=100)["nodes"]) == 25
        assert len(fresh_api.run("Agents", last=100)["nodes"]) == 25
        for arguments, path in (
            ({"first": 101}, "first"),
            ({"last": 101}, "last"),
            ({"first": -1}, "first"),
            ({"first": 5, "last": 5}, "last"),
        ):
            error = fresh_api.expect_error("Agents", **arguments)
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
            assert [field["path"] for field in error["extensions"]["fields"]] == [path]
