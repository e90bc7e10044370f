"""The rules that the Python library has from the server: merging, rendering, manifests, defaults, and its documents."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from graphql import parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import prompts
from domain.configs import AgentConfig
from domain.errors import InvalidInput
from rapporteur_client import PromptError, ResolvedConfig, meeting_updates, segment_writer
from rapporteur_client.backoff import FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS, MAX_RETRY_AFTER_SECONDS, Backoff
from rapporteur_client.config_feed import RESOLVED_CONFIGS_UPDATES
from rapporteur_client.configs import from_json, to_json
from rapporteur_client.core_yaml import load
from rapporteur_client.manifests import ManifestFolder
from rapporteur_client.merge_patch import merge_patch
from rapporteur_client.prompts import render
from schema.schema import schema
from server.client import manifest_yaml
from server.client.agent_files import NotAManifest, read_manifest, write_manifest
from tests.harness.servers import Api

RFC_7396_EXAMPLES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]
"""The test cases of RFC 7396, Appendix A: target, patch, result."""


@pytest.mark.parametrize(("target", "patch", "result"), RFC_7396_EXAMPLES)
def test_patches_merge_as_the_rfc_shows(target: Any, patch: Any, result: Any) -> None:
    before = repr(target)
    assert merge_patch(target, patch) == result
    assert repr(target) == before


def test_model_parameters_are_made_of_the_others_where_they_are_not_given() -> None:
    config = ResolvedConfig("openai", "o3", parameters={"temperature": None, "stop": ["a"], "reasoning_effort": "low"})
    assert config.model_parameters == {"max_tokens": 4096, "stop": ["a"], "reasoning_effort": "low"}
    assert ResolvedConfig("openai", "o3", model_parameters={}).model_parameters == {}


def test_defaults_are_those_of_the_server() -> None:
    ours, theirs = ResolvedConfig("openai", "gpt"), AgentConfig("openai", "gpt")
    names = [field.name for field in fields(AgentConfig)]
    assert {name: getattr(ours, name, None) for name in names} == {name: getattr(theirs, name) for name in names}


def test_a_value_of_another_type_is_named() -> None:
    values = to_json(ResolvedConfig("openai", "gpt"))
    assert from_json(values) == ResolvedConfig("openai", "gpt")
    for name, wrong in (("maxTokens", True), ("temperature", "1"), ("modelName", None), ("parameters", [])):
        with pytest.raises(ValueError, match=name):
            from_json(values | {name: wrong})


PIECES = st.sampled_from(
    ["{{", "}}", "{{a}}", "{{ b }}", "{{ é}}", "{{e\u0301}}", "{{#if}}", "{{1}}", "{", " ", "text", "क्षि"]
)


VARIABLES = st.dictionaries(
    st.sampled_from(["a", "b", "e\u0301"]), st.sampled_from(["{{a}}", "", 1, 0.5, True, float("nan")])
)


@settings(max_examples=60)
@given(st.lists(PIECES, max_size=6).map("".join), VARIABLES)
def test_prompts_are_rendered_as_the_server_renders_them(prompt: str, variables: dict[str, Any]) -> None:
    try:
        wanted = prompts.render([prompt], variables)
    except InvalidInput:
        with pytest.raises(PromptError):
            render([prompt], variables)
    else:
        assert render([prompt], variables) == wanted


def test_a_configuration_renders_both_prompts() -> None:
    config = ResolvedConfig("openai", "gpt", "You are {{name}}.", "{{name}}: {{question}}")
    assert config.render(name="Ada", question="Why?") == ("You are Ada.", "Ada: Why?")
    with pytest.raises(PromptError, match="question is missing; answer is unknown"):
        config.render(name="Ada", answer="")


BASE_PARAMETERS = {"stop": ["no", None], "top_p": 0.5, "seed": None, "format": {"type": "json", "strict": True}}
OWN_PARAMETERS = {"temperature": None, "top_p": None, "format": {"strict": None}, "effort": "1:30"}


@pytest.mark.parametrize("active", [None, "brief"])
def test_a_manifest_resolves_as_the_server_does(api: Api, tmp_path: Path, active: str | None) -> None:
    agent = api.agent(
        f"Manifest {active}",
        systemPrompt="no\n  1:30\n",
        promptVersion="1e3",
        temperature=1.0,
        parameters=BASE_PARAMETERS,
    )
    variants = {
        slug: api.run(
            "CreateVariant",
            agentId=agent["id"],
            input={"name": slug, "slug": slug, "overrides": {"maxTokens": 512, "promptVersion": "no", **more}},
        )
        for slug, more in (
            ("brief", {"temperature": 0.0, "parameters": OWN_PARAMETERS}),
            ("other", {"modelName": "other"}),
        )
    }
    if active:
        api.run("ActivateVariant", id=variants[active]["id"])
    after = None
    while True:  # the agent's page among those of other tests
        page = api.run("AgentManifests", first=100, after=after)
        found = [node for node in page["nodes"] if node["slug"] == agent["slug"]]
        if found:
            break
        after = page["pageInfo"]["endCursor"]
    (tmp_path / f"{agent['slug']}.yaml").write_text(write_manifest(found[0]))
    resolved = api.run("ResolvedConfig", slug=agent["slug"])["resolvedConfig"]
    read = ManifestFolder(tmp_path).get(agent["slug"])
    assert read is not None
    ours = to_json(read[0])
    assert {name: ours[name] for name in resolved.keys() & ours.keys() - {"agentId", "variantId", "etag"}} == {
        name: value for name, value in resolved.items() if name in ours and name not in ("agentId", "variantId", "etag")
    }
    assert (ours["agentSlug"], ours["variantSlug"]) == (agent["slug"], active)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name: x\nconfig: []",
        "config: {modelName: no, modelProvider: [}",
        "active: z\nconfig: {modelName: a, modelProvider: b}\nvariants: {}",
        "config: {modelName: a, modelProvider: b, maxTokens: 010}",
    ],
)
def test_a_file_that_is_no_manifest_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "agent.yaml").write_text(text)
    folder = ManifestFolder(tmp_path)
    assert [folder.get(slug) for slug in ("agent", "missing", "../agent")] == [None, None, None]


@pytest.mark.parametrize(
    "scalar", ["no", "1:30", "1e-3", "-7", "0", "1.50", ".5", "null", "~", "True", "2026-11-20", "''"]
)
def test_yaml_means_what_it_means_to_a_push(tmp_path: Path, scalar: str) -> None:
    assert load(f"value: {scalar}") == manifest_yaml.load(f"value: {scalar}")


def test_a_manifest_that_a_push_would_refuse_is_not_needed_here(tmp_path: Path) -> None:
    file = tmp_path / "agent.yaml"
    file.write_text("name: x\nunknown: 1\nconfig: {modelName: a, modelProvider: b}")
    with pytest.raises(NotAManifest):
        read_manifest(file)
    assert ManifestFolder(tmp_path).get("agent") is not None


@pytest.mark.parametrize(
    "document", [RESOLVED_CONFIGS_UPDATES, meeting_updates.SEGMENT_UPDATES, segment_writer.UPSERT_SEGMENTS]
)
def test_documents_are_valid(document: str) -> None:
    assert validate(schema._schema, parse(document)) == []


def test_pauses_grow_to_a_bound_and_differ_from_client_to_client() -> None:
    clients = [Backoff() for _ in range(50)]
    pauses = [[client.next_pause() for client in clients] for _ in range(1_000)]
    assert max(pauses[0]) <= FIRST_PAUSE_SECONDS
    assert max(map(max, pauses)) <= MAX_PAUSE_SECONDS
    assert max(pauses[-1]) > FIRST_PAUSE_SECONDS
    assert len(set(pauses[-1])) == len(clients)
    for asked, given_in_seconds in ((2.0, 2.0), (1e9, MAX_RETRY_AFTER_SECONDS), (-1.0, 0.0)):
        assert 0.0 <= clients[0].next_pause(asked) - given_in_seconds <= MAX_PAUSE_SECONDS
    clients[0].reset()
    assert clients[0].next_pause() <= FIRST_PAUSE_SECONDS
