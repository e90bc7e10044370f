"""Checks slugs of agents and variants through the API: derived, chosen, unique."""

import re

import pytest
from hypothesis import given, settings

from tests.harness.agent_calls import clone, read
from tests.harness.agent_strategies import KEBAB, NAMES
from tests.harness.concurrency import run_concurrently
from tests.harness.servers import Api


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

    @pytest.mark.slow
    def test_concurrent_creations_get_slugs_of_their_own(self, fresh_api: Api) -> None:
        agents = run_concurrently(fresh_api.url, [lambda api: api.agent("Scribe")] * 12)
        expected = {"scribe", *(f"scribe-{number}" for number in range(2, 13))}
        assert {agent["slug"] for agent in agents} == expected
        variants = run_concurrently(fresh_api.url, [lambda api: api.variant(agents[0], "Scribe")] * 12)
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
