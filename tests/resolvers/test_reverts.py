"""Rolls back activations and reverts agents and variants through the API."""

import pytest

from tests.harness.history_calls import (
    UNKNOWN_ID,
    activate,
    agent_history,
    event_kinds,
    roll_back,
    update,
    variant_history,
)
from tests.harness.servers import Api


class TestRollback:
    def test_it_goes_back_and_again_one_further(self, api: Api) -> None:
        agent = api.agent()
        first, second = api.variant(agent), api.variant(agent)
        activate(api, first)
        activate(api, second)
        result = roll_back(api, agent, reason="Worse")
        assert (result["activeVariant"]["id"], result["version"]) == (first["id"], 4)
        event = agent_history(api, agent)[0]
        assert (event["kind"], event["version"], event["restoredVersion"]) == ("ROLLED_BACK", 4, 2)
        assert (event["reason"], event["variantId"]) == ("Worse", first["id"])
        assert event["changes"] == [{"field": "activeVariantId", "before": second["id"], "after": first["id"]}]
        assert roll_back(api, agent)["activeVariant"] is None
        assert agent_history(api, agent)[0]["restoredVersion"] == 1
        assert agent_history(api, agent)[0]["variantId"] == first["id"]

    def test_with_nothing_to_go_back_to_it_is_a_conflict(self, api: Api) -> None:
        agent = api.agent()
        update(api, agent, name="Other")
        refused = roll_back(api, agent)
        assert (refused["__typename"], refused["code"]) == ("Conflict", "CONFLICT")
        assert "nothing was active before" in refused["message"]
        activate(api, api.variant(agent))
        roll_back(api, agent)
        assert roll_back(api, agent)["__typename"] == "Conflict"
        assert event_kinds(agent_history(api, agent))[0] == "ROLLED_BACK"

    def test_edits_in_between_stay(self, api: Api) -> None:
        agent = api.agent()
        activate(api, api.variant(agent))
        update(api, agent, name="Edited", config={"maxTokens": 3})
        back = roll_back(api, agent)
        assert (back["activeVariant"], back["name"], back["config"]["maxTokens"]) == (None, "Edited", 3)

    def test_a_variant_that_is_deleted_is_passed_over(self, api: Api) -> None:
        agent = api.agent()
        first, second, third = (api.variant(agent) for _ in range(3))
        for variant in (first, second, third):
            activate(api, variant)
        api.run("DeleteVariant", id=second["id"])
        assert roll_back(api, agent)["activeVariant"]["id"] == first["id"]

    def test_the_expected_version_is_the_agents(self, api: Api) -> None:
        agent = api.agent()
        activate(api, api.variant(agent))
        refused = roll_back(api, agent, expectedVersion=1)
        assert (refused["__typename"], refused["currentVersion"]) == ("Conflict", 2)
        assert roll_back(api, agent, expectedVersion=2)["version"] == 3

    def test_of_an_unknown_agent(self, api: Api) -> None:
        assert roll_back(api, {"id": UNKNOWN_ID})["__typename"] == "NotFound"


class TestReverts:
    def test_an_agent_is_what_it_was_but_for_what_is_active(self, api: Api) -> None:
        agent = api.agent("First", systemPrompt="One", temperature=0.3)
        was = api.run("Agent", id=agent["id"])
        variant = api.variant(agent)
        update(
            api, agent, name="Second", slug=f"{agent['slug']}-second", description="New", config={"systemPrompt": "2"}
        )
        activate(api, variant)
        result = api.run("RevertAgent", id=agent["id"], toVersion=1, expectedVersion=3, reason="Better")
        for name in ("name", "description", "config"):
            assert result[name] == was[name]
        assert result["slug"] == f"{agent['slug']}-second"  # by which others find it
        assert (result["version"], result["activeVariant"]["id"]) == (4, variant["id"])
        event = agent_history(api, agent)[0]
        assert (event["kind"], event["restoredVersion"], event["reason"]) == ("ROLLED_BACK", 1, "Better")
        assert [each["field"] for each in event["changes"]] == ["description", "name", "systemPrompt"]

    def test_a_variant_is_what_it_was(self, api: Api) -> None:
        variant = api.variant(api.agent(), "First", temperature=0.3)
        was = api.run("Variant", id=variant["id"])
        input = {"name": "Second", "slug": "second", "overrides": {"temperature": None, "maxTokens": 0}}
        api.run("UpdateVariant", id=variant["id"], input=input)
        result = api.run("RevertVariant", id=variant["id"], toVersion=1, expectedVersion=2)
        for name in ("name", "description", "overrides"):
            assert result[name] == was[name]
        assert result["slug"] == "second"
        assert result["version"] == 3
        assert (variant_history(api, variant)[0]["kind"], variant_history(api, variant)[0]["restoredVersion"]) == (
            "ROLLED_BACK",
            1,
        )

    def test_a_revert_can_be_reverted(self, api: Api) -> None:
        agent = api.agent("First")
        update(api, agent, name="Second")
        api.run("RevertAgent", id=agent["id"], toVersion=1)
        assert api.run("RevertAgent", id=agent["id"], toVersion=2)["name"] == "Second"
        assert [event["restoredVersion"] for event in agent_history(api, agent)] == [2, 1, None, None]

    @pytest.mark.parametrize("operation", ["RevertAgent", "RevertVariant"])
    def test_versions_that_are_not_there(self, api: Api, operation: str) -> None:
        agent = api.agent()
        entity = agent if operation == "RevertAgent" else api.variant(agent)
        before = agent_history(api, agent)
        for version in (0, -1, 2, 2**31 - 1):
            refused = api.run(operation, id=entity["id"], toVersion=version)
            assert refused["__typename"] == "InvalidInput"
            assert [field["path"] for field in refused["fields"]] == ["toVersion"]
        assert api.run(operation, id=entity["id"], toVersion=1)["version"] == 1
        assert api.run(operation, id=UNKNOWN_ID, toVersion=1)["__typename"] == "NotFound"
        stale = api.run(operation, id=entity["id"], toVersion=1, expectedVersion=9)
        assert (stale["__typename"], stale["currentVersion"]) == ("Conflict", 1)
        assert agent_history(api, agent) == before

    def test_a_slug_that_is_taken_meanwhile_is_in_nobodys_way(self, api: Api) -> None:
        agent = api.agent("Squatted", temperature=0.1)
        update(api, agent, slug=f"{agent['slug']}-moved", config={"temperature": 0.2})
        config = {"modelProvider": "openai", "modelName": "gpt"}
        api.run("CreateAgent", input={"name": "Taker", "slug": agent["slug"], "config": config})
        reverted = api.run("RevertAgent", id=agent["id"], toVersion=1)
        assert (reverted["slug"], reverted["config"]["temperature"]) == (f"{agent['slug']}-moved", 0.1)

    def test_what_is_resolved_follows_a_revert_of_the_active_variant(self, api: Api) -> None:
        agent = api.agent(temperature=0.1)
        variant = api.variant(agent, temperature=0.2)
        activate(api, variant)
        api.run("UpdateVariant", id=variant["id"], input={"overrides": {"temperature": 0.3}})
        api.run("RevertVariant", id=variant["id"], toVersion=1)
        assert api.run("ResolvedConfig", slug=agent["slug"])["resolvedConfig"]["temperature"] == 0.2
