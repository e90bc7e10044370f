"""The variables of prompts through the API: listed for agents, variants and what resolves, and rendered with values."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.wire.graphql_files import operation
from tests.harness.servers import Api

UNKNOWN = "01900000-0000-7000-8000-00000000dead"
VARIABLES = """
query Variables($id: ID!) {
  agent(id: $id) { config { variables } resolvedConfig { variables etag } variants { config { variables } } }
}
"""
NAMES = ["name", "customerName", "customer_name", "_", "名前"]
GIVEN = [*NAMES, "a.b", "a_b.c_d", ""]
VALUES = st.text("{}$\\a", max_size=5) | st.integers(0, 9) | st.booleans()


def render(api: Api, agent: Any, variables: Any = None) -> Any:
    return api.run("RenderPrompt", agentId=agent["id"], variables=variables)


def problems(api: Api, agent: Any, variables: Any) -> dict[str, str]:
    """Returns what is wrong by its path."""
    body = {"query": operation("RenderPrompt"), "variables": {"agentId": agent["id"], "variables": variables}}
    response = api.http.post("/graphql", content=json.dumps(body), headers={"content-type": "application/json"})
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    return {field["path"]: field["message"] for field in error["extensions"]["fields"]}


def test_variables_are_listed_wherever_there_are_prompts(api: Api) -> None:
    agent = api.agent(systemPrompt="{{b}} {{ a }} {{b}}", userPromptTemplate="{{c}} {{a}} {{#if}}")
    api.variant(agent, userPromptTemplate="{{d}}")
    active = api.variant(agent, systemPrompt="")
    api.run("ActivateVariant", id=active["id"])
    found = api.post(VARIABLES, {"id": agent["id"]})["data"]["agent"]
    assert found["config"]["variables"] == ["b", "a", "c"]
    assert found["resolvedConfig"]["variables"] == ["c", "a"]
    assert [variant["config"]["variables"] for variant in found["variants"]] == [["b", "a", "d"], ["c", "a"]]


def test_what_only_looks_like_a_variable_is_said_where_the_prompt_is_written(api: Api) -> None:
    agent = api.agent(systemPrompt="Help {{user-name}} with {{topic}}.")
    written = api.run("UpdateAgent", id=agent["id"], input={"config": {"userPromptTemplate": "{{a.b}}"}})
    assert [warning.split()[0] for warning in written["prompts"]["warnings"]] == ["{{user-name}}", "{{a.b}}"]


def test_what_resolves_is_rendered(api: Api) -> None:
    agent = api.agent(systemPrompt="Help {{customer_name}}.", userPromptTemplate="{{ question }} ({{n}}, {{flag}})")
    variables: dict[str, Any] = {"customer_name": "Ada", "question": "Why?", "n": 1.5, "flag": True}
    etag = api.post(VARIABLES, {"id": agent["id"]})["data"]["agent"]["resolvedConfig"]["etag"]
    expected = {"agentId": agent["id"], "variantId": None, "etag": etag}
    assert render(api, agent, variables) == expected | {"systemPrompt": "Help Ada.", "userPrompt": "Why? (1.5, true)"}
    variant = api.variant(agent, systemPrompt="", userPromptTemplate="{{question}}")
    api.run("ActivateVariant", id=variant["id"])
    rendered = render(api, agent, {"question": "{{question}}"})
    assert (rendered["variantId"], rendered["systemPrompt"]) == (variant["id"], "")
    assert rendered["userPrompt"] == "{{question}}"
    assert rendered["etag"] != etag


def test_without_variables_none_need_be_given(api: Api) -> None:
    agent = api.agent(systemPrompt="{{a.b}}", userPromptTemplate="")
    query = 'query { renderPrompt(agentId: "%s"%s) { systemPrompt userPrompt } }'
    for argument in ("", ", variables: null", ", variables: {}"):
        answer = api.post(query % (agent["id"], argument))
        assert answer == {"data": {"renderPrompt": {"systemPrompt": "{{a.b}}", "userPrompt": ""}}}


def test_literals_in_the_document_are_values_too(api: Api) -> None:
    agent = api.agent(systemPrompt="{{a}} {{b}} {{c}}")
    query = 'query ($c: JSON) { renderPrompt(agentId: "%s", variables: {a: 1, b: "\\"", c: $c}) { systemPrompt } }'
    answer = api.post(query % agent["id"], {"c": False})
    assert answer == {"data": {"renderPrompt": {"systemPrompt": '1 " false'}}}


def test_an_unknown_agent_has_none(api: Api) -> None:
    assert api.run("RenderPrompt", agentId=UNKNOWN, variables={"a": 1}) is None


@settings(max_examples=30)
@given(wanted=st.sets(st.sampled_from(NAMES)), variables=st.dictionaries(st.sampled_from(GIVEN), VALUES))
def test_each_that_is_missing_or_unknown_is_named_as_the_client_writes_it(
    api: Api, wanted: set[str], variables: dict[str, Any]
) -> None:
    agent = api.agent(systemPrompt="".join(f"{{{{{name}}}}}" for name in sorted(wanted)))
    wrong = wanted ^ set(variables)
    if wrong:
        assert set(problems(api, agent, variables)) == {f"variables.{name}" for name in wrong}
    else:
        values = (variables[name] for name in sorted(wanted))
        expected = "".join(value if isinstance(value, str) else json.dumps(value) for value in values)
        assert render(api, agent, variables)["systemPrompt"] == expected


def test_all_that_is_wrong_is_said_at_once(api: Api) -> None:
    agent = api.agent(systemPrompt="{{snake_case}} {{null_value}}", userPromptTemplate="{{list}} {{missing_one}}")
    variables = {"snake_case": "a\ud800", "null_value": None, "list": [1], "unknown_one": {"a": 1}}
    assert problems(api, agent, variables) == {
        "variables.snake_case": "must not contain a lone surrogate (half of a UTF-16 pair)",
        "variables.null_value": "must not be null",
        "variables.list": "must be a text, a number or a boolean",
        "variables.missing_one": "is missing: the prompts have it",
        "variables.unknown_one": "is unknown: the prompts do not have it",
    }


@pytest.mark.parametrize("name", ["a\ud800", "\0", "a\nb", "__class__", "🤖"])
def test_a_name_can_be_any_text(api: Api, name: str) -> None:
    agent = api.agent()
    assert set(problems(api, agent, {name: "value"})) == {f"variables.{name}"}


@pytest.mark.slow
def test_limits(api: Api) -> None:
    agent = api.agent(systemPrompt="{{v}}" * 28_000)
    assert len(render(api, agent, {"v": "x" * 35})["systemPrompt"]) == 980_000
    too_long = problems(api, agent, {"v": "x" * 1_000_000})
    assert too_long == {"variables": "must make prompts of at most 1,000,000 characters, make one of 28,000,000,000"}
    assert set(problems(api, agent, {"v": "x" * 1_000_001})) == {"variables.v"}
    assert set(problems(api, agent, {f"v{number}": 1 for number in range(1_001)})) == {"variables"}
    many = api.agent(systemPrompt="".join(f"{{{{v{number}}}}}" for number in range(10_000)))
    assert set(problems(api, many, {"v1": 1})) == {"variables"}
