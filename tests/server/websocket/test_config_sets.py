"""Follows what many agents resolve to over WebSocket."""

from typing import Any

import pytest

from db import config_sets
from tests.harness.servers import Api, RunningServer, running_server, server_that_never_notifies
from tests.harness.websocket_client import WebSocketClient, websocket

NAME = "ResolvedConfigsUpdates"


def slugs(update: Any) -> list[str]:
    return [config["agentSlug"] for config in update["configs"]]


def expect_set(update: Any, api: Api, *agents: Any) -> None:
    """The update is all that a query of the same agents gives."""
    assert update == api.run("ResolvedConfigs", agentSlugs=[agent["slug"] for agent in agents])


def test_the_set_comes_at_once_and_then_what_changes_with_the_etag_of_all(socket: WebSocketClient, api: Api) -> None:
    one, other, bystander = api.agent("Followed one"), api.agent("Followed other"), api.agent("Not followed")
    names = [one["slug"], other["slug"]]
    variant = api.variant(other, "Brief", maxTokens=100)
    socket.start("1", NAME, agentSlugs=names)
    expect_set(socket.next("1"), api, one, other)

    def expect_update(changed: list[str], deleted: list[str]) -> Any:
        update = socket.next("1")
        assert (slugs(update), update["deletedAgentSlugs"]) == (changed, deleted)
        whole = api.run("ResolvedConfigs", agentSlugs=names)
        assert update["etag"] == whole["etag"]
        assert [config for config in whole["configs"] if config["agentSlug"] in changed] == update["configs"]
        return update

    api.run("ActivateVariant", id=variant["id"])
    assert expect_update([other["slug"]], [])["configs"][0]["variantSlug"] == "brief"
    # What does not alter what they resolve to is no update: the next one is of what does.
    api.run("UpdateAgent", id=one["id"], input={"name": "Renamed", "description": "Anew"})
    api.run("UpdateAgent", id=other["id"], input={"config": {"maxTokens": 5}})
    api.run("UpdateAgent", id=bystander["id"], input={"config": {"maxTokens": 5}})
    api.run("UpdateVariant", id=variant["id"], input={"overrides": {"maxTokens": 200}})
    assert expect_update([other["slug"]], [])["configs"][0]["maxTokens"] == 200
    # An agent that gets another slug is gone for who follows the old one, and another can take it.
    api.run("UpdateAgent", id=one["id"], input={"slug": f"{one['slug']}-moved"})
    expect_update([], [one["slug"]])
    api.run("UpdateAgent", id=bystander["id"], input={"slug": one["slug"]})
    assert expect_update([one["slug"]], [])["configs"][0]["agentId"] == bystander["id"]
    api.run("DeleteAgent", id=other["id"])
    expect_update([], [other["slug"]])
    expect_pong_after_stop(socket)


def expect_pong_after_stop(socket: WebSocketClient) -> None:
    socket.send("complete", id="1")
    socket.expect_pong()


def test_all_agents_are_followed_new_ones_included_until_they_are_deleted(fresh_server: RunningServer) -> None:
    api = fresh_server.api
    with websocket(fresh_server.url) as socket:
        socket.start("1", NAME)
        first = socket.next("1")
        assert (first["configs"], first["deletedAgentSlugs"]) == ([], [])
        agent = api.agent("New")
        assert slugs(socket.next("1")) == ["new"]
        api.run("UpdateAgent", id=agent["id"], input={"slug": "moved"})
        update = socket.next("1")
        assert (slugs(update), update["deletedAgentSlugs"]) == (["moved"], ["new"])
        api.run("DeleteAgent", id=agent["id"])
        assert socket.next("1") == {**first, "deletedAgentSlugs": ["moved"]}


def test_followers_of_all_and_of_some_get_their_own(socket: WebSocketClient, api: Api) -> None:
    one, other = api.agent("Shared one"), api.agent("Shared other")
    for id, agents in (("one", [one]), ("other", [other]), ("both", [one, other])):
        socket.start(id, NAME, agentSlugs=[agent["slug"] for agent in agents])
        expect_set(socket.next(id), api, *agents)
    api.run("UpdateAgent", id=one["id"], input={"config": {"maxTokens": 7}})
    updates = {message["id"]: message for message in (socket.receive(), socket.receive())}
    assert sorted(updates) == ["both", "one"]
    socket.send("complete", id="one")
    api.run("UpdateAgent", id=one["id"], input={"config": {"maxTokens": 8}})
    assert socket.next("both")["configs"][0]["maxTokens"] == 8
    # What nobody names any more is forgotten, and read anew when it is named again.
    socket.send("complete", id="both")
    socket.expect_pong()
    api.run("DeleteAgent", id=one["id"])
    api.run("UpdateAgent", id=other["id"], input={"config": {"maxTokens": 9}})
    assert slugs(socket.next("other")) == [other["slug"]]
    socket.start("again", NAME, agentSlugs=[one["slug"]])
    again = socket.next("again")
    assert (again["configs"], again["deletedAgentSlugs"]) == ([], [])


def test_who_follows_later_begins_with_what_is_current_then(database_url: str) -> None:
    with running_server(database_url) as server, websocket(server.url) as earlier, websocket(server.url) as later:
        agent = server.api.agent(modelName="before")
        earlier.start("1", NAME)
        assert earlier.next("1")["configs"][0]["modelName"] == "before"
        with server_that_never_notifies(database_url) as dying:
            dying.run("UpdateAgent", id=agent["id"], input={"config": {"modelName": "after"}})
        later.start("1", NAME)
        assert later.next("1")["configs"][0]["modelName"] == "after"
        assert earlier.next("1")["configs"][0]["modelName"] == "after"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [(["fine", "Not A Slug"], "agentSlugs.1"), (["\0"], "agentSlugs.0"), (["x"] * 1_001, "at most 1,000 items")],
    ids=["no slug", "unstorable", "too many"],
)
def test_slugs_that_none_can_have_are_refused_by_name(socket: WebSocketClient, wrong: list[str], says: str) -> None:
    socket.start("1", NAME, agentSlugs=wrong)
    error = socket.expect_error("1")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert says in error["message"]
    socket.expect_pong()


def test_followers_of_all_are_told_when_there_are_more_agents_than_a_set_can_have(
    fresh_server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_sets, "MAX_CONFIGS", 1)
    api = fresh_server.api
    agent = api.agent("First")
    with websocket(fresh_server.url) as socket:
        socket.start("all", NAME)
        socket.start("named", NAME, agentSlugs=[agent["slug"]])
        assert {socket.receive()["id"] for _ in range(2)} == {"all", "named"}
        api.agent("Second")
        error = socket.expect_error("all")
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "there are 2 agents" in error["message"]
        socket.start("again", NAME)
        assert "there are 2 agents" in socket.expect_error("again")["message"]
        api.run("UpdateAgent", id=agent["id"], input={"config": {"maxTokens": 7}})
        assert socket.next("named")["configs"][0]["maxTokens"] == 7
