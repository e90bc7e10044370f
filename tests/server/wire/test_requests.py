"""Checks the bodies of requests: their type, their size and how they lie."""

import gzip
import json
import logging
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from starlette.types import Message, Scope

from server.wire.headers import request_headers
from server.wire.json import MAX_VALUES
from server.wire.requests import json_from_body
from tests.harness import http
from tests.harness.http_requests import PING, RESPONSE, post
from tests.harness.servers import RunningServer, running_server
from tests.harness.websocket_client import websocket


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
    response = http.post(f"{server.url}/graphql", content=gzip.compress(PING.encode()), headers=headers)
    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "identity"
    assert "gzip" in response.json()["errors"][0]["message"]


def test_of_a_key_that_is_there_twice_the_last_counts(server: RunningServer) -> None:
    answer = post(server, '{"query": "{ nothing }", "query": "{ __typename }"}').json()
    assert answer == {"data": {"__typename": "Query"}}


def raw(
    server: RunningServer, head: str, body: bytes, *, ends: bool = True, content_type: str | None = "application/json"
) -> bytes:
    """Posts these header lines and this body, and returns everything up to the end of the connection."""
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
        in_chunks = http.post(f"{small.url}/graphql", content=chunks, headers={"content-type": "application/json"})
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


@pytest.mark.parametrize("values", ["{}", '""', "1", "[[]]", '{"a": 1}', '"\\\\", "\\""'])
def test_a_body_has_a_limit_of_values(server: RunningServer, values: str) -> None:
    def send(count: int) -> int:
        inner = ",".join([values] * (count // (values.count(",") + values.count("[") + values.count("{") + 1)))
        return post(server, f'{{"query": "{{ __typename }}", "variables": {{"unused": [{inner}]}}}}').status_code

    assert send(MAX_VALUES - 10) == 200
    assert send(MAX_VALUES + 10) == 413


def test_punctuation_in_texts_is_no_value(server: RunningServer) -> None:
    text = json.dumps({"query": "{ __typename }", "variables": {"unused": ',[{\\"' * MAX_VALUES}})
    assert post(server, text).status_code == 200


def test_a_message_has_a_limit_of_values(server: RunningServer) -> None:
    with websocket(server.url) as socket:
        socket.send_text('{"type": "ping", "payload": [' + "{}," * MAX_VALUES + "{}]}")
        code, reason = socket.expect_close()
    assert (code, reason) == (4400, f"a message must have at most {MAX_VALUES:,} values")


async def test_a_server_without_the_extension_gives_the_body_in_messages() -> None:
    messages: Iterator[Message] = iter(
        [
            {"type": "http.request", "body": b'{"query":', "more_body": True},
            {"type": "http.request", "body": b'"{ __typename }"}', "more_body": False},
        ]
    )

    async def receive() -> Message:
        return next(messages)

    scope: Scope = {"type": "http", "headers": [(b"content-type", b"application/json")]}
    counted: list[int] = []
    body = await json_from_body(
        scope, request_headers(scope), receive, max_bytes=1_000, seconds=10, hold=counted.append
    )
    assert body == {"query": "{ __typename }"}
    assert counted == []
    assert list(messages) == []
