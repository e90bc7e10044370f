"""Clients without comforts: they say exactly what a test tells them to, also what breaks the protocol, or never read."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from server.wire.graphql_files import operation
from tests.harness import http

PROTOCOL = "graphql-transport-ws"
WAIT = 20.0
"""Seconds after which what did not come will not come."""


class Socket:
    """A connection of graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def say(self, frame: str | bytes) -> None:
        self.connection.send(frame)

    def send(self, type: str, **fields: Any) -> None:
        self.say(json.dumps({"type": type, **fields}))

    def receive(self) -> dict[str, Any]:
        """The next message, which must be text."""
        frame = self.connection.recv(timeout=WAIT)
        assert isinstance(frame, str)
        message: dict[str, Any] = json.loads(frame)
        return message

    def initialise(self) -> None:
        self.send("connection_init")
        assert self.receive() == {"type": "connection_ack"}

    def subscribe(self, id: str, query: str, name: str | None = None, /, **variables: Any) -> None:
        """Start an operation of any kind."""
        self.send("subscribe", id=id, payload={"query": query, "variables": variables, "operationName": name})

    def follow(self, id: str, name: str, /, **variables: Any) -> None:
        """Start one of `graphql/operations/`."""
        self.subscribe(id, operation(name), name, **variables)

    def next(self, id: str) -> Any:
        """The value of the only field in the next message, which must be a `next` of this operation without errors."""
        message = self.receive()
        assert (message["type"], message["id"]) == ("next", id), message
        assert "errors" not in message["payload"], message
        (value,) = message["payload"]["data"].values()
        return value

    def run(self, id: str, query: str, name: str | None = None, /, **variables: Any) -> Any:
        """The value of the only field of a query or mutation that must go through."""
        self.subscribe(id, query, name, **variables)
        value = self.next(id)
        self.completed(id)
        return value

    def completed(self, id: str) -> None:
        assert self.receive() == {"id": id, "type": "complete"}

    def refused(self, id: str) -> dict[str, Any]:
        """The first error of the next message, which must be an `error` of this operation."""
        message = self.receive()
        assert (message["type"], message["id"]) == ("error", id), message
        error: dict[str, Any] = message["payload"][0]
        return error

    def lives(self) -> None:
        """A ping is answered, and nothing else is said before."""
        self.send("ping")
        assert self.receive() == {"type": "pong"}

    def closed(self) -> tuple[int, str]:
        """The code and reason of the server's close, which must be the next thing to come."""
        with pytest.raises(ConnectionClosed) as closed:
            self.receive()
        assert closed.value.rcvd is not None, "the connection ended without a close frame"
        return closed.value.rcvd.code, closed.value.rcvd.reason


def websocket_url(url: str) -> str:
    return f"ws{url.removeprefix('http')}/graphql"


@contextmanager
def connected(
    url: str, *, initialise: bool = True, subprotocols: Sequence[str] | None = (PROTOCOL,), **options: Any
) -> Iterator[Socket]:
    """A connection to the server at `url`, acknowledged unless told otherwise."""
    with connect(
        websocket_url(url),
        subprotocols=None if subprotocols is None else [Subprotocol(name) for name in subprotocols],
        compression=None,
        max_size=None,
        proxy=None,
        open_timeout=WAIT,
        close_timeout=WAIT,
        **options,
    ) as connection:
        socket = Socket(connection)
        if initialise:
            socket.initialise()
        yield socket


class Events:
    """An open stream of Server-Sent Events."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.text = ""
        self.blocks = self._split(response.iter_bytes())

    def _split(self, parts: Iterator[bytes]) -> Iterator[str]:
        """What stands between empty lines, as it comes."""
        rest = ""
        for part in parts:
            text = part.decode()
            self.text += text
            *blocks, rest = (rest + text).split("\n\n")
            yield from blocks
        assert not rest

    def event(self) -> tuple[str, str] | None:
        """The name and data of the next event; None where the stream has ended."""
        for block in self.blocks:
            if block != ":":  # a comment
                name, data = block.split("\n")
                return name.removeprefix("event: "), data.removeprefix("data:").removeprefix(" ")
        return None

    def payload(self) -> Any:
        """That of the next event, which must be a `next`."""
        event = self.event()
        assert event is not None
        assert event[0] == "next"
        return json.loads(event[1])

    def next(self) -> Any:
        """The value of the only field in the next event, which must be a `next` without errors."""
        payload = self.payload()
        assert payload.keys() == {"data"}, payload
        (value,) = payload["data"].values()
        return value

    def completed(self) -> None:
        """The next event is a `complete`, and the last."""
        assert self.event() == ("complete", "")
        assert self.event() is None


@contextmanager
def stream(
    url: str, query: str, /, *, accept: str = "text/event-stream", authorization: str = "", **variables: Any
) -> Iterator[httpx.Response]:
    """The answer to an operation, of which the head has come."""
    body = {"query": query, "variables": variables}
    headers = {"Accept": accept} | ({"Authorization": authorization} if authorization else {})
    with (
        http.client(timeout=WAIT) as client,
        client.stream("POST", f"{url}/graphql", json=body, headers=headers) as response,
    ):
        yield response


@contextmanager
def events(url: str, query: str, /, **options: Any) -> Iterator[Events]:
    """The answer to an operation, which must be a stream of events. `options` are those of `stream`."""
    with stream(url, query, **options) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield Events(response)


class Unread:
    """A TCP connection of which nothing is read on purpose, and whose system keeps next to nothing for later."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self.socket = socket.socket()
        self.socket.settimeout(WAIT)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.socket.connect((address.hostname, address.port))
        self.port: int = self.socket.getsockname()[1]
        self._url = url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def _read_head(self) -> bytes:
        """What the server says up to an empty line."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.socket.recv(1)
            assert byte, head
            head += byte
        return head

    def open_websocket(self) -> None:
        self._protocol = ClientProtocol(parse_uri(websocket_url(self._url)), subprotocols=[Subprotocol(PROTOCOL)])
        self._protocol.send_request(self._protocol.connect())
        self.socket.sendall(b"".join(self._protocol.data_to_send()))
        self._protocol.receive_data(self._read_head())

    def subscribe(self, query: str, /, *, times: int = 1, **variables: Any) -> None:
        """Over the opened WebSocket."""
        payload = {"query": query, "variables": variables}
        operations = ({"type": "subscribe", "id": f"{number}", "payload": payload} for number in range(times))
        for message in ({"type": "connection_init"}, *operations):
            self._protocol.send_text(json.dumps(message).encode())
        self.socket.sendall(b"".join(self._protocol.data_to_send()))

    def post(self, query: str, /, **variables: Any) -> None:
        """Over Server-Sent Events."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        head = (
            "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Accept: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.socket.sendall(head.encode() + body)
        assert b" 200 " in self._read_head()


def accepts(url: str) -> bool:
    """Whether the server takes another connection."""
    with connected(url, initialise=False) as socket:
        try:
            socket.initialise()
        except ConnectionClosed:
            return False
        return True
