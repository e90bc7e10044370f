"""Checks the answers to requests that are not good GraphQL, or not GraphQL at all."""

import json
import math
from importlib.metadata import version
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.harness import http
from tests.harness.http_requests import PING, RESPONSE, ask, post
from tests.harness.servers import Api, RunningServer

TWO_OPERATIONS = "query A { meetingCount } query B { meetingCount }"


def test_healthy_and_ready(server: RunningServer) -> None:
    assert http.get(f"{server.url}/healthz").json() == {"status": "ok", "version": version("rapporteur")}
    assert http.get(f"{server.url}/readyz").json()["status"] == "ok"
    assert http.get(server.url).headers["location"] == "console"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 500, "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[" * 500 + b"]" * 500, "must be a JSON object"),
        (b"\xef\xbb\xbf" + PING.encode(), "BOM"),
        (PING.encode("utf-16"), "not JSON in UTF-8"),
        (b'{"query": "\xff"}', "not JSON in UTF-8"),
        (b'{"query": "\xed\xa0\x80"}', "not JSON in UTF-8"),
        (PING.encode() + b"{}", "not JSON"),
        (b'{"query": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b'{"query": 1e400}', "query"),
        (b"5", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"{}", "query"),
        (b'{"query": null}', "query"),
        (b'{"query": 3}', "query"),
        (b'{"query": ["{ meetingCount }"]}', "query"),
        (b'{"query": "{ meetingCount }", "variables": []}', "variables"),
        (b'{"query": "{ meetingCount }", "extensions": 1}', "extensions"),
        (b'{"query": "{ meetingCount }", "operationName": {}}', "operationName"),
    ],
)
def test_a_malformed_body_is_refused_with_a_reason(server: RunningServer, content: bytes, says: str) -> None:
    response = post(server, content)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert says in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "{ nothing }",
        "query ($a: Int!) { meetingCount }",
        "{ meetingCount(state: 3) }",
        "query A { meetingCount } query B { meetingCount }",
    ],
)
def test_a_bad_document_is_the_clients_error(api: Api, query: str) -> None:
    answer = api.post(query)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}


def test_an_operation_that_the_document_lacks_is_named(api: Api) -> None:
    (error,) = api.post("query One { meetingCount }", name="Other")["errors"]
    assert "Other" in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_subscription_in_a_plain_request_is_told_what_it_needs(server: RunningServer) -> None:
    response = post(server, json.dumps({"query": 'subscription { segmentUpdates(meetingId: "x") { cursor } }'}))
    assert response.status_code == 400
    assert "text/event-stream" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("accept", ["application/json", RESPONSE, "*/*"])
def test_refusals_have_the_type_that_is_asked_for(server: RunningServer, accept: str) -> None:
    response = http.post(
        f"{server.url}/graphql", content="{", headers={"accept": accept, "content-type": "application/json"}
    )
    assert response.status_code == 400
    assert response.headers["content-type"].startswith(accept.replace("*/*", "application/json"))


@pytest.mark.parametrize("depth", [500, 1_000])
def test_deep_variables_break_a_rule_and_not_the_server(server: RunningServer, depth: int) -> None:
    create = 'createMeeting(input: {title: "Deep", metadata: $m})'
    query = f"mutation ($m: JSON!) {{ {create} {{ ... on InvalidInput {{ fields {{ path }} }} }} }}"
    deep = '{"a":' * depth + "1" + "}" * depth
    answer = post(server, f'{{"query": {json.dumps(query)}, "variables": {{"m": {deep}}}}}').json()
    assert answer["data"]["createMeeting"]["fields"][0]["path"].startswith("input.metadata")
    for field in ("variables", "extensions"):
        answer = post(server, f'{{"query": "{{ __typename }}", "{field}": {{"unused": {deep}}}}}').json()
        assert answer == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(server: RunningServer, method: str) -> None:
    response = http.request(method, f"{server.url}/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST"


def test_there_is_nothing_elsewhere(server: RunningServer) -> None:
    assert http.get(f"{server.url}/nothing").status_code == 404


def test_a_slash_at_the_end_leads_to_the_api(server: RunningServer) -> None:
    response = http.post(f"{server.url}/graphql/", json={"query": "{ __typename }"}, follow_redirects=True)
    assert (len(response.history), response.json()) == (1, {"data": {"__typename": "Query"}})


NOT_EXECUTED: list[tuple[str, dict[str, Any]]] = [
    ("{", {}),
    ("", {}),  # the specification calls any text well-formed
    ("{ nothing }", {}),
    (TWO_OPERATIONS, {}),
    (TWO_OPERATIONS, {"operationName": "C"}),
    ("query ($id: ID!) { meeting(id: $id) { id } }", {"variables": {}}),
    ("fragment A on Query { meetingCount }", {}),
]


@pytest.mark.parametrize(("query", "parameters"), NOT_EXECUTED)
def test_what_was_not_executed_is_400_in_the_specifications_type_and_has_no_data(
    server: RunningServer, query: str, parameters: dict[str, Any]
) -> None:
    for accept, status in ((RESPONSE, 400), ("application/json", 200)):
        response = ask(server, accept, query, **parameters)
        assert response.status_code == status
        assert response.headers["content-type"].startswith(accept)
        assert response.json().keys() == {"errors"}
        assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("accept", [RESPONSE, "application/json"])
def test_what_was_executed_is_200_whatever_came_of_it(server: RunningServer, accept: str) -> None:
    for query in (
        "{ meetingCount }",
        "{ meetingCount agents(first: -1) { totalCount } }",
        'mutation { createMeeting(input: {title: ""}) { __typename } }',
    ):
        response = ask(server, accept, query)
        assert response.status_code == 200
        assert "data" in response.json()


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("application/json, application/graphql-response+json", RESPONSE),
        ("application/graphql-response+json, application/json;q=0.9", RESPONSE),
        ("application/graphql-response+json;q=0.5, application/json", "application/json"),
        ("application/graphql-response+json;q=0, */*", "application/json"),
        ("application/json;q=0, */*", RESPONSE),
        ("Application/GraphQL-Response+JSON; charset=utf-8", RESPONSE),
        ("application/json;q=nonsense", "application/json"),
        (",,;q=1,", "application/json"),
        ("application/json; charset=UTF-8, text/html;q=0.9", "application/json"),
        ('application/json; charset="utf-8"', "application/json"),
        ("application/json; charset=utf-16, application/graphql-response+json", RESPONSE),
        ("application/json; charset=utf-16, */*;q=0.1", "application/json"),
        ("application/json;q=0.4, */*;q=0.5", RESPONSE),
    ],
)
def test_the_client_chooses_the_type_of_the_answer(server: RunningServer, accept: str, answer: str) -> None:
    response = ask(server, accept, "{ __typename }")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(answer)


@pytest.mark.parametrize(
    "accept",
    ["text/html", "application/xml", "image/*", "application/json;q=0", "*/*;q=0", "application/json;charset=latin1"],
)
def test_a_client_that_takes_no_answer_of_ours_is_told(server: RunningServer, accept: str) -> None:
    response = ask(server, accept, "{ __typename }")
    assert response.status_code == 406
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_page_of_another_origin_gets_no_websocket(server: RunningServer) -> None:
    url = server.url.replace("http://", "ws://") + "/graphql"
    with pytest.raises(InvalidStatus) as refused, connect(url, origin=Origin("https://elsewhere.example")):
        pass
    assert refused.value.response.status_code == 403
    with connect(url, origin=Origin(server.url), subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        assert socket.subprotocol == "graphql-transport-ws"


def test_a_lone_surrogate_or_nan_names_its_field(server: RunningServer, api: Api) -> None:
    query = "mutation ($t: String!) { createMeeting(input: {title: $t}) { ... on InvalidInput { fields { path message } } } }"
    body = {"query": query, "variables": {"t": "\ud800"}}
    (field,) = post(server, json.dumps(body)).json()["data"]["createMeeting"]["fields"]
    assert field["path"] == "input.title"
    assert "surrogate" in field["message"]
    query = "query ($n: Int) { agents(first: $n) { totalCount } }"
    (error,) = post(server, json.dumps({"query": query, "variables": {"n": math.nan}})).json()["errors"]
    assert "$n" in error["message"]


def test_an_error_may_quote_a_lone_surrogate(server: RunningServer) -> None:
    query = "query ($state: MeetingState) { meetingCount(state: $state) }"
    answer = post(server, json.dumps({"query": query, "variables": {"state": "\ud800"}})).json()
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_responses_tell_their_encoding(server: RunningServer) -> None:
    for accept in ("application/json", RESPONSE):
        for query in ("{ __typename }", "{"):
            assert ask(server, accept, query).headers["content-type"] == f"{accept}; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),  # a browser's
        ("text/html", "text/html"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("application/json;q=0.5, text/html", "text/html"),
        ("application/json, text/html", "application/json"),
        ("text/html;q=0, application/json", "application/json"),
    ],
)
def test_a_get_is_answered_in_the_type_that_is_rated_highest(server: RunningServer, accept: str, answer: str) -> None:
    headers = {"Accept": accept, "Rapporteur-Preflight": "1"}
    response = http.get(f"{server.url}/graphql", params={"query": "{ __typename }"}, headers=headers)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(answer)


def test_without_a_query_html_is_answered_where_it_is_rated_as_high(server: RunningServer) -> None:
    response = http.get(f"{server.url}/graphql", headers={"Accept": "application/json, text/html"})
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("accept", [RESPONSE, "application/json"])
def test_get_takes_the_operation_that_is_named(server: RunningServer, accept: str) -> None:
    mutation = 'mutation M { deactivateVariant(agentId: "x") { __typename } }'
    document = f"query A {{ a: __typename }} query null {{ n: __typename }} {mutation}"
    headers = {"Accept": accept, "Rapporteur-Preflight": "1"}

    def get(**parameters: str) -> Any:
        return http.get(f"{server.url}/graphql", params={"query": document} | parameters, headers=headers)

    assert get(operationName="A").json() == {"data": {"a": "Query"}}
    assert get(operationName="null").json() == {"data": {"n": "Query"}}
    refused = get(operationName="M")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    for nothing in ({}, {"operationName": ""}, {"operationName": "B"}):
        answer = get(**nothing)
        assert answer.status_code == (400 if accept == RESPONSE else 200)
        assert answer.json().keys() == {"errors"}
    single = http.get(f"{server.url}/graphql", params={"query": "{ __typename }", "operationName": ""}, headers=headers)
    assert single.json() == {"data": {"__typename": "Query"}}
    for name in ("variables", "extensions"):
        assert get(operationName="A", **{name: "null"}).status_code == 200
        assert get(operationName="A", **{name: ""}).status_code == 200
        assert get(operationName="A", **{name: "[]"}).status_code == 400
