"""Opens connections of which nothing is ever read."""

import json
import socket
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from tests.harness.waiting import TIMEOUT_SECONDS
from tests.harness.websocket_client import PROTOCOL, websocket_url

_END_OF_HEAD = b"\r\n\r\n"


class UnreadConnection:
    """A TCP connection of which nothing is read on purpose, and whose system keeps next to nothing for later."""

    def __init__(self, url: str, token: str | None = None) -> None:
        address = urlsplit(url)
        self.socket = socket.socket()
        self.socket.settimeout(TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.socket.connect((address.hostname, address.port))
        self.port: int = self.socket.getsockname()[1]
        self._url = url
        self._authorization = {"Authorization": f"Bearer {token}"} if token else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def read_until(self, end: bytes) -> bytes:
        """Reads no further than up to these bytes."""
        read = b""
        while not read.endswith(end):
            byte = self.socket.recv(1)
            assert byte, read
            read += byte
        return read

    def open_websocket(self) -> None:
        self._protocol = ClientProtocol(
            parse_uri(websocket_url(self._url)), subprotocols=[Subprotocol(PROTOCOL)], max_size=None
        )
        self._protocol.send_request(self._protocol.connect())
        self.socket.sendall(b"".join(self._protocol.data_to_send()))
        self._protocol.receive_data(self.read_until(_END_OF_HEAD))

    def subscribe(self, query: str, /, *, times: int = 1, **variables: Any) -> None:
        """Subscribes over the opened WebSocket."""
        payload = {"query": query, "variables": variables}
        operations = ({"type": "subscribe", "id": f"{number}", "payload": payload} for number in range(times))
        for message in ({"type": "connection_init", "payload": self._authorization}, *operations):
            self._protocol.send_text(json.dumps(message).encode())
        self.socket.sendall(b"".join(self._protocol.data_to_send()))

    def read_close(self) -> tuple[int, str]:
        """Reads the WebSocket up to its close frame, and returns the code and the reason."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        while self._protocol.close_rcvd is None:
            data = self.socket.recv(1 << 16)
            assert data, "the connection ended without a close frame"
            self._protocol.receive_data(data)
        return self._protocol.close_rcvd.code, self._protocol.close_rcvd.reason

    def post(self, query: str, /, *, accept: str = "text/event-stream", **variables: Any) -> None:
        """Posts an operation and reads the answer up to its body; by default of Server-Sent Events."""
        self.send_post(query, accept, **variables)
        assert b" 200 " in self.read_until(_END_OF_HEAD)

    def send_post(self, query: str, accept: str, /, **variables: Any) -> None:
        """Posts an operation without waiting for an answer."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        authorization = "".join(f"{name}: {value}\r\n" for name, value in self._authorization.items())
        head = (
            "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Accept: {accept}\r\nContent-Length: {len(body)}\r\n{authorization}\r\n"
        )
        self.socket.sendall(head.encode() + body)
