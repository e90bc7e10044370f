"""Agents and variants through the API: clones, resolution, partial updates, slugs, versions, lists."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from tests.harness.agent_calls import UNKNOWN_ID, clone, paths, read, resolved, variant
from tests.harness.agent_strategies import CONFIG_NAMES, CONFIGS, DEFAULTS, NAMES, NO_OVERRIDES, OVERRIDES
from tests.harness.parameters import lay_over
from tests.harness.servers import Api

few = settings(max_examples=15)


class TestCreation:
    def test_only_provider_and_model_are_needed(self, api: Api) -> None:
        agent = read(api, api.agent("Needs little", modelProvider="openai", modelName="gpt"))
        assert agent["config"] == DEFAULTS | {"modelProvider": "openai", "modelName": "gpt"}
        assert (agent["version"], agent["description"], agent["variants"]) == (1, "", [])
        assert agent["createdAt"] == agent["updatedAt"]

    def test_null_asks_for_the_default(self, api: Api) -> None:
        nothing = dict.fromkeys(DEFAULTS)
        config = {"modelProvider": "openai", "modelName": "gpt", **nothing}
        input = {"name": "Null", "slug": None, "description": None, "config": config}
        agent = read(api, api.run("CreateAgent", input=input))
        assert agent["config"] == DEFAULTS | {"modelProvider": "openai", "modelName": "gpt"}
        assert agent["description"] == ""

    def test_a_variant_overrides_nothing_unless_told(self, api: Api) -> None:
        agent = api.agent()
        created = api.run("CreateVariant", agentId=agent["id"], input={"name": "Plain", "overrides": None})
        assert created["overrides"] == NO_OVERRIDES
        assert variant(api, created["id"])["config"] == read(api, agent)["config"]

    def test_variants_are_listed_oldest_first(self, api: Api) -> None:
        agent = api.agent()
        names = [f"Variant {number}" for number in range(5)]
        for name in names:
            api.variant(agent, name)
        assert [each["name"] for each in read(api, agent)["variants"]] == names

    def test_names_of_variants_may_have_any_character(self, api: Api) -> None:
        one, two = api.agent(), api.agent()
        names = ["one\x1ftwo", "\\u001f", '"']
        for name in names:
            api.variant(one, name)
        api.variant(two, "three")
        document = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Agent { variants { name } } } }"
        for _ in range(2):  # the first time it is planned
            found = api.post(document, {"ids": [two["id"], one["id"]]})["data"]["nodes"]
            assert [[each["name"] for each in agent["variants"]] for agent in found] == [["three"], names]


class TestClones:
    @few
    @given(base=CONFIGS, overrides=OVERRIDES)
    def test_a_clone_of_the_base_keeps_every_field_that_is_not_overridden(
        self, api: Api, base: dict[str, Any], overrides: dict[str, Any]
    ) -> None:
        agent = api.agent(**base)
        cloned = clone(api, agent, overrides=overrides)
        assert cloned["overrides"] == read(api, agent)["config"] | overrides

    @few
    @given(stored=OVERRIDES, overrides=OVERRIDES)
    def test_a_clone_of_a_variant_keeps_every_field_that_is_not_overridden(
        self, api: Api, stored: dict[str, Any], overrides: dict[str, Any]
    ) -> None:
        agent = api.agent()
        source = api.variant(agent, **stored)
        cloned = clone(api, agent, sourceVariantId=source["id"], overrides=overrides)
        assert cloned["overrides"] == NO_OVERRIDES | stored | overrides
        assert variant(api, source["id"])["overrides"] == NO_OVERRIDES | stored

    def test_later_edits_of_the_source_do_not_reach_the_clone(self, api: Api) -> None:
        agent = api.agent(systemPrompt="Before")
        source = api.variant(agent, maxTokens=1)
        of_base, of_variant = clone(api, agent), clone(api, agent, sourceVariantId=source["id"])
        api.run("UpdateAgent", id=agent["id"], input={"config": {"systemPrompt": "After"}})
        api.run("UpdateVariant", id=source["id"], input={"overrides": {"maxTokens": 2}})
        assert variant(api, of_base["id"])["config"]["systemPrompt"] == "Before"
        assert variant(api, of_variant["id"])["config"]["systemPrompt"] == "After"
        assert variant(api, of_variant["id"])["config"]["maxTokens"] == 1

    def test_a_clone_is_activated_only_when_asked(self, api: Api) -> None:
        agent = api.agent()
        assert clone(api, agent)["isActive"] is False
        active = clone(api, agent, activate=True)
        assert active["isActive"] is True
        assert active["agent"] == {"id": agent["id"], "version": 2, "activeVariant": {"id": active["id"]}}

    def test_the_source_must_be_a_variant_of_the_same_agent(self, api: Api) -> None:
        agent, other = api.agent(), api.agent()
        foreign = api.variant(other)["id"]
        for source in (foreign, UNKNOWN_ID, agent["id"]):
            refused = clone(api, agent, sourceVariantId=source)
            assert (refused["__typename"], refused["id"]) == ("NotFound", source)
        assert read(api, agent)["variants"] == []


class TestResolution:
    @few
    @given(base=CONFIGS, active=OVERRIDES, inactive=OVERRIDES)
    def test_the_active_variant_is_preferred_field_by_field(
        self, api: Api, base: dict[str, Any], active: dict[str, Any], inactive: dict[str, Any]
    ) -> None:
        agent = api.agent(**base)
        chosen, other = api.variant(agent, **active), api.variant(agent, **inactive)
        whole = read(api, agent)["config"]
        expected = lay_over(whole, NO_OVERRIDES | active)

        assert resolved(api, agent) == {"variantId": None, **whole}
        api.run("ActivateVariant", id=chosen["id"])
        assert resolved(api, agent) == {"variantId": chosen["id"], **expected}
        assert variant(api, chosen["id"])["config"] == expected
        api.run("ActivateVariant", id=other["id"])
        api.run("DeactivateVariant", agentId=agent["id"])
        assert resolved(api, agent) == {"variantId": None, **whole}

    def test_an_empty_prompt_and_zero_override(self, api: Api) -> None:
        agent = api.agent(systemPrompt="Something", temperature=1.0, maxTokens=5)
        overrides: dict[str, Any] = {"systemPrompt": "", "temperature": 0.0, "maxTokens": 0}
        api.run("ActivateVariant", id=api.variant(agent, **overrides)["id"])
        assert resolved(api, agent).items() >= overrides.items()

    def test_activating_the_active_variant_changes_nothing(self, api: Api) -> None:
        agent = api.agent()
        id = api.variant(agent)["id"]
        api.run("ActivateVariant", id=id)
        before = read(api, agent)
        assert api.run("ActivateVariant", id=id)["version"] == 2
        assert read(api, agent) == before

    def test_deactivating_the_base_changes_nothing(self, api: Api) -> None:
        agent = api.agent()
        before = read(api, agent)
        assert api.run("DeactivateVariant", agentId=agent["id"])["version"] == 1
        assert read(api, agent) == before


class TestPartialUpdates:
    @few
    @given(base=CONFIGS, name=NAMES, config=CONFIGS)
    def test_an_agents_update_sets_what_is_given_and_leaves_the_rest(
        self, api: Api, base: dict[str, Any], name: str, config: dict[str, Any]
    ) -> None:
        agent = read(api, api.agent(**base))
        api.run("UpdateAgent", id=agent["id"], input={"name": name, "config": config})
        once = read(api, agent)
        moved = {"version": once["version"], "updatedAt": once["updatedAt"]}
        assert once == agent | moved | {"name": name.strip(), "config": agent["config"] | config}
        api.run("UpdateAgent", id=agent["id"], input={"name": name, "config": config})
        assert read(api, agent) == once

    @few
    @given(stored=OVERRIDES, name=NAMES, overrides=OVERRIDES)
    def test_a_variants_update_sets_what_is_given_and_leaves_the_rest(
        self, api: Api, stored: dict[str, Any], name: str, overrides: dict[str, Any]
    ) -> None:
        agent = api.agent()
        api.variant(agent, **stored)
        (before,) = read(api, agent)["variants"]
        api.run("UpdateVariant", id=before["id"], input={"name": name, "overrides": overrides})
        (once,) = read(api, agent)["variants"]
        changing = {name: once[name] for name in ("version", "updatedAt", "config")}
        assert once == before | changing | {"name": name.strip(), "overrides": before["overrides"] | overrides}
        api.run("UpdateVariant", id=before["id"], input={"name": name, "overrides": overrides})
        assert read(api, agent)["variants"] == [once]

    def test_an_update_without_a_change_changes_nothing(self, api: Api) -> None:
        agent = api.agent("Same")
        created = api.variant(agent, maxTokens=1)
        before = read(api, agent)
        same: list[dict[str, Any]] = [{}, {"config": {}}, {"name": " Same "}]
        for input in (*same, {"slug": before["slug"], "config": before["config"]}):
            assert api.run("UpdateAgent", id=agent["id"], input=input)["version"] == 1
        for input in ({}, {"overrides": {}}, {"overrides": {"maxTokens": 1, "modelName": None}}, {"name": "Variant"}):
            assert api.run("UpdateVariant", id=created["id"], input=input)["version"] == 1
        assert read(api, agent) == before

    def test_null_clears_an_override(self, api: Api) -> None:
        agent = api.agent()
        created = api.variant(agent, modelName="other", maxTokens=1)
        updated = api.run("UpdateVariant", id=created["id"], input={"overrides": dict.fromkeys(CONFIG_NAMES)})
        assert (updated["overrides"], updated["version"]) == (NO_OVERRIDES, 2)

    @pytest.mark.parametrize("name", CONFIG_NAMES)
    def test_null_is_invalid_in_an_agents_configuration(self, api: Api, name: str) -> None:
        agent = read(api, api.agent())
        refused = api.run("UpdateAgent", id=agent["id"], input={"config": {name: None}})
        assert paths(refused) == {f"input.config.{name}"}
        assert read(api, agent) == agent

    @pytest.mark.parametrize(
        ("operation", "nested"), [("UpdateAgent", "config"), ("UpdateVariant", "overrides")], ids=["agent", "variant"]
    )
    def test_null_is_invalid_where_there_must_be_something(self, api: Api, operation: str, nested: str) -> None:
        agent = api.agent()
        id = agent["id"] if operation == "UpdateAgent" else api.variant(agent)["id"]
        before = read(api, agent)
        names = ("name", "slug", "description", nested)
        for name in names:
            assert paths(api.run(operation, id=id, input={name: None})) == {f"input.{name}"}
        everything = api.run(operation, id=id, input=dict.fromkeys(names))
        assert paths(everything) == {f"input.{name}" for name in names}
        assert read(api, agent) == before


@pytest.mark.slow
def test_an_agent_has_at_most_200_variants(api: Api) -> None:
    agent = api.agent()
    created = [api.variant(agent) for _ in range(200)]
    assert created[-1]["slug"] == "variant-200"
    for refused in (api.variant(agent), clone(api, agent), clone(api, agent, activate=True)):
        assert refused["__typename"] == "Conflict"
        assert "200" in refused["message"]
    assert len(read(api, agent)["variants"]) == 200
    assert read(api, agent)["version"] == 1
    api.run("DeleteVariant", id=created[0]["id"])
    assert clone(api, agent)["slug"] == "clone"


class TestVersions:
    @pytest.mark.parametrize("operation", ["UpdateAgent", "DeleteAgent"])
    def test_a_stale_version_of_an_agent_is_a_conflict(self, api: Api, operation: str) -> None:
        agent = api.agent()
        api.run("UpdateAgent", id=agent["id"], input={"description": "Two"})
        input = {"input": {"description": "Three"}} if operation == "UpdateAgent" else {}
        check_versions(api, agent, lambda version: api.run(operation, id=agent["id"], expectedVersion=version, **input))

    @pytest.mark.parametrize("operation", ["UpdateVariant", "DeleteVariant", "ActivateVariant"])
    def test_a_stale_version_of_a_variant_is_a_conflict(self, api: Api, operation: str) -> None:
        agent = api.agent()
        id = api.variant(agent)["id"]
        api.run("UpdateVariant", id=id, input={"description": "Two"})
        input = {"input": {"description": "Three"}} if operation == "UpdateVariant" else {}
        check_versions(api, agent, lambda version: api.run(operation, id=id, expectedVersion=version, **input))

    def test_activation_raises_the_agents_version_and_not_the_variants(self, api: Api) -> None:
        agent = api.agent()
        id = api.variant(agent)["id"]
        assert api.run("ActivateVariant", id=id, expectedVersion=1)["version"] == 2
        assert api.run("DeactivateVariant", agentId=agent["id"])["version"] == 3
        assert variant(api, id)["version"] == 1

    def test_a_variants_changes_leave_its_agents_version(self, api: Api) -> None:
        agent = api.agent()
        created = api.variant(agent)
        updated = api.run("UpdateVariant", id=created["id"], input={"description": "New"})
        assert (updated["version"], updated["agent"]["version"]) == (2, 1)


def check_versions(api: Api, agent: Any, run: Callable[[int | None], Any]) -> None:
    """Checks that an entity at version 2 changes only if that version is expected, and conflicts with any other."""
    before = read(api, agent)
    for stale in (1, 3):
        refused = run(stale)
        assert (refused["__typename"], refused["currentVersion"]) == ("Conflict", 2)
        assert "modified concurrently" in refused["message"]
        assert read(api, agent) == before
    assert "code" not in run(2)
    assert read(api, agent) != before


class TestDeletion:
    def test_an_agents_meetings_stay(self, api: Api) -> None:
        agent = api.agent()
        active = clone(api, agent, activate=True)
        meeting = api.meeting(agentId=agent["id"], segments=2)
        assert api.run("DeleteAgent", id=agent["id"]) == {"__typename": "Deleted", "id": agent["id"]}
        left = api.run("Meeting", id=meeting["id"])
        assert (left["agent"], left["segmentCount"], left["title"]) == (None, 2, "Meeting")
        assert api.run("Nodes", ids=[agent["id"], active["id"]]) == [None, None]

    def test_the_active_variant_cannot_be_deleted(self, api: Api) -> None:
        agent = api.agent()
        id = clone(api, agent, activate=True)["id"]
        refused = api.run("DeleteVariant", id=id)
        assert (refused["__typename"], refused["currentVersion"]) == ("Conflict", 1)
        api.run("DeactivateVariant", agentId=agent["id"])
        assert api.run("DeleteVariant", id=id) == {"__typename": "Deleted", "id": id}
        assert variant(api, id) is None

    def test_what_is_not_there_is_not_found(self, api: Api) -> None:
        config = {"name": "New"}
        for result in (
            api.run("UpdateAgent", id=UNKNOWN_ID, input=config),
            api.run("DeleteAgent", id=UNKNOWN_ID),
            api.run("CreateVariant", agentId=UNKNOWN_ID, input=config),
            api.run("CloneVariant", agentId=UNKNOWN_ID, input=config),
            api.run("UpdateVariant", id=UNKNOWN_ID, input=config),
            api.run("DeleteVariant", id=UNKNOWN_ID),
            api.run("ActivateVariant", id=UNKNOWN_ID),
            api.run("DeactivateVariant", agentId=UNKNOWN_ID),
        ):
            assert (result["__typename"], result["code"], result["id"]) == ("NotFound", "NOT_FOUND", UNKNOWN_ID)
        assert api.run("Agent", id=UNKNOWN_ID) is None
        assert variant(api, UNKNOWN_ID) is None
