"""Follows the resolved configuration of an agent over WebSocket."""

from typing import Any

import pytest

from tests.harness.live_operations import UNKNOWN_ID
from tests.harness.servers import Api, running_server, server_that_never_notifies
from tests.harness.websocket_client import WebSocketClient, websocket


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "agentId"),
        ({"agentId": UNKNOWN_ID, "agentSlug": "meeting-scribe"}, "agentId"),
        ({"agentId": "nonsense"}, "agentId"),
        ({"agentId": UNKNOWN_ID}, f"there is no agent {UNKNOWN_ID}"),
        ({"agentSlug": "unknown"}, "agentSlug"),
        ({"agentSlug": "No Slug"}, "agentSlug"),
        ({"agentSlug": ""}, "agentSlug"),
        ({"agentSlug": "\0"}, "agentSlug"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_wrong_argument_of_resolved_config_updates_is_named(
    socket: WebSocketClient, variables: dict[str, Any], says: str
) -> None:
    socket.start("1", "ResolvedConfigUpdates", **variables)
    error = socket.expect_error("1")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert says in error["message"]
    socket.expect_pong()


def test_the_current_configuration_comes_at_once_and_then_each_that_differs(socket: WebSocketClient, api: Api) -> None:
    agent = api.agent(temperature=0.5)
    active, idle = api.variant(agent, "Active", modelName="tuned"), api.variant(agent, "Idle", modelName="idle")
    socket.start("1", "ResolvedConfigUpdates", agentId=agent["id"])
    fields = ("variantId", "modelName", "temperature")

    def current() -> tuple[Any, ...]:
        config = socket.next("1")
        assert config["agentId"] == agent["id"]
        assert config == api.run("ResolvedConfig", slug=agent["slug"])["resolvedConfig"]
        return tuple(config[field] for field in fields)

    assert current() == (None, "gpt", 0.5)
    api.run("ActivateVariant", id=active["id"])
    assert current() == (active["id"], "tuned", 0.5)
    api.run("UpdateAgent", id=agent["id"], input={"config": {"temperature": 0.7}})  # which the variant inherits
    assert current() == (active["id"], "tuned", 0.7)
    # What does not alter it is no event: the next one is of what does.
    api.run("UpdateAgent", id=agent["id"], input={"name": "Renamed", "description": "Anew"})
    api.run("UpdateAgent", id=agent["id"], input={"config": {"modelName": "overridden anyway"}})
    api.run("UpdateVariant", id=idle["id"], input={"overrides": {"modelName": "still idle"}})
    api.run("UpdateVariant", id=active["id"], input={"name": "Still active"})
    api.run("ActivateVariant", id=active["id"])
    api.run("UpdateVariant", id=active["id"], input={"overrides": {"modelName": "tuned"}})
    api.run("UpdateVariant", id=active["id"], input={"overrides": {"modelName": "tuned again"}})
    assert current() == (active["id"], "tuned again", 0.7)
    api.run("ActivateVariant", id=idle["id"])
    assert current() == (idle["id"], "still idle", 0.7)
    api.run("DeactivateVariant", agentId=agent["id"])
    assert current() == (None, "overridden anyway", 0.7)


def test_who_follows_later_begins_with_what_is_current_then(database_url: str) -> None:
    with running_server(database_url) as server, websocket(server.url) as earlier, websocket(server.url) as later:
        agent = server.api.agent(modelName="before")
        earlier.start("1", "ResolvedConfigUpdates", agentId=agent["id"])
        assert earlier.next("1")["modelName"] == "before"
        with server_that_never_notifies(database_url) as dying:
            dying.run("UpdateAgent", id=agent["id"], input={"config": {"modelName": "after"}})
        assert server.api.run("ResolvedConfig", slug=agent["slug"])["resolvedConfig"]["modelName"] == "after"
        later.start("1", "ResolvedConfigUpdates", agentId=agent["id"])
        assert later.next("1")["modelName"] == "after"


def test_an_agent_is_followed_by_its_slug_as_well_until_it_is_deleted(socket: WebSocketClient, api: Api) -> None:
    agent = api.agent("To be deleted")
    socket.start("1", "ResolvedConfigUpdates", agentSlug=agent["slug"])
    assert socket.next("1")["agentId"] == agent["id"]
    api.run("DeleteAgent", id=agent["id"])
    socket.expect_complete("1")
    socket.start("1", "ResolvedConfigUpdates", agentId=agent["id"])
    assert "there is no agent" in socket.expect_error("1")["message"]
