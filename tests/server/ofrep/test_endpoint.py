"""Evaluates agents as flags by OFREP: values, entity tags, and errors as the protocol has them."""

from typing import Any

import httpx
import pytest

from db import config_sets
from tests.harness import http
from tests.harness.servers import Api, RunningServer, running_server

JSON_TYPE = {"Content-Type": "application/json"}


def evaluate(
    server: RunningServer, key: str | None, content: str = "{}", /, method: str = "POST", **headers: str
) -> httpx.Response:
    path = "/ofrep/v1/evaluate/flags" if key is None else f"/ofrep/v1/evaluate/flags/{key}"
    sent = (
        JSON_TYPE | {"Accept-Encoding": "identity"} | {name.replace("_", "-"): text for name, text in headers.items()}
    )
    return http.request(method, server.url + path, content=content.encode(), headers=sent)


def value_of(api: Api, agent: Any) -> Any:
    (config,) = api.run("ResolvedConfigs", agentSlugs=[agent["slug"]])["configs"]
    return config


def test_a_flag_is_what_an_agent_resolves_to(server: RunningServer, api: Api) -> None:
    agent = api.agent("Evaluated", systemPrompt="Be brief.")
    answer = evaluate(server, agent["slug"])
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == {
        "key": agent["slug"],
        "reason": "STATIC",
        "variant": "base",
        "value": value_of(api, agent),
    }
    assert answer.json()["value"]["systemPrompt"] == "Be brief."
    variant = api.variant(agent, "Tuned", temperature=0.1)
    api.run("ActivateVariant", id=variant["id"])
    tuned = evaluate(server, agent["slug"]).json()
    assert (tuned["variant"], tuned["value"]["temperature"]) == ("tuned", 0.1)


@pytest.mark.slow
def test_all_flags_are_evaluated_at_once_in_the_order_of_their_keys(server: RunningServer, api: Api) -> None:
    agent = api.agent("Evaluated with all")
    flags = evaluate(server, None).json()["flags"]
    assert [flag["value"] for flag in flags] == api.run("ResolvedConfigs")["configs"]
    (own,) = (flag for flag in flags if flag["key"] == agent["slug"])
    assert own == evaluate(server, agent["slug"]).json()


@pytest.mark.parametrize(
    "content", ["", "{}", '{"context": {}}', '{"context": {"targetingKey": "x", "plan": ["pro"]}}']
)
def test_the_context_changes_nothing(server: RunningServer, api: Api, content: str) -> None:
    agent = api.agent("Same for all")
    assert evaluate(server, agent["slug"], content).json() == evaluate(server, agent["slug"]).json()


@pytest.mark.slow
@pytest.mark.parametrize("key", ["one", None])
def test_what_has_not_changed_is_not_sent_again(server: RunningServer, api: Api, key: str | None) -> None:
    agent = api.agent("Revalidated flag")
    path = agent["slug"] if key else None
    first = evaluate(server, path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in first.headers["vary"]
    again = evaluate(server, path, If_None_Match=tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert evaluate(server, path, If_None_Match=tag, Accept_Encoding="gzip").status_code == 304
    api.run("UpdateAgent", id=agent["id"], input={"config": {"maxTokens": 7}})
    changed = evaluate(server, path, If_None_Match=tag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


@pytest.mark.parametrize("key", ["unknown-to-all", "No Slug", "a/b", "", "%00", "%FF", "x" * 5_000, "%F0%9F%8E%89"])
def test_a_key_that_no_agent_has_is_not_found(server: RunningServer, key: str) -> None:
    answer = evaluate(server, key)
    assert answer.status_code == 404
    failure = answer.json()
    assert failure["errorCode"] == "FLAG_NOT_FOUND"
    assert set(failure) == {"key", "errorCode", "errorDetails"}
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("key", ["demo", None])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "PARSE_ERROR"),
        ("[]", "PARSE_ERROR"),
        ("null", "PARSE_ERROR"),
        ('"text"', "PARSE_ERROR"),
        ("[" * 5_000, "PARSE_ERROR"),
        ('{"context": null}', "INVALID_CONTEXT"),
        ('{"context": "me"}', "INVALID_CONTEXT"),
        ('{"context": [1]}', "INVALID_CONTEXT"),
    ],
    ids=lambda value: value[:20],
)
def test_a_bad_request_says_why(server: RunningServer, key: str | None, content: str, code: str) -> None:
    answer = evaluate(server, key, content)
    assert answer.status_code == 400
    failure = answer.json()
    assert failure["errorCode"] == code
    assert failure["errorDetails"]
    assert failure.get("key") == key


def test_flags_are_evaluated_by_post_of_json_only(server: RunningServer) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = evaluate(server, "demo", method=method)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    # A web page of another origin could send these.
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = evaluate(server, "demo", Content_Type=content_type)
        assert answer.status_code == 415
        assert answer.json()["errorCode"] == "GENERAL"


def test_the_limits_of_requests_and_answers_hold(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_server(database_url, max_body=500_000, max_answer=1024 * 1024) as server:
        long = {"systemPrompt": "x" * 200_000, "userPromptTemplate": "x" * 200_000}
        agents = [server.api.agent(f"Limited {n}", **long) for n in range(3)]
        assert evaluate(server, agents[0]["slug"]).status_code == 200
        too_large = evaluate(server, agents[0]["slug"], f'{{"context": {{"a": "{"x" * 500_000}"}}}}')
        assert (too_large.status_code, too_large.json()["errorCode"]) == (413, "GENERAL")
        answer = evaluate(server, None)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "GENERAL")
        assert "RAPPORTEUR_MAX_ANSWER" in answer.json()["errorDetails"]
        monkeypatch.setattr(config_sets, "MAX_CONFIGS", 2)
        answer = evaluate(server, None)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "GENERAL")
        assert "there are 3 agents" in answer.json()["errorDetails"]
