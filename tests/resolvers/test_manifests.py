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


def test_what_cannot_be_so_takes_all_with_it(fresh_api: Api, slug: str) -> None:
    """Pruning the active variants, of which the manifests say nothing, beside agents that could be made."""
    fresh_api.run("ApplyAgents", agents=[manifest(one, "brief", active="brief") for one in (slug, "other")])
    before = fresh_api.run("Agents", first=100)
    keep_active = [manifest(one, "long") for one in (slug, "other")]
    for keeping in keep_active:
        del keeping["activeVariant"]
    refused = fresh_api.run("ApplyAgents", agents=[manifest("new"), *keep_active], prune=True)
    assert refused["__typename"] == "Conflict"
    for one in (slug, "other"):
        assert f"the active variant {one}/brief cannot be pruned" in refused["message"]
    assert fresh_api.run("Agents", first=100) == before


def full(slug: str, *instead_of_first: str, active: str) -> dict[str, Any]:
    """Creates an agent with as many variants as allowed."""
    return manifest(slug, *(instead_of_first or ("v0",)), *(f"v{number}" for number in range(1, 200)), active=active)


@pytest.mark.slow
@pytest.mark.parametrize("active", ["v0", "v1"])
def test_where_there_is_no_room_what_is_pruned_makes_it(fresh_api: Api, slug: str, active: str) -> None:
    assert len(fresh_api.run("ApplyAgents", agents=[full(slug, active=active)])["changes"]) == 202
    after = "new" if active == "v0" else active
    renamed = full(slug, "new", active=after)
    for refused in (
        fresh_api.run("ApplyAgents", agents=[renamed]),
        fresh_api.run("ApplyAgents", agents=[manifest(slug, "new", active="new")]),
    ):
        assert (refused["__typename"], f"{slug} would have 201 variants" in refused["message"]) == ("Conflict", True)
    applied = fresh_api.run("ApplyAgents", agents=[renamed], prune=True)
    deleted, created = (slug, "v0", "DELETED"), (slug, "new", "CREATED")
    assert kinds(applied) == ([created, (slug, "new", "ACTIVATED"), deleted] if active == "v0" else [deleted, created])
    (agent,) = fresh_api.run("AgentManifests", first=100)["nodes"]
    assert (len(agent["variants"]), agent["activeVariant"]) == (200, {"slug": after})
    assert fresh_api.run("ApplyAgents", agents=[renamed], prune=True)["changes"] == []


def test_an_activation_tells_what_was_active(api: Api, slug: str) -> None:
    told = []
    for active in ("brief", "long", None):
        applied = api.run("ApplyAgents", agents=[manifest(slug, "brief", "long", active=active)])
        change = applied["changes"][-1]
        told.append((change["event"]["kind"], change["variantSlug"], change["activeBefore"]))
    assert told == [("ACTIVATED", "brief", None), ("ACTIVATED", "long", "brief"), ("DEACTIVATED", "long", "long")]


def test_nothing_to_apply_is_told_apart_from_too_much(api: Api, slug: str) -> None:
    assert "at least one" in api.run("ApplyAgents", agents=[])["message"]
    too_much = api.run("ApplyAgents", agents=[full(f"{slug}-{number}", active="v0") for number in range(5)])
    assert "at most 1,000 agents and variants, has 1,005: apply them in parts" in too_much["message"]


def test_pruning_is_refused_where_much_is_stored(fresh_api: Api, slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh_api.run("ApplyAgents", agents=[manifest(slug, "a", "b"), manifest("other")])
    monkeypatch.setattr("domain.manifests.MAX_ENTITIES", 3)
    refused = fresh_api.run("ApplyAgents", agents=[manifest("new")], prune=True)
    assert [field["path"] for field in refused["fields"]] == ["prune"]
    assert "there are 4" in refused["message"]
    assert len(fresh_api.run("ApplyAgents", agents=[manifest("new")])["changes"]) == 1


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


def test_many_are_pruned_at_once_and_first(fresh_api: Api) -> None:
    fresh_api.run("ApplyAgents", agents=[manifest(one, "a", "b", active="a") for one in ("x", "y", "z")])
    pruned = fresh_api.run("ApplyAgents", agents=[manifest("w"), manifest("z", active=None)], prune=True)
    assert set(kinds(pruned)[:7]) == {
        *((one, variant, "DELETED") for one in ("x", "y") for variant in (None, "a", "b")),
        ("z", "b", "DELETED"),
    }
    assert kinds(pruned)[7:] == [("w", None, "CREATED"), ("z", "a", "DEACTIVATED"), ("z", "a", "DELETED")]
