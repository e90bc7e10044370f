"""Checks the parameters of agents and variants: what is resolved, what the model gets, and what is refused."""

from typing import Any

import pytest
from hypothesis import given, settings

from tests.harness.agent_calls import clone, paths, read, resolved, variant
from tests.harness.parameters import PARAMETERS, merge_patch
from tests.harness.servers import Api

RESOLVED = """
query Resolved($id: ID!) {
  agent(id: $id) {
    variants { id config { parameters } }
    resolvedConfig { etag parameters modelParameters sources { field key from } }
  }
}
"""


def config(api: Api, agent: Any) -> Any:
    return api.post(RESOLVED, {"id": agent["id"]})["data"]["agent"]["resolvedConfig"]


def set_base(api: Api, agent: Any, parameters: object) -> Any:
    return api.run("UpdateAgent", id=agent["id"], input={"config": {"parameters": parameters}})


def set_overrides(api: Api, id: str, parameters: object) -> Any:
    return api.run("UpdateVariant", id=id, input={"overrides": {"parameters": parameters}})


@pytest.mark.slow
def test_everything_resolves_by_rfc_7396(api: Api) -> None:
    agent = api.agent(temperature=0.5, maxTokens=7)
    own = api.variant(agent, temperature=1.5)["id"]
    api.run("ActivateVariant", id=own)

    @settings(max_examples=25)
    @given(base=PARAMETERS, patch=PARAMETERS)
    def resolves(base: dict[str, Any], patch: dict[str, Any]) -> None:
        set_base(api, agent, base)
        set_overrides(api, own, patch)
        found = api.post(RESOLVED, {"id": agent["id"]})["data"]["agent"]
        merged = merge_patch(base, patch)
        sent = merge_patch(merge_patch({"temperature": 1.5, "max_tokens": 7}, base), patch)
        assert found["variants"][0]["config"]["parameters"] == merged
        assert found["resolvedConfig"]["parameters"] == merged
        assert found["resolvedConfig"]["modelParameters"] == sent
        sources = {each["key"]: each["from"] for each in found["resolvedConfig"]["sources"] if each["key"] is not None}
        assert sources == {key: "VARIANT" if key in patch else "BASE" for key in merged}

    resolves()


def test_without_parameters_the_model_gets_temperature_and_max_tokens(api: Api) -> None:
    agent = api.agent(temperature=0.25, maxTokens=9)
    found = config(api, agent)
    assert found["parameters"] == {}
    assert found["modelParameters"] == {"temperature": 0.25, "max_tokens": 9}
    assert {source["key"] for source in found["sources"]} == {None}


@pytest.mark.parametrize("of_variant", [False, True], ids=["agent", "variant"])
def test_null_keeps_a_temperature_from_being_sent(api: Api, *, of_variant: bool) -> None:
    agent = api.agent(maxTokens=9)
    before = config(api, agent)
    reasoning = {"temperature": None, "reasoning_effort": "high"}
    if of_variant:
        api.run("ActivateVariant", id=api.variant(agent, parameters=reasoning)["id"])
    else:
        set_base(api, agent, reasoning)
    after = config(api, agent)
    assert after["modelParameters"] == {"max_tokens": 9, "reasoning_effort": "high"}
    assert after["etag"] != before["etag"]
    if of_variant:
        set_overrides(api, read(api, agent)["variants"][0]["id"], {"temperature": None})
        last = config(api, agent)
        assert (last["parameters"], last["modelParameters"]) == ({}, {"max_tokens": 9})
        assert last["etag"] not in (before["etag"], after["etag"])


def test_a_variant_inherits_all_where_its_parameters_are_null(api: Api) -> None:
    agent = api.agent(parameters={"top_p": 0.5})
    created = api.variant(agent)
    api.run("ActivateVariant", id=created["id"])
    assert created["overrides"]["parameters"] is None
    assert resolved(api, agent)["parameters"] == {"top_p": 0.5}
    assert set_overrides(api, created["id"], {"stop": ["."]})["overrides"]["parameters"] == {"stop": ["."]}
    assert resolved(api, agent)["parameters"] == {"top_p": 0.5, "stop": ["."]}
    assert set_overrides(api, created["id"], None)["overrides"]["parameters"] is None
    assert resolved(api, agent)["parameters"] == {"top_p": 0.5}


def test_an_update_replaces_the_whole_object_or_leaves_it(api: Api) -> None:
    agent = api.agent(parameters={"top_p": 0.5, "stop": []})
    set_base(api, agent, {"seed": None})
    api.run("UpdateAgent", id=agent["id"], input={"config": {"maxTokens": 5}})
    assert read(api, agent)["config"]["parameters"] == {"seed": None}
    assert paths(set_base(api, agent, None)) == {"input.config.parameters"}


def test_values_come_back_as_they_were_sent(api: Api) -> None:
    sent = {
        "max": 2**53 - 1,
        "min": -(2**53) + 1,
        "float": 0.1,
        "whole": 1.0,
        "small": 1e-7,
        "tiny": 5e-324,
        "exact": 0.30000000000000004,
        "booleans": [True, False, None],
        "texts": ["", "\u2028 \\u0000 \x01", "🤖"],
    }
    agent = api.agent(parameters=sent)
    found = read(api, agent)["config"]["parameters"]
    assert found == sent
    assert {key: type(value) for key, value in found.items()} == {key: type(value) for key, value in sent.items()}


def test_true_is_a_change_of_one(api: Api) -> None:
    agent = api.agent(parameters={"stream": 1})
    assert set_base(api, agent, {"stream": 1.0})["version"] == 1
    changed = set_base(api, agent, {"stream": True})
    assert changed["version"] == 2
    a, b = {"baseRevision": {"agentId": agent["id"], "version": 1}}, {"base": agent["id"]}
    fields = api.run("ConfigDiff", a=a, b=b)["fields"]
    assert [(field["field"], field["a"], field["b"]) for field in fields] == [
        ("parameters", {"stream": 1}, {"stream": True})
    ]
    assert fields[0]["textDiff"].endswith('-  "stream": 1\n+  "stream": true\n }\n')
    reverted = api.run("RevertAgent", id=agent["id"], toVersion=1)
    assert (reverted["version"], reverted["config"]["parameters"]["stream"] is True) == (3, False)


def test_a_clone_sends_what_the_base_sends(api: Api) -> None:
    agent = api.agent(parameters={"temperature": None, "stop": ["."], "a": {"b": None}})
    before = config(api, agent)
    cloned = clone(api, agent, activate=True)
    assert variant(api, cloned["id"])["overrides"]["parameters"] == before["parameters"]
    assert config(api, agent)["modelParameters"] == before["modelParameters"]
    other = clone(api, agent, overrides={"parameters": None})
    assert variant(api, other["id"])["overrides"]["parameters"] is None


INVALID = {
    "a list": [],
    "a text": "{}",
    "a number": 1,
    "an empty key": {"a": {"": 1}},
    "a large number": {"seed": 2**53},
    "too much": {"a": "x" * 16_384},
    "too deep": {"a": {"a": [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}},
    "a NUL": {"a\0": 1},
}


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID.keys())
def test_what_cannot_be_kept_is_refused(api: Api, value: object) -> None:
    agent = api.agent(parameters={"top_p": 1})
    own = api.variant(agent)["id"]
    before = read(api, agent)
    created = {"name": "New", "config": {"modelProvider": "p", "modelName": "m", "parameters": value}}
    assert paths(api.run("CreateAgent", input=created)) == {"input.config.parameters"}
    assert paths(set_base(api, agent, value)) == {"input.config.parameters"}
    assert paths(set_overrides(api, own, value)) == {"input.overrides.parameters"}
    assert paths(clone(api, agent, overrides={"parameters": value})) == {"input.overrides.parameters"}
    assert read(api, agent) == before


def test_what_json_cannot_say_is_refused_in_a_literal(api: Api) -> None:
    agent = api.agent()
    for literal in ("{a: 1e400}", "{a: 99999999999999999999}"):
        document = f"""mutation {{ updateAgent(id: "{agent["id"]}", input: {{config: {{parameters: {literal}}}}}) {{
            __typename ... on InvalidInput {{ fields {{ path message }} }} }} }}"""
        assert paths(api.post(document)["data"]["updateAgent"]) == {"input.config.parameters"}
