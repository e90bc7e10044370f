"""Sends HTTP requests by httpx over the standard library's connections, with time enough for a busy machine.

httpx's own connections send head and body apart, which wakes the server twice, and cost three times the CPU.
"""

import select
import socket
from collections.abc import Iterator
from functools import partial
from http.client import HTTP_PORT, HTTPConnection, HTTPResponse
from typing import Any, NamedTuple

import httpx
from httptools import HttpResponseParser

TIMEOUT_SECONDS = 30.0
CHUNK_BYTES = 65_536
HEADERS_OF_HTTPX = (b"accept", b"accept-encoding", b"connection", b"user-agent")


class Transport(httpx.BaseTransport):
    """Sends each request on an idle connection to its server, or on a new one. Threads may share it."""

    def __init__(self) -> None:
        self._idle: list[HTTPConnection] = []
        self.sockets: list[socket.socket] = []
        """Idle connections of `Client.post_json`, all to one server."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        connection = self.take(request.url.host, request.url.port or HTTP_PORT, request.extensions["timeout"]["read"])
        try:
            response = _answer(connection, request)
        except BaseException:
            connection.close()
            raise
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.getheaders()]
        return httpx.Response(response.status, headers=headers, stream=Body(self, connection, response))

    def take(self, host: str, port: int, timeout: float) -> HTTPConnection:
        """Returns an idle connection to the server that is open still, or a new one."""
        while self._idle:
            connection = self._idle.pop()
            closed = select.select([connection.sock], [], [], 0)[0]
            if (connection.host, connection.port) == (host, port) and not closed:
                return connection
            connection.close()
        return HTTPConnection(host, port, timeout=timeout)

    def keep(self, connection: HTTPConnection) -> None:
        """Takes back a connection whose response was read to the end."""
        self._idle.append(connection)

    def take_socket(self, host: str, port: int) -> socket.socket:
        """Returns an idle connection of `sockets` that is open still, or a new one."""
        while self.sockets:
            connection = self.sockets.pop()
            if not select.select([connection], [], [], 0)[0]:
                return connection
            connection.close()
        return socket.create_connection((host, port), TIMEOUT_SECONDS)

    def close(self) -> None:
        for idle in (self._idle, self.sockets):
            while idle:
                idle.pop().close()

    __del__ = close  # tests leave clients to the garbage collector


class Body(httpx.SyncByteStream):
    """The body of a response, as it arrives."""

    def __init__(self, transport: Transport, connection: HTTPConnection, response: HTTPResponse) -> None:
        self._transport = transport
        self._connection = connection
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._response.read1(CHUNK_BYTES):
            yield chunk

    def close(self) -> None:
        if self._response.isclosed() and self._connection.sock is not None:
            self._transport.keep(self._connection)
        else:
            self._response.close()
            self._connection.close()


def _answer(connection: HTTPConnection, request: httpx.Request) -> HTTPResponse:
    target = request.url.raw_path.decode("ascii")
    connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers.raw:
        connection.putheader(name.decode("ascii"), value)
    if "Transfer-Encoding" in request.headers and isinstance(request.stream, httpx.SyncByteStream):
        connection.endheaders(request.stream, encode_chunked=True)
    else:
        connection.endheaders(request.read())
    return connection.getresponse()


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    """By names in lower case."""
    content: bytes


class ResponseReader:
    """Reads one response from a connection, with the parser that uvicorn reads requests with."""

    def __init__(self) -> None:
        self._headers: dict[str, str] = {}
        self._content: list[bytes] = []
        self._is_complete = False

    def read(self, connection: socket.socket) -> Response:
        parser = HttpResponseParser(self)
        while not self._is_complete:
            chunk = connection.recv(CHUNK_BYTES)
            if not chunk:
                raise ConnectionResetError("the server closed the connection before the end of its response")
            parser.feed_data(chunk)
        return Response(parser.get_status_code(), self._headers, b"".join(self._content))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._content.append(body)

    def on_message_complete(self) -> None:
        self._is_complete = True


class Client(httpx.Client):
    """A client that keeps its connections until it is closed."""

    def __init__(self, timeout: float = TIMEOUT_SECONDS, **options: Any) -> None:
        self._connections = Transport()
        super().__init__(transport=self._connections, timeout=timeout, **options)

    def post_json(self, target: str, content: bytes, **headers: str) -> Response:
        """Posts JSON with the client's headers, past httpx and http.client, which take more CPU than the server does."""
        host, port = self.base_url.host, self.base_url.port or HTTP_PORT
        head = f"POST {target} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        head += f"Accept-Encoding: identity\r\nContent-Length: {len(content)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        own = b"".join(b"%s: %s\r\n" % pair for pair in self.headers.raw if pair[0].lower() not in HEADERS_OF_HTTPX)
        connection = self._connections.take_socket(host, port)
        try:
            connection.sendall(head.encode() + own + b"\r\n" + content)
            response = ResponseReader().read(connection)
        except BaseException:
            connection.close()
            raise
        if response.headers.get("connection") == "close":
            connection.close()
        else:
            self._connections.sockets.append(connection)
        return response


def request(method: str, url: str | httpx.URL, **options: Any) -> httpx.Response:
    """Returns the response to one request, which is sent on a connection of its own."""
    follow_redirects = options.pop("follow_redirects", False)
    with Client(follow_redirects=follow_redirects) as once:
        return once.request(method, url, **options)


get = partial(request, "GET")
options = partial(request, "OPTIONS")
post = partial(request, "POST")
