"""Speaks graphql-transport-ws word for word: also what breaks the protocol."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from server.wire.graphql_files import operation
from tests.harness.waiting import TIMEOUT_SECONDS

PROTOCOL = "graphql-transport-ws"


class WebSocketClient:
    """A connection of graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send_text(self, frame: str | bytes) -> None:
        self.connection.send(frame)

    def send(self, type: str, **fields: Any) -> None:
        self.send_text(json.dumps({"type": type, **fields}))

    def receive(self) -> dict[str, Any]:
        """Returns the next message that is no ping, and answers pings."""
        while (message := self.receive_any()) == {"type": "ping"}:
            self.send("pong")
        return message

    def receive_any(self) -> dict[str, Any]:
        """Returns the next message, which must be text."""
        frame = self.connection.recv(timeout=TIMEOUT_SECONDS)
        assert isinstance(frame, str)
        message: dict[str, Any] = json.loads(frame)
        return message

    def initialise(self) -> None:
        self.send("connection_init")
        assert self.receive() == {"type": "connection_ack"}

    def subscribe(self, id: str, query: str, name: str | None = None, /, **variables: Any) -> None:
        """Starts an operation of any kind."""
        self.send("subscribe", id=id, payload={"query": query, "variables": variables, "operationName": name})

    def start(self, id: str, name: str, /, **variables: Any) -> None:
        """Starts one of `graphql/operations/`."""
        self.subscribe(id, operation(name), name, **variables)

    def next(self, id: str) -> Any:
        """Returns the value of the only field in the next message, which must be a `next` of this operation without errors."""
        message = self.receive()
        assert (message["type"], message["id"]) == ("next", id), message
        assert "errors" not in message["payload"], message
        (value,) = message["payload"]["data"].values()
        return value

    def run(self, id: str, query: str, name: str | None = None, /, **variables: Any) -> Any:
        """Returns the value of the only field of a query or mutation that must go through."""
        self.subscribe(id, query, name, **variables)
        value = self.next(id)
        self.expect_complete(id)
        return value

    def expect_complete(self, id: str) -> None:
        assert self.receive() == {"id": id, "type": "complete"}

    def expect_error(self, id: str) -> dict[str, Any]:
        """Returns the first error of the next message, which must be an `error` of this operation."""
        message = self.receive()
        assert (message["type"], message["id"]) == ("error", id), message
        error: dict[str, Any] = message["payload"][0]
        return error

    def expect_pong(self) -> None:
        """Checks that a ping is answered, and that nothing else is said before."""
        self.send("ping")
        assert self.receive() == {"type": "pong"}

    def expect_close(self) -> tuple[int, str]:
        """Returns the code and reason of the server's close, which must be the next thing to come."""
        with pytest.raises(ConnectionClosed) as closed:
            self.receive()
        assert closed.value.rcvd is not None, "the connection ended without a close frame"
        return closed.value.rcvd.code, closed.value.rcvd.reason


def websocket_url(url: str) -> str:
    return f"ws{url.removeprefix('http')}/graphql"


@contextmanager
def websocket(
    url: str, *, initialise: bool = True, subprotocols: Sequence[str] | None = (PROTOCOL,), **options: Any
) -> Iterator[WebSocketClient]:
    """Yields a connection to the server at `url`, acknowledged unless told otherwise."""
    with connect(
        websocket_url(url),
        subprotocols=None if subprotocols is None else [Subprotocol(name) for name in subprotocols],
        compression=None,
        max_size=None,
        max_queue=None,  # a connection that stops reading would not read the server's close frame either
        proxy=None,
        open_timeout=TIMEOUT_SECONDS,
        close_timeout=TIMEOUT_SECONDS,
        **options,
    ) as connection:
        socket = WebSocketClient(connection)
        if initialise:
            socket.initialise()
        yield socket


def accepts_websockets(url: str) -> bool:
    """Tells whether the server takes another connection."""
    with websocket(url, initialise=False) as socket:
        try:
            socket.initialise()
        except ConnectionClosed:
            return False
        return True
