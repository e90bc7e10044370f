"""Asks for what many agents resolve to at once."""

from typing import Any

import pytest

from db import config_sets
from tests.harness.recorded_statements import recorded
from tests.harness.servers import Api, RunningServer


def ask(api: Api, *agents: Any) -> Any:
    return api.run("ResolvedConfigs", agentSlugs=[agent["slug"] for agent in agents])


def test_the_agents_that_are_named_come_in_the_order_of_their_slugs_each_once(api: Api) -> None:
    agents = [api.agent(f"Set {name}") for name in ("b", "a", "c")]
    variant = api.variant(agents[1], "Brief", maxTokens=100)
    api.run("ActivateVariant", id=variant["id"])
    found = ask(api, *agents, *agents, {"slug": "unknown-to-all"})
    assert [config["agentSlug"] for config in found["configs"]] == sorted(agent["slug"] for agent in agents)
    assert [config["variantSlug"] for config in found["configs"]] == ["brief", None, None]
    assert found["deletedAgentSlugs"] == []
    for config in found["configs"]:
        alone = api.run("ResolvedConfig", slug=config["agentSlug"])["resolvedConfig"]
        assert config == {field: value for field, value in alone.items() if field != "sources"}


def test_all_agents_come_if_none_are_named(api: Api) -> None:
    agent = api.agent("Among all")
    slugs = [config["agentSlug"] for config in api.run("ResolvedConfigs")["configs"]]
    assert agent["slug"] in slugs
    assert slugs == sorted(slugs)
    assert api.run("ResolvedConfigs", agentSlugs=[])["configs"] == []


def test_the_etag_is_the_same_for_the_same_set_and_changes_with_all_that_a_worker_sees(api: Api) -> None:
    one, other = api.agent("Etag one"), api.agent("Etag other")
    first, again = (api.variant(one, name) for name in ("First", "Again"))
    etags = [ask(api, one, other)["etag"]]
    assert ask(api, other, one)["etag"] == etags[0]

    def expect_another() -> None:
        etag = ask(api, one, other)["etag"]
        assert etag not in etags
        etags.append(etag)

    api.run("UpdateAgent", id=other["id"], input={"config": {"systemPrompt": "Be brief."}})
    expect_another()
    for variant in (first, again):  # without overrides: the values stay
        api.run("ActivateVariant", id=variant["id"])
        expect_another()
    api.run("UpdateVariant", id=again["id"], input={"slug": "renamed"})
    expect_another()
    assert ask(api, one)["etag"] not in etags


def test_a_set_is_one_statement(server: RunningServer, api: Api) -> None:
    agents = [api.agent(f"Counted {n}") for n in range(5)]
    for slugs in ([agents[0]], agents):
        with recorded(server.database.engine) as statements:
            ask(api, *slugs)
        assert len(statements) == 1


@pytest.mark.parametrize(
    ("slugs", "says"),
    [
        (["fine", "Not A Slug"], "agentSlugs.1"),
        (["fine", ""], "agentSlugs.1"),
        (["\0"], "agentSlugs.0"),
        (["x"] * 1_001, "agentSlugs must have at most 1,000 items, has 1,001"),
    ],
    ids=["no slug", "empty", "unstorable", "too many"],
)
def test_slugs_that_none_can_have_are_refused_by_name(api: Api, slugs: list[str], says: str) -> None:
    error = api.expect_error("ResolvedConfigs", agentSlugs=slugs)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert says in error["message"]


def test_more_agents_than_a_set_can_have_must_be_named(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    agents = [api.agent(f"Too many {n}") for n in range(3)]
    monkeypatch.setattr(config_sets, "MAX_CONFIGS", 2)
    error = api.expect_error("ResolvedConfigs")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "agentSlugs must be given" in error["message"]
    assert len(ask(api, *agents)["configs"]) == 3


def test_prompts_that_are_too_long_together_are_refused_before_they_are_read(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = [api.agent(f"Long {n}", systemPrompt="é" * 600) for n in range(2)]
    monkeypatch.setattr(config_sets, "MAX_PROMPT_BYTES", 2_399)
    error = api.expect_error("ResolvedConfigs", agentSlugs=[agent["slug"] for agent in agents])
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "must name fewer agents" in error["message"]
    monkeypatch.setattr(config_sets, "MAX_PROMPT_BYTES", 2_400)
    assert len(ask(api, *agents)["configs"]) == 2
