"""What is answered to requests that are no good GraphQL, and to those that are no GraphQL at all."""

import json
import math

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.harness.servers import Api, RunningServer

TWO_OPERATIONS = "query A { meetingCount } query B { meetingCount }"
PING = '{"query": "{ meetingCount }"}'


def post(server: RunningServer, content: bytes | str, content_type: str = "application/json") -> httpx.Response:
    return httpx.post(f"{server.url}/graphql", content=content, headers={"content-type": content_type})


def test_healthy_and_ready(server: RunningServer) -> None:
    assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{server.url}/readyz").json()["status"] == "ok"
    assert httpx.get(server.url).headers["location"] == "/graphql"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"5", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"{}", "query"),
        (b'{"query": null}', "query"),
        (b'{"query": 3}', "query"),
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


def test_other_types_methods_and_sizes_are_refused(server: RunningServer) -> None:
    assert post(server, PING, "text/plain").status_code == 400
    assert httpx.get(f"{server.url}/graphql", params={"query": "{ meetingCount }"}).status_code == 405
    assert httpx.put(f"{server.url}/graphql", content=PING).status_code == 405
    too_large = post(server, b'{"query": "' + b" " * (16 * 1024 * 1024) + b'"}')
    assert too_large.status_code == 413
    assert httpx.get(f"{server.url}/nothing").status_code == 404


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
