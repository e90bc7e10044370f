"""Heads of requests: as long as they need to be, and no longer, however they go on."""

import contextlib
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from server.process.head_limit import MAX_HEAD_BYTES
from tests.harness.servers import Api, RunningServer
from tests.harness.waiting import TIMEOUT_SECONDS

POST = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = json.dumps({"query": "{ meetingCount }"}).encode()
ENDLESS = {
    "a header": (POST + b"Authorization: Bearer ", b"A" * 10_000),
    "headers": (POST, b"X: y\r\n" * 1_000),
    "the name of a header": (POST, b"X" * 10_000),
    "a path": (b"GET /", b"x" * 10_000),
    "a method": (b"POST", b"T" * 10_000),
    "trailers": (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n", b"X: y\r\n" * 1_000),
    "an extension of a chunk": (POST + b"Transfer-Encoding: chunked\r\n\r\n1;x=", b"x" * 10_000),
}
"""How a stranger may begin, and then go on for ever."""


@contextmanager
def connection(server: RunningServer) -> Iterator[socket.socket]:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=TIMEOUT_SECONDS) as opened:
        yield opened


def answer(opened: socket.socket) -> bytes:
    """Reads until the server closes."""
    parts = []
    with contextlib.suppress(ConnectionResetError):  # because of what was sent after the end
        while part := opened.recv(65_536):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("what", ENDLESS)
def test_what_is_endless_is_ended(server: RunningServer, what: str) -> None:
    beginning, more = ENDLESS[what]
    with connection(server) as opened:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            opened.sendall(beginning)
            for _ in range(100 * MAX_HEAD_BYTES // len(more)):
                opened.sendall(more)
        said = answer(opened)
    assert not said or said.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 ")), said


def test_a_head_just_too_long_is_told_so(server: RunningServer) -> None:
    with connection(server) as opened:
        opened.sendall(POST + b"X: " + b"y" * MAX_HEAD_BYTES)
        assert answer(opened).startswith(b"HTTP/1.1 431 ")


def test_a_head_within_the_limit_and_long_bodies_pass(api: Api) -> None:
    padding = {"X-Padding": "x" * (MAX_HEAD_BYTES - 2_000)}
    for query in ("{ meetingCount }", "{ meetingCount }" + " " * 40_000):
        for _ in range(3):  # on one connection, each counted anew
            assert api.http.post("/graphql", json={"query": query}, headers=padding).status_code == 200
    body = json.dumps({"query": "{ meetingCount }", "variables": {"x": "x" * 5 * MAX_HEAD_BYTES}}).encode()
    headers = {"Content-Type": "application/json"}
    for content in (body, (body[n : n + 1_000] for n in range(0, len(body), 1_000))):
        assert api.http.post("/graphql", content=content, headers=headers).status_code == 200


def test_requests_one_behind_the_other_are_counted_each(server: RunningServer) -> None:
    request = POST + b"X: " + b"y" * 10_000 + b"\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
    number = 2 * MAX_HEAD_BYTES // len(request)
    with connection(server) as opened:
        opened.sendall(request * (number - 1) + request.replace(b"Host", b"Connection: close\r\nHost"))
        assert answer(opened).count(b"HTTP/1.1 200 ") == number
