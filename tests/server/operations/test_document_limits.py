"""Checks that documents that are too complex are refused on every transport, and that the cost is told on request."""

import json
from typing import Any

import pytest

from domain.principals import Scope
from server.wire.graphql_files import operation
from tests.harness import http
from tests.harness.api_keys import create_api_key
from tests.harness.hostile_documents import OVER_THE_LIMITS, WITHIN_THE_LIMITS
from tests.harness.servers import Api, RunningServer, running_server
from tests.harness.sse_client import event_stream
from tests.harness.websocket_client import websocket

AGENTS = "query ($n: Int) { agents(first: $n) { nodes { id } } }"
COST_OF_AGENTS = 100 + 1 + 5 + 1
"""Without the agents."""
ROWS = "subscription ($id: ID!, $n: Int) { segmentUpdates(meetingId: $id, batchSize: $n) { segments { id text } } }"


def error_of(answer: Any) -> Any:
    (error,) = answer["errors"]
    assert answer.get("data") is None
    return error


@pytest.mark.slow
@pytest.mark.parametrize("name", OVER_THE_LIMITS)
def test_a_hostile_document_is_refused(api: Api, name: str) -> None:
    query, measure = OVER_THE_LIMITS[name]
    for _ in range(2):
        answer = api.http.post("/graphql", json={"query": query}).json()
        codes = {error["extensions"]["code"] for error in answer["errors"]}
        if measure is None:
            assert codes == {"BAD_USER_INPUT"}
            continue
        error = error_of(answer)
        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        assert error["extensions"]["measure"] == measure
        assert error["extensions"]["cost"] > error["extensions"]["limit"] > 0
        assert error["message"].startswith(f"The query is too complex: {measure} ")


@pytest.mark.parametrize("name", WITHIN_THE_LIMITS)
def test_what_is_within_the_limits_is_not_called_too_complex(api: Api, name: str) -> None:
    answer = api.http.post("/graphql", json={"query": WITHIN_THE_LIMITS[name], "operationName": None}).json()
    assert "QUERY_TOO_COMPLEX" not in json.dumps(answer)
    assert "INTERNAL" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("measure", "query"),
    [("depth", OVER_THE_LIMITS["20 levels"].query), ("cost", OVER_THE_LIMITS["rows of rows"].query)],
)
def test_it_is_refused_over_websocket_and_as_events_too(server: RunningServer, measure: str, query: str) -> None:
    with websocket(server.url) as socket:
        for _ in range(2):
            socket.subscribe("1", query)
            extensions = socket.expect_error("1")["extensions"]
            assert (extensions["code"], extensions["measure"]) == ("QUERY_TOO_COMPLEX", measure)
        socket.expect_pong()
    with event_stream(server.url, query) as stream:
        extensions = error_of(stream.payload())["extensions"]
        assert (extensions["code"], extensions["measure"]) == ("QUERY_TOO_COMPLEX", measure)
        stream.expect_complete()


def test_a_subscription_costs_what_one_event_does(database_url: str) -> None:
    with running_server(database_url, max_cost=2_000) as small:
        meeting = small.api.meeting(segments=1)["id"]
        with websocket(small.url) as socket:
            socket.subscribe("1", ROWS, None, id=meeting, n=1_000)
            assert socket.expect_error("1")["extensions"] == {
                "code": "QUERY_TOO_COMPLEX",
                "measure": "cost",
                "cost": 107 + 3 * 1_000,
                "limit": 2_000,
            }
            socket.subscribe("1", ROWS, None, id=meeting, n=100)
            assert socket.next("1")["segments"]
        with event_stream(small.url, ROWS, id=meeting, n=1_000) as stream:
            assert error_of(stream.payload())["extensions"]["measure"] == "cost"


def test_the_limits_are_settings(database_url: str) -> None:
    with running_server(database_url, max_cost=150, max_depth=2, max_tokens=20) as small:
        for query, measure, limit in (
            ("{ agents(first: 50) { nodes { id } } }", "depth", 2),
            ("{ agents(first: 50) { totalCount } }", "cost", 150),
            ("{ " + "a " * 19 + "}", "tokens", 20),
            ("{ " + "a " * 500 + "}", "length", 500),
        ):
            extensions = error_of(small.api.post(query))["extensions"]
            assert (extensions["measure"], extensions["limit"]) == (measure, limit)
        assert small.api.post("{ __typename }") == {"data": {"__typename": "Query"}}


def test_a_wrong_variable_is_still_the_clients_error(api: Api) -> None:
    for value in ("ten", 10**400, [1], {"a": 1}, 1.5, True):
        error = error_of(api.post(AGENTS, {"n": value}))
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


# Who asks is told


def test_the_cost_is_told_over_http(api: Api) -> None:
    body = {"query": AGENTS, "variables": {"n": 5}}
    told = {"cost": COST_OF_AGENTS + 5 * 2}
    assert "extensions" not in api.http.post("/graphql", json=body).json()
    assert api.http.post("/graphql", json=body, headers={"Rapporteur-Cost": "1"}).json()["extensions"] == told
    assert api.http.post("/graphql", json={**body, "extensions": {"cost": True}}).json()["extensions"] == told
    for extensions in ({"cost": False}, {"cost": None}, {}, None, {"other": True}):
        assert "extensions" not in api.http.post("/graphql", json={**body, "extensions": extensions}).json()


def test_the_cost_of_what_is_refused_is_in_the_error_only(api: Api) -> None:
    body = {"query": OVER_THE_LIMITS["rows of rows"].query, "extensions": {"cost": True}}
    answer = api.http.post("/graphql", json=body).json()
    assert "extensions" not in answer
    assert error_of(answer)["extensions"]["cost"] == 200_000 + 100 * (1 + 1 + 5 + 1) + (1 + 5 + 1) + 200


def test_the_cost_is_told_over_websocket_and_in_events(server: RunningServer, api: Api) -> None:
    meeting = api.meeting(segments=1)["id"]
    with websocket(server.url) as socket:
        payload = {"query": ROWS, "variables": {"id": meeting, "n": 10}}
        costs = []
        for id, extensions in (("1", {"cost": True}), ("2", None), ("3", {"cost": True})):
            socket.send("subscribe", id=id, payload={**payload, "extensions": extensions})
            costs.append(socket.receive()["payload"].get("extensions"))
        assert costs == [{"cost": 137}, None, {"cost": 137}]
        query = {"query": AGENTS, "variables": {"n": 5}, "extensions": {"cost": True}}
        socket.send("subscribe", id="4", payload=query)
        assert socket.receive()["payload"]["extensions"] == {"cost": COST_OF_AGENTS + 5 * 2}
    body = {"query": ROWS, "variables": {"id": meeting, "n": 10}}
    headers = {"Accept": "text/event-stream", "Rapporteur-Cost": "1"}
    with api.http.stream("POST", "/graphql", json=body, headers=headers) as response:
        line = next(line for line in response.iter_lines() if line.startswith("data: "))
    assert json.loads(line.removeprefix("data: "))["extensions"] == {"cost": 137}


# Suggestions tell the schema: only an open server has them


MISSPELT: list[tuple[str, dict[str, Any]]] = [
    ("{ meetingCoun }", {}),
    ("{ agents(firs: 1) { totalCount } }", {}),
    ("{ node(id: 1) { slug } }", {}),
    ("{ meetingCount(state: RECORDIN) }", {}),
    ("{ ... on Quer { meetingCount } }", {}),
    ("query ($s: MeetingStat) { meetingCount(state: $s) }", {}),
    ('{ agents(filter: {tex: "a"}) { totalCount } }', {}),
    ("query ($s: MeetingState) { meetingCount(state: $s) }", {"s": "RECORDIN"}),
    ("query ($f: AgentFilter) { agents(filter: $f) { totalCount } }", {"f": {"tex": "a"}}),
    (operation("CreateAgent"), {"input": {"nam": "a", "name": "a", "config": {}}}),
]


def answers_to(server: RunningServer, query: str, variables: dict[str, Any], token: str | None = None) -> str:
    """Returns the answers over HTTP and over a WebSocket, as JSON."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = http.post(f"{server.url}/graphql", json={"query": query, "variables": variables}, headers=headers).json()
    with websocket(server.url, additional_headers=headers) as socket:
        socket.subscribe("1", query, None, **variables)
        return json.dumps([answer, socket.receive()])


@pytest.mark.parametrize(("query", "variables"), MISSPELT)
def test_an_open_server_suggests_what_was_meant(server: RunningServer, query: str, variables: dict[str, Any]) -> None:
    answers = answers_to(server, query, variables)
    assert "BAD_USER_INPUT" in answers
    assert answers.count("Did you mean") == 2, answers


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{"auth": True, "introspection": True}, {"introspection": False}, {"trusted_documents": "operations"}]
)
def test_no_other_server_suggests_anything(database_url: str, settings: dict[str, Any]) -> None:
    token = create_api_key(database_url, Scope.ADMIN) if "auth" in settings else None
    with running_server(database_url, **settings) as guarded:
        for query, variables in [*MISSPELT, ("{ meetingCount @ski(if: true) }", {})]:
            answers = answers_to(guarded, query, variables, token)
            assert "BAD_USER_INPUT" in answers or "FORBIDDEN" in answers
            assert "Did you mean" not in answers
