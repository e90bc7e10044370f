"""`applyAgents`: all or nothing, only what differs, and not over somebody else's change."""

from typing import Any
from uuid import uuid4

import pytest

from tests.harness.servers import Api


def manifest(slug: str, *variants: str, active: str | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "slug": slug,
        "name": "Scribe",
        "config": {"modelProvider": "openai", "modelName": "gpt"},
        "variants": [{"slug": variant, "name": variant} for variant in variants],
        "activeVariant": active,
    } | fields


def kinds(applied: Any) -> list[tuple[str, str | None, str]]:
    return [(change["agentSlug"], change["variantSlug"], change["event"]["kind"]) for change in applied["changes"]]


@pytest.fixture
def slug() -> str:
    return f"scribe-{uuid4().hex}"


def test_applied_twice_it_changes_once(api: Api, slug: str) -> None:
    wanted = manifest(slug, "brief", "long", active="brief")
    first = api.run("ApplyAgents", agents=[wanted])
    assert kinds(first) == [
        (slug, None, "CREATED"),
        (slug, "brief", "CREATED"),
        (slug, "long", "CREATED"),
        (slug, "brief", "ACTIVATED"),
    ]
    assert api.run("ApplyAgents", agents=[wanted])["changes"] == []


def test_a_dry_run_tells_the_same_and_changes_nothing(api: Api, slug: str) -> None:
    api.run("ApplyAgents", agents=[manifest(slug, "brief", active="brief")])
    other = manifest(slug, "long", active="long", name="Other")
    before = api.run("Agents")
    planned = api.run("ApplyAgents", agents=[other], dryRun=True)
    assert (planned["dryRun"], api.run("Agents")) == (True, before)
    applied = api.run("ApplyAgents", agents=[other], expectedState=planned["state"])
    assert kinds(applied) == kinds(planned)
    again = api.run("ApplyAgents", agents=[manifest(slug, "long", active=None, name="Other")])
    assert kinds(again) == [(slug, "long", "DEACTIVATED")]


def test_over_a_change_since_the_dry_run_nothing_is_applied(api: Api, slug: str) -> None:
    api.run("ApplyAgents", agents=[manifest(slug)])
    state = api.run("ApplyAgents", agents=[manifest(slug, name="Mine")], dryRun=True)["state"]
    api.run("ApplyAgents", agents=[manifest(slug, name="Theirs")])
    refused = api.run("ApplyAgents", agents=[manifest(slug, name="Mine")], expectedState=state)
    assert refused["__typename"] == "Conflict"
    assert api.run("AgentBySlug", slug=slug, variant="x")["name"] == "Theirs"


def test_one_that_fails_takes_all_with_it(api: Api, slug: str) -> None:
    """Pruning the active variant, of which the manifest says nothing, is found only while applying."""
    api.run("ApplyAgents", agents=[manifest(slug, "brief", active="brief")])
    keeps_active = {key: value for key, value in manifest(slug, "long").items() if key != "activeVariant"}
    others = [
        {"slug": agent["slug"], "name": agent["name"], "config": {"modelProvider": "p", "modelName": "m"}}
        for agent in api.run("AgentManifests", first=100)["nodes"]
        if agent["slug"] != slug
    ]
    before = api.run("Agents", first=100)
    refused = api.run("ApplyAgents", agents=[*others, keeps_active], prune=True)
    assert refused["__typename"] == "Conflict"
    assert "active variant" in refused["message"]
    assert api.run("Agents", first=100) == before


def test_all_that_is_wrong_is_named_by_its_manifest(api: Api, slug: str) -> None:
    wrong = [
        manifest(slug, "a", "a", name=" "),
        manifest(slug, active="none"),
        manifest("Not a slug", config={"modelProvider": "openai", "modelName": "gpt", "temperature": 3}),
    ]
    refused = api.run("ApplyAgents", agents=wrong)
    assert {field["path"] for field in refused["fields"]} == {
        "agents.0.name",
        "agents.0.variants.1.slug",
        "agents.1.slug",
        "agents.1.activeVariant",
        "agents.2.slug",
        "agents.2.config.temperature",
    }


def test_an_agent_that_is_pruned_leaves_its_meetings(fresh_api: Api, slug: str) -> None:
    fresh_api.run("ApplyAgents", agents=[manifest(slug, "brief", active="brief"), manifest("other")])
    agent = fresh_api.run("AgentBySlug", slug=slug, variant="brief")
    meeting = fresh_api.meeting(agentId=agent["id"])
    pruned = fresh_api.run("ApplyAgents", agents=[manifest("other")], prune=True)
    assert set(kinds(pruned)) == {(slug, None, "DELETED"), (slug, "brief", "DELETED")}
    left = fresh_api.run("MeetingHistory", id=meeting["id"])
    assert left["version"] == 2
    assert left["history"]["nodes"][0]["changes"] == [{"field": "agentId", "before": agent["id"], "after": None}]
