"""What is answered to requests that are no good GraphQL, and to those that are no GraphQL at all."""

import gzip
import json
import logging
import math
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.harness.servers import Api, RunningServer, running_server

TWO_OPERATIONS = "query A { meetingCount } query B { meetingCount }"
PING = '{"query": "{ meetingCount }"}'
RESPONSE = "application/graphql-response+json"


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
        (b'{"query": ""}', "query"),
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
    response = httpx.post(
        f"{server.url}/graphql", content="{", headers={"accept": accept, "content-type": "application/json"}
    )
    assert response.status_code == 400
    assert response.headers["content-type"].startswith(accept.replace("*/*", "application/json"))


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "application/json, text/plain",
        "application/jsonp",
        "application/graphql",
        "application/json; charset=latin-1",
        'application/json; charset="UTF-16"',
    ],
)
def test_other_types_of_bodies_are_refused_and_none_that_a_form_can_send_is_taken(
    server: RunningServer, content_type: str
) -> None:
    response = post(server, PING, content_type)
    assert response.status_code == 415
    assert response.headers["accept-post"] == "application/json"
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "utf-8" in error["message"] or "Content-Type must be application/json" in error["message"]


@pytest.mark.parametrize(
    "content_type",
    ["application/json;charset=UTF-8", 'Application/JSON; charset="utf-8"', "application/json; charset=utf8; v=1"],
)
def test_json_may_say_that_it_is_utf_8(server: RunningServer, content_type: str) -> None:
    assert "data" in post(server, PING, content_type).json()


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Content-Type: application/json; v=1", "Content-Type: text/plain"], 415),
        (["Content-Type: text/plain", "Content-Type: application/json"], 415),
        (["Content-Type: application/json", "Content-Type: application/json"], 415),
        (["Content-Type: application/json", "Content-Encoding: identity", "Content-Encoding: gzip"], 415),
        (["Content-Type: application/json", "Accept: text/plain", f"Accept: {RESPONSE}"], 200),
        (["Content-Type: application/json", "Cookie: a=b", "Cookie: c=d"], 200),
    ],
)
def test_no_line_of_a_header_is_overlooked(server: RunningServer, lines: list[str], status: int) -> None:
    head = "".join(f"{line}\r\n" for line in lines)
    body = PING.encode()
    head += f"Content-Length: {len(body)}\r\nConnection: close\r\n"
    answer = raw(server, head, body, ends=False, content_type=None)
    assert f" {status} ".encode() in answer
    assert (RESPONSE.encode() in answer) == (RESPONSE in head)


def test_a_compressed_body_is_refused(server: RunningServer) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    response = httpx.post(f"{server.url}/graphql", content=gzip.compress(PING.encode()), headers=headers)
    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "identity"
    assert "gzip" in response.json()["errors"][0]["message"]


def test_of_a_key_that_is_there_twice_the_last_counts(server: RunningServer) -> None:
    answer = post(server, '{"query": "{ nothing }", "query": "{ __typename }"}').json()
    assert answer == {"data": {"__typename": "Query"}}


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


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_refused(server: RunningServer, method: str) -> None:
    response = httpx.request(method, f"{server.url}/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


def test_there_is_nothing_elsewhere(server: RunningServer) -> None:
    assert httpx.get(f"{server.url}/nothing").status_code == 404


def test_a_slash_at_the_end_leads_to_the_api(server: RunningServer) -> None:
    response = httpx.post(f"{server.url}/graphql/", json={"query": "{ __typename }"}, follow_redirects=True)
    assert (len(response.history), response.json()) == (1, {"data": {"__typename": "Query"}})


# Sizes


def raw(
    server: RunningServer, head: str, body: bytes, *, ends: bool = True, content_type: str | None = "application/json"
) -> bytes:
    """What is answered to a POST with these lines in its head and this body, to the end of the connection."""
    address = urlsplit(server.url)
    if content_type:
        head = f"Content-Type: {content_type}\r\n{head}"
    with socket.create_connection((address.hostname, address.port), 20) as connection:
        connection.sendall(f"POST /graphql HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode() + body)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while data := connection.recv(65536):
            answer += data
        return answer


def test_a_body_may_be_so_large_and_no_larger(database_url: str) -> None:
    with running_server(database_url, max_body=2_000) as small:
        fits = json.dumps({"query": "{ __typename }" + " " * 2_000})[:-2].ljust(1_998)[:1_998] + '"}'
        assert "data" in post(small, fits).json()
        too_large = post(small, fits + " ")
        chunks = (part.encode() for part in (fits, " "))
        in_chunks = httpx.post(f"{small.url}/graphql", content=chunks, headers={"content-type": "application/json"})
        for refused in (too_large, in_chunks):
            assert refused.status_code == 413
            (error,) = refused.json()["errors"]
            assert "2000 bytes" in error["message"]
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert b" 413 " in raw(small, "Content-Length: 9999999999\r\nConnection: close\r\n", b"{}", ends=False)
        assert "data" in post(small, PING).json()


def test_a_length_that_lies_harms_nobody_else(server: RunningServer, caplog: pytest.LogCaptureFixture) -> None:
    assert raw(server, "Content-Length: 1000\r\n", PING.encode()) == b""  # the client went before the rest had come
    shorter = raw(server, "Content-Length: 5\r\n", PING.encode())
    assert b" 400 " in shorter
    assert b'"data"' not in shorter
    for wrong in ("-1", "x", "1.5"):
        assert b" 400 " in raw(server, f"Content-Length: {wrong}\r\n", PING.encode())
    assert "data" in post(server, PING).json()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


# What is answered


def ask(server: RunningServer, accept: str, query: str, **parameters: Any) -> httpx.Response:
    return httpx.post(f"{server.url}/graphql", json={"query": query, **parameters}, headers={"accept": accept})


NOT_EXECUTED: list[tuple[str, dict[str, Any]]] = [
    ("{", {}),
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
    ],
)
def test_the_client_chooses_the_type_of_the_answer(server: RunningServer, accept: str, answer: str) -> None:
    response = ask(server, accept, "{ __typename }")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(answer)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "application/json;q=0", "*/*;q=0"])
def test_a_client_that_takes_no_answer_of_ours_is_told(server: RunningServer, accept: str) -> None:
    response = ask(server, accept, "{ __typename }")
    assert response.status_code == 406
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


# GET


def get(server: RunningServer, headers: dict[str, str] | None = None, **parameters: str) -> httpx.Response:
    return httpx.get(f"{server.url}/graphql", params=parameters, headers=headers or {})


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
    assert response.headers["vary"] == "Accept"


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


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({}, "query"),
        ({"query": ""}, "query"),
        ({"query": "{ __typename }", "variables": "{"}, "variables is not JSON"),
        ({"query": "{ __typename }", "variables": "[]"}, "variables must be an object"),
        ({"query": "{ __typename }", "extensions": "3"}, "extensions must be an object"),
    ],
)
def test_a_malformed_get_is_refused_with_a_reason(server: RunningServer, parameters: Any, says: str) -> None:
    response = get(server, ALLOWED, **parameters)
    assert response.status_code == 400
    assert says in response.json()["errors"][0]["message"]
    twice = httpx.get(f"{server.url}/graphql?query=%7Ba%7D&query=%7Bb%7D", headers=ALLOWED)
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
