"""Histories: all of one, oldest first; replayed from nothing; and what there is, to compare with."""

from collections.abc import Iterable
from typing import Any

from strawberry.utils.str_converters import to_camel_case

from domain.configs import CONFIG_FIELDS
from tests.harness.servers import Api

State = dict[str, Any]
"""The fields of something that are not null, by name."""
CONFIG_NAMES = " ".join(to_camel_case(name) for name in CONFIG_FIELDS)
EVENT = "id kind actor reason version restoredVersion agentId variantId changes { field before after }"
OLDEST_FIRST = f"""
query OldestFirst($id: ID!, $last: Int!, $before: String) {{
  agentHistory(agentId: $id, last: $last, before: $before) {{
    totalCount
    pageInfo {{ hasPreviousPage startCursor }}
    nodes {{ {EVENT} }}
  }}
}}
"""
PRESENT = f"""
query Present($id: ID!) {{
  agent(id: $id) {{
    id slug name description version activeVariant {{ id }} config {{ {CONFIG_NAMES} }}
    variants {{ id slug name description version overrides {{ {CONFIG_NAMES} }} }}
  }}
}}
"""


def history(api: Api, agent_id: str, page: int = 100) -> list[dict[str, Any]]:
    """Reads all events of an agent, from the oldest to the newest."""
    events: list[dict[str, Any]] = []
    before = None
    while True:
        answer = api.post(OLDEST_FIRST, {"id": agent_id, "last": page, "before": before})["data"]["agentHistory"]
        events += reversed(answer["nodes"])
        if not answer["pageInfo"]["hasPreviousPage"]:
            assert len(events) == answer["totalCount"]
            return events
        assert len(answer["nodes"]) == page
        before = answer["pageInfo"]["startCursor"]


def replayed(events: Iterable[Any]) -> dict[str, State]:
    """Applies the events, each of which must follow from those before it, and returns the states with their versions by id."""
    states: dict[str, State] = {}
    versions: dict[str, int] = {}
    for event in events:
        id = event["id"].split(":")[0]
        versions[id] = versions.get(id, 0) + 1
        assert event["version"] == versions[id]
        assert (id in states) is (event["kind"] != "CREATED")
        state = states.setdefault(id, {})
        assert event["changes"], event
        for change in event["changes"]:
            assert state.get(change["field"]) == change["before"] != change["after"]
            state[change["field"]] = change["after"]
        if event["kind"] == "DELETED":
            assert not_null(states.pop(id)) == {}
    return {id: not_null(state) | {"version": versions[id]} for id, state in states.items()}


def present(api: Api, agent_id: str) -> dict[str, State]:
    """Returns the agent and its variants as they are now, by id, or nothing if the agent is not there."""
    agent = api.post(PRESENT, {"id": agent_id})["data"]["agent"]
    if agent is None:
        return {}
    active, variants = agent.pop("activeVariant"), agent.pop("variants")
    agent["activeVariantId"] = active and active["id"]
    found = [agent | agent.pop("config"), *(variant | variant.pop("overrides") for variant in variants)]
    return {each.pop("id"): not_null(each) for each in found}


def not_null(values: State) -> State:
    return {name: value for name, value in values.items() if value is not None}
