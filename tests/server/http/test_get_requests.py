"""Checks queries by GET: with a header that no page elsewhere can send, and nothing but queries."""

from typing import Any

import httpx
import pytest

from tests.harness import http
from tests.harness.http_requests import RESPONSE, ask
from tests.harness.servers import RunningServer


def get(server: RunningServer, headers: dict[str, str] | None = None, **parameters: str) -> httpx.Response:
    return http.get(f"{server.url}/graphql", params=parameters, headers=headers or {})


ALLOWED = {"Rapporteur-Preflight": "1"}


@pytest.mark.parametrize(
    "headers",
    [
        ALLOWED,
        {"Apollo-Require-Preflight": "true"},
        {"X-Apollo-Operation-Name": "Count"},
        {"GraphQL-Preflight": "1"},
        {"Content-Type": "application/json"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Mode": "cors"},
    ],
)
def test_a_query_may_come_by_get_with_a_header_that_no_page_elsewhere_can_send(
    server: RunningServer, headers: dict[str, str]
) -> None:
    response = get(server, headers, query="{ __typename }")
    assert response.json() == {"data": {"__typename": "Query"}}
    assert response.headers["vary"] == "Accept, Authorization"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Rapporteur-Preflight": ""},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Accept": RESPONSE, "Accept-Language": "de"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_get_that_a_page_elsewhere_can_have_sent_is_refused(server: RunningServer, headers: dict[str, str]) -> None:
    response = get(server, headers, query="{ __typename }")
    assert response.status_code == 400
    assert "Rapporteur-Preflight" in response.json()["errors"][0]["message"]


def test_the_parameters_of_a_get_are_those_of_a_post(server: RunningServer) -> None:
    query = "query A { __typename } query B($n: Int) { agents(first: $n) { nodes { id } } }"
    response = get(server, ALLOWED, query=query, operationName="B", variables='{"n": 0}', extensions='{"some": 1}')
    assert response.json() == {"data": {"agents": {"nodes": []}}}


def test_an_empty_parameter_of_a_get_is_left_out(server: RunningServer) -> None:
    response = get(server, ALLOWED, query="{ __typename }", operationName="", variables="", extensions="")
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({}, "query"),
        ({"query": "{ __typename }", "variables": "{"}, "variables is not JSON"),
        ({"query": "{ __typename }", "variables": "[]"}, "variables must be an object"),
        ({"query": "{ __typename }", "extensions": "3"}, "extensions must be an object"),
    ],
)
def test_a_malformed_get_is_refused_with_a_reason(server: RunningServer, parameters: Any, says: str) -> None:
    response = get(server, ALLOWED, **parameters)
    assert response.status_code == 400
    assert says in response.json()["errors"][0]["message"]
    twice = http.get(f"{server.url}/graphql?query=%7Ba%7D&query=%7Bb%7D", headers=ALLOWED)
    assert (twice.status_code, twice.json()["errors"][0]["message"]) == (400, "query is given twice")


@pytest.mark.parametrize(
    "query",
    [
        'mutation { createMeeting(input: {title: "By GET"}) { __typename } }',
        'subscription { segmentUpdates(meetingId: "x") { cursor } }',
        'query A { __typename } mutation B { createMeeting(input: {title: "By GET"}) { __typename } }',
    ],
)
def test_by_get_nothing_but_queries(server: RunningServer, query: str) -> None:
    for accept in (RESPONSE, "application/json", "application/json, text/event-stream"):
        response = get(
            server,
            ALLOWED | {"Accept": accept},
            query=query,
            **({"operationName": "B"} if "mutation B" in query else {}),
        )
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"
    answer = ask(server, RESPONSE, '{ meetings(filter: {text: "By GET"}) { totalCount } }').json()
    assert answer["data"]["meetings"]["totalCount"] == 0
