"""Heads of requests are as long as they need to be and no longer, and upgrades that the server does not know are ignored."""

import contextlib
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from server.process.http_protocol import MAX_HEAD_BYTES, MAX_HEADER_FIELDS
from tests.harness.servers import Api, RunningServer, running_server
from tests.harness.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow

POST = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = json.dumps({"query": "{ meetingCount }"}).encode()
ENDLESS = {
    "a header": (POST + b"Authorization: Bearer ", b"A" * 10_000),
    "headers": (POST, b"X: y\r\n" * 1_000),
    "short headers": (POST, b"x:\r\n" * 10),
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


def test_a_head_with_too_many_headers_is_told_so(server: RunningServer) -> None:
    with connection(server) as opened:
        opened.sendall(POST + b"x: y\r\n" * MAX_HEADER_FIELDS + b"\r\n")
        assert answer(opened).startswith(b"HTTP/1.1 431 ")


H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
UPGRADES = {
    "h2c": H2C,
    "h2c before the others": b"Upgrade: h2c, websocket\r\nConnection: keep-alive, upgrade\r\n",
    "TLS": b"Upgrade: TLS/1.0, HTTP/1.1\r\nConnection: Upgrade\r\n",
    "an unknown token": b"upgrade: unheard-of/7\r\nconnection: UPGRADE\r\n",
    "websocket, of which a POST is none": b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
    "no Connection": b"Upgrade: h2c\r\n",
}


@pytest.mark.parametrize("piece", [1, 7, 100_000])
@pytest.mark.parametrize("upgrade", UPGRADES)
def test_an_unknown_upgrade_is_ignored(server: RunningServer, upgrade: str, piece: int) -> None:
    """RFC 9110, 7.8: the request is answered as HTTP/1.1, however it arrives, and others may follow."""
    head = POST + UPGRADES[upgrade]
    length = head + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    requests = length + chunked + length + last
    with connection(server) as opened:
        for start in range(0, len(requests), piece):
            opened.sendall(requests[start : start + piece])
        said = answer(opened)
    assert said.count(b"HTTP/1.1 200 OK") == 4, said
    assert said.count(b'{"data":{"meetingCount":') == 3
    assert b"101 Switching" not in said


def test_a_connection_that_is_to_close_closes_after_an_ignored_upgrade(server: RunningServer) -> None:
    for closing in (
        b"Connection: close, Upgrade\r\nUpgrade: h2c\r\n",
        b"Upgrade: h2c\r\nConnection: upgrade, close\r\n",
    ):
        with connection(server) as opened:
            opened.sendall(POST + closing + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
            assert answer(opened).startswith(b"HTTP/1.1 200 OK")


def test_curl_asks_for_http_2_and_is_answered(server: RunningServer) -> None:
    curl = shutil.which("curl")
    if (
        curl is None
        or "HTTP2" not in subprocess.run([curl, "--version"], capture_output=True, text=True, check=True).stdout
    ):
        pytest.skip("no curl with HTTP/2 in PATH")
    command = [
        curl,
        "-sS",
        "--http2",
        "-H",
        "Content-Type: application/json",
        "-d",
        BODY.decode(),
        f"{server.url}/graphql",
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True)
    assert "meetingCount" in json.loads(result.stdout)["data"]


def test_requests_that_are_sent_together_are_answered_in_turn(server: RunningServer) -> None:
    post = POST + b"Content-Length: %d\r\n" % len(BODY)
    query = b"/graphql?query=%7BmeetingCount%7D HTTP/1.1\r\nHost: localhost\r\nRapporteur-Preflight: 1\r\n\r\n"
    requests = [
        post + b"\r\n" + BODY,
        b"HEAD " + query,
        post + b"Expect: 100-continue\r\n\r\n" + BODY,
        post + b"Connection: close\r\n\r\n" + BODY,
    ]
    with connection(server) as opened:
        opened.sendall(b"".join(requests))
        said = answer(opened)
    parts = [part.partition(b"\r\n\r\n") for part in said.split(b"HTTP/1.1 ")[1:]]
    assert [head[:3] for head, _, _ in parts].count(b"100") == 1
    answers = [(head.lower(), body) for head, _, body in parts if not head.startswith(b"100")]
    assert all(head.startswith(b"200 ") for head, _ in answers), said
    assert [bool(body) for _, body in answers] == [True, False, True, True], said
    assert [b"connection: close" in head for head, _ in answers] == [False, False, False, True]
    for head, body in answers:
        assert (head.count(b"\r\ncontent-length: "), head.count(b"\r\ncache-control: ")) == (1, 1)
        assert not body or b"\r\ncontent-length: %d\r\n" % len(body) in head + b"\r\n"


def test_a_connection_that_is_idle_for_too_long_is_closed(database_url: str) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with running_server(database_url, keep_alive_timeout=1) as server, connection(server) as opened:
        for _ in range(3):
            opened.sendall(request)
            assert opened.recv(65_536).startswith(b"HTTP/1.1 200 ")
        assert answer(opened) == b""
