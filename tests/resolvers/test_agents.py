"""Agents and variants through the API: clones, resolution, partial updates, slugs, versions, lists."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.agent_strategies import CONFIGS, DEFAULTS, KEBAB, NAMES, NO_OVERRIDES, OVERRIDES, TWELVE
from tests.harness.concurrency import at_once
from tests.harness.servers import Api

UNKNOWN = "01900000-0000-7000-8000-00000000dead"
RESOLVED = f"query Resolved($id: ID!) {{ agent(id: $id) {{ resolvedConfig {{ variantId {' '.join(TWELVE)} }} }} }}"
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

few = settings(max_examples=15)


def read(api: Api, agent: Any) -> Any:
    """All of the agent and its variants."""
    return api.run("Agent", id=agent["id"])


def resolved(api: Api, agent: Any) -> Any:
    return api.post(RESOLVED, {"id": agent["id"]})["data"]["agent"]["resolvedConfig"]


def variant(api: Api, id: str) -> Any:
    return api.run("Variant", id=id)


def clone(api: Api, agent: Any, **input: Any) -> Any:
    return api.run("CloneVariant", agentId=agent["id"], input={"name": "Clone", **input})


def paths(result: Any) -> set[str]:
    """Of the fields that a mutation finds invalid."""
    assert result["__typename"] == "InvalidInput", result
    return {field["path"] for field in result["fields"]}


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
        for source in (foreign, UNKNOWN, agent["id"]):
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
        expected = whole | {name: value for name, value in active.items() if value is not None}

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
        updated = api.run("UpdateVariant", id=created["id"], input={"overrides": dict.fromkeys(TWELVE)})
        assert (updated["overrides"], updated["version"]) == (NO_OVERRIDES, 2)

    @pytest.mark.parametrize("name", TWELVE)
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


class TestSlugs:
    @settings(max_examples=25)
    @given(name=NAMES)
    def test_a_name_always_gives_the_same_kebab_case(self, api: Api, name: str) -> None:
        slugs = {api.variant(api.agent(), name)["slug"] for _ in range(2)}
        assert len(slugs) == 1
        (slug,) = slugs
        assert KEBAB.fullmatch(slug)
        assert len(slug) <= 80

    @pytest.mark.parametrize(
        ("name", "slug"),
        [
            ("Meeting Scribe (v2)", "meeting-scribe-v2"),
            ("  --  Trimmed  --  ", "trimmed"),
            ("Протокол встречи", "protokol-vstrechi"),
            ("Café Zürich", "cafe-zurich"),
            ("AT&amp;T &#0; &lt;", "at-amp-t-0-lt"),
            ("a" * 200, "a" * 72),
        ],
    )
    def test_a_slug_is_readable(self, api: Api, name: str, slug: str) -> None:
        assert api.variant(api.agent(), name)["slug"] == slug

    def test_names_with_nothing_to_keep_differ_all_the_same(self, api: Api) -> None:
        agent = api.agent()
        robot, ghost, dots = (api.variant(agent, name)["slug"] for name in ("🤖", "👻", "..."))
        assert len({robot, ghost, dots}) == 3
        assert all(re.fullmatch(r"x-[0-9a-f]{8}", slug) for slug in (robot, ghost, dots))
        assert api.variant(agent, "🤖")["slug"] == f"{robot}-2"

    def test_other_scripts_are_transliterated(self, api: Api) -> None:
        agent = api.agent()
        slugs = [api.variant(agent, name)["slug"] for name in ("会議の書記", "محضر", "प्रलेखक", "רשם")]
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)
        assert not any(re.fullmatch(r"x-[0-9a-f]{8}", slug) for slug in slugs)

    def test_generated_slugs_are_numbered_per_agent(self, api: Api) -> None:
        agent, other = api.agent(), api.agent()
        assert [api.variant(agent, "Brief")["slug"] for _ in range(3)] == ["brief", "brief-2", "brief-3"]
        assert clone(api, agent, name="brief!")["slug"] == "brief-4"
        assert api.variant(other, "Brief")["slug"] == "brief"

    def test_concurrent_creations_get_slugs_of_their_own(self, fresh_api: Api) -> None:
        agents = at_once(fresh_api.url, [lambda api: api.agent("Scribe")] * 12)
        expected = {"scribe", *(f"scribe-{number}" for number in range(2, 13))}
        assert {agent["slug"] for agent in agents} == expected
        variants = at_once(fresh_api.url, [lambda api: api.variant(agents[0], "Scribe")] * 12)
        assert {variant["slug"] for variant in variants} == expected

    def test_a_gap_is_filled(self, api: Api) -> None:
        agent = api.agent()
        _, second, _ = (api.variant(agent, "Brief") for _ in range(3))
        api.run("DeleteVariant", id=second["id"])
        assert api.variant(agent, "Brief")["slug"] == "brief-2"

    def test_agents_slugs_are_numbered_too(self, fresh_api: Api) -> None:
        names = ("Scribe", "Scribe", "scribe", "Scribe 2")
        slugs = [fresh_api.agent(name)["slug"] for name in names]
        assert slugs == ["scribe", "scribe-2", "scribe-3", "scribe-2-2"]

    def test_a_given_slug_that_is_taken_is_a_conflict(self, api: Api) -> None:
        first, second = api.agent(), api.agent()
        taken = api.variant(first, "Taken")["slug"]
        mine = api.variant(first, "Mine")
        config = {"modelProvider": "openai", "modelName": "gpt"}
        before = read(api, first)
        for refused in (
            api.run("CreateAgent", input={"name": "New", "slug": second["slug"], "config": config}),
            api.run("UpdateAgent", id=first["id"], input={"slug": second["slug"]}),
            api.run("CreateVariant", agentId=first["id"], input={"name": "New", "slug": taken}),
            clone(api, first, slug=taken),
            clone(api, first, slug=taken, activate=True),
            api.run("UpdateVariant", id=mine["id"], input={"slug": taken}),
        ):
            assert refused["__typename"] == "Conflict"
            assert "slug" in refused["message"]
        assert read(api, first) == before
        assert api.run("CreateVariant", agentId=second["id"], input={"name": "New", "slug": taken})["slug"] == taken

    def test_a_slug_that_is_free_again_can_be_given(self, api: Api) -> None:
        agent = api.agent()
        first, second = api.variant(agent, "Brief"), api.variant(agent, "Long")
        api.run("UpdateVariant", id=first["id"], input={"slug": "moved"})
        assert api.run("UpdateVariant", id=second["id"], input={"slug": "brief"})["slug"] == "brief"

    def test_a_new_name_keeps_the_slug(self, api: Api) -> None:
        created = api.variant(api.agent(), "Before")
        assert api.run("UpdateVariant", id=created["id"], input={"name": "After"})["slug"] == "before"

    def test_agents_and_variants_are_found_by_slug(self, api: Api) -> None:
        agent = api.agent("Found by slug")
        created = api.variant(agent, "Its variant")
        found = api.run("AgentBySlug", slug=agent["slug"], variant="its-variant")
        assert (found["id"], found["variant"]["id"]) == (agent["id"], created["id"])
        assert api.run("AgentBySlug", slug=agent["slug"], variant="none")["variant"] is None
        assert api.run("AgentBySlug", slug="there-is-no-such-agent", variant="none") is None


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
    """Of something at version 2: any other expected is a conflict and changes nothing, that one goes through."""
    before = read(api, agent)
    for stale in (1, 3):
        refused = run(stale)
        assert (refused["__typename"], refused["currentVersion"]) == ("Conflict", 2)
        assert "modified concurrently" in refused["message"]
        assert read(api, agent) == before
    assert "__typename" not in run(2)
    assert read(api, agent) != before


class TestDeletion:
    def test_an_agents_meetings_stay(self, api: Api) -> None:
        agent = api.agent()
        active = clone(api, agent, activate=True)
        meeting = api.meeting(agentId=agent["id"], segments=2)
        assert api.run("DeleteAgent", id=agent["id"]) == {"id": agent["id"]}
        left = api.run("Meeting", id=meeting["id"])
        assert (left["agent"], left["segmentCount"], left["title"]) == (None, 2, "Meeting")
        assert api.run("Nodes", ids=[agent["id"], active["id"]]) == [None, None]

    def test_the_active_variant_cannot_be_deleted(self, api: Api) -> None:
        agent = api.agent()
        id = clone(api, agent, activate=True)["id"]
        refused = api.run("DeleteVariant", id=id)
        assert (refused["__typename"], refused["currentVersion"]) == ("Conflict", 1)
        api.run("DeactivateVariant", agentId=agent["id"])
        assert api.run("DeleteVariant", id=id) == {"id": id}
        assert variant(api, id) is None

    def test_what_is_not_there_is_not_found(self, api: Api) -> None:
        config = {"name": "New"}
        for result in (
            api.run("UpdateAgent", id=UNKNOWN, input=config),
            api.run("DeleteAgent", id=UNKNOWN),
            api.run("CreateVariant", agentId=UNKNOWN, input=config),
            api.run("CloneVariant", agentId=UNKNOWN, input=config),
            api.run("UpdateVariant", id=UNKNOWN, input=config),
            api.run("DeleteVariant", id=UNKNOWN),
            api.run("ActivateVariant", id=UNKNOWN),
            api.run("DeactivateVariant", agentId=UNKNOWN),
        ):
            assert (result["__typename"], result["code"], result["id"]) == ("NotFound", "NOT_FOUND", UNKNOWN)
        assert api.run("Agent", id=UNKNOWN) is None
        assert variant(api, UNKNOWN) is None


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

    def test_a_cursor_outlives_its_agent(self, fresh_api: Api, ids: list[str]) -> None:
        edges = fresh_api.post(LIST, {"first": 5})["data"]["agents"]["edges"]
        fresh_api.run("DeleteAgent", id=ids[2])
        page = fresh_api.post(LIST, {"first": 2, "after": edges[2]["cursor"]})["data"]["agents"]
        assert [node["id"] for node in page["nodes"]] == ids[3:5]
        assert page["totalCount"] == 24

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
            error = fresh_api.refused("Agents", **arguments)
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
            assert [field["path"] for field in error["extensions"]["fields"]] == [path]
