"""Checks what an open server has and a guarded one has not: hosts, GraphiQL and introspection."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import get_introspection_query

from server.settings import Settings
from tests.harness import http
from tests.harness.commands import run
from tests.harness.servers import RunningServer, running_server
from tests.harness.web_pages import HTML, message_of


def test_a_wrong_name_ends_the_command() -> None:
    refused = run(
        *("serve", "--origins", "app.example.com", "--hosts", "https://a.example", "--webhook-networks", "10.0.0.1/8")
    )
    assert refused.returncode == 2
    assert "RAPPORTEUR_ORIGINS (--origins)" in refused.stderr
    assert "RAPPORTEUR_HOSTS (--hosts)" in refused.stderr
    assert "RAPPORTEUR_WEBHOOK_NETWORKS (--webhook-networks)" in refused.stderr


@pytest.mark.parametrize(
    ("settings", "any_host", "graphiql", "introspection"),
    [
        ({}, False, True, True),
        ({"host": "::1"}, False, True, True),
        ({"host": "0.0.0.0"}, True, True, True),
        ({"insecure": True}, True, True, True),
        ({"auth": True}, True, False, False),
        ({"auth": True, "graphiql": True}, True, True, True),
        ({"auth": True, "introspection": True}, True, False, True),
        ({"auth": True, "graphiql": True, "introspection": False}, True, True, False),
        ({"graphiql": False}, False, False, True),
        ({"introspection": False}, False, True, False),
    ],
)
def test_defaults_follow_the_mode(
    settings: dict[str, Any], any_host: bool, graphiql: bool, introspection: bool
) -> None:
    made = Settings(**settings)
    assert ("*" in made.allowed_hosts) is any_host
    assert (made.serves_graphiql, made.serves_introspection) == (graphiql, introspection)


@pytest.fixture
def closed(database_url: str) -> Iterator[RunningServer]:
    """A server with neither GraphiQL nor introspection."""
    with running_server(database_url, graphiql=False, introspection=False) as server:
        yield server


def test_without_graphiql_there_is_no_page_and_no_file(closed: RunningServer) -> None:
    page = http.get(f"{closed.url}/graphql", headers=HTML)
    assert (page.status_code, message_of(page)) == (
        404,
        "there is no GraphiQL here: send a POST with the document as JSON",
    )
    for path in ("main.js", "operations.json", "vendor/graphiql.min.js"):
        assert http.get(f"{closed.url}/graphiql/{path}").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        get_introspection_query(),
        "{ __schema { queryType { name } } }",
        '{ __type(name: "Agent") { name } }',
        'query { ...On } fragment On on Query { hidden: __type(name: "Agent") { __typename } }',
    ],
)
def test_without_introspection_the_schema_is_not_told(closed: RunningServer, query: str) -> None:
    for _ in range(2):  # the second time from those that are kept
        answer = closed.api.post(query)
        assert "data" not in answer
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
        assert "introspection has been disabled" in answer["errors"][0]["message"]
    assert closed.api.post("{ __typename }") == {"data": {"__typename": "Query"}}


GUESSES: list[tuple[str, dict[str, Any]]] = [
    ("{ agen { id } }", {}),
    ("{ meetingCoun }", {}),
    ("{ meetingCount(stat: LIVE) }", {}),
    ("{ meetingCount(state: LIV) }", {}),
    ('{ meetingCount(state: "LIVE") }', {}),
    ("query ($state: MeetingStat) { meetingCount(state: $state) }", {"state": "LIVE"}),
    ("query ($state: MeetingState) { meetingCount(state: $state) }", {"state": "LIV"}),
    ("query ($state: MeetingState) { meetingCount(state: $stat) }", {"state": "LIVE"}),
    ("{ meetings(filter: {tex: null}) { totalCount } }", {}),
    ("query ($filter: MeetingFilter) { meetings(filter: $filter) { totalCount } }", {"filter": {"tex": "a"}}),
    ("query ($filter: MeetingFilter) { meetings(filter: $filter) { totalCount } }", {"filter": {"state": "LIV"}}),
    ("{ meetings { totalCoun nodes { ... on Meetin { id } ... on Agent { titl } } } }", {}),
    ("{ meetingCount @skp(if: true) }", {}),
    ("{ meetingCount @skip(i: true) }", {}),
    ("mutation { createMeeting(input: {titl: 1}) { __typename } createMeetin { id } }", {}),
    ("mutation ($input: CreateMeetingInput!) { createMeeting(input: $input) { __typename } }", {"input": {"titl": 1}}),
    ("subscription { segmentUpdate { cursor } }", {}),
    ("{ ...Frag } fragment Frg on Query { meetingCount }", {}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("query", "variables"), GUESSES)
def test_no_message_helps_to_guess(closed: RunningServer, query: str, variables: dict[str, Any]) -> None:
    answer = http.post(f"{closed.url}/graphql", json={"query": query, "variables": variables}).json()
    assert answer["errors"]
    for error in answer["errors"]:
        assert "did you mean" not in error["message"].lower()
