"""One request and its response, as uvicorn has them, with a short way for what is small and comes and goes as a whole."""

import asyncio
from functools import lru_cache

from uvicorn._types import (
    ASGIReceiveEvent,
    ASGISendEvent,
    HTTPResponseStartEvent,
    HTTPScope,
)
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from server.middleware.security_headers import SECURITY_HEADER_NAMES, SECURITY_HEADERS
from server.wire.responses import MAX_WHOLE_BYTES

_CONTROL_CHARACTERS = bytes((*range(9), *range(10, 32), 127))
"""The characters that no header may have (RFC 9110, 5.5)."""

_WITHOUT_BODY = (204, 304)
"""The statuses of responses that have no body (RFC 9110, 6.4.1)."""


class RequestCycle(RequestResponseCycle):
    """Gives the app a request, and writes what the app answers.

    ASGI lets a server keep the head of a response until the first of its body comes: both go in one packet. A request whose
    body has arrived with its head is received without waiting.
    """

    message_event = asyncio.Event()
    """Tells who waits for more of the request, or for its end. This one is nobody's: few requests wait."""

    def __init__(
        self, protocol: HttpToolsProtocol, scope: HTTPScope, *, keep_alive: bool, expects_continue: bool
    ) -> None:
        self.scope = scope
        self.transport = protocol.transport
        self.flow = protocol.flow
        self.logger = protocol.logger
        self.default_headers = protocol.server_state.default_headers
        self.on_response = protocol.on_response_complete
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = expects_continue
        self.body = bytearray()
        self.disconnected = False
        self.more_body = True
        self.has_news = False
        """Tells whether something of the body has arrived that the app has not received."""
        self._start: HTTPResponseStartEvent | None = None
        """The start of the response until it is written."""
        self.response_started = False
        self.response_complete = False
        self.chunked_encoding = False
        self.expected_content_length = 0

    async def receive(self) -> ASGIReceiveEvent:
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        while not (self.has_news or self.disconnected or self.response_complete):
            self.flow.resume_reading()
            if "message_event" not in vars(self):
                self.message_event = asyncio.Event()
            self.message_event.clear()
            await self.message_event.wait()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body, self.has_news = self.body, bytearray(), False
        return {"type": "http.request", "body": bytes(body), "more_body": self.more_body}

    def whole_body(self) -> bytes | None:
        """Receives the body if all of it has arrived, and nobody waits for a word of the server. Returns None if not."""
        if self.more_body or not self.has_news or self.waiting_for_100_continue:
            return None
        body, self.body, self.has_news = self.body, bytearray(), False
        return bytes(body)

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] == "http.response.start" and not self.response_started:
            self._start = message
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if message["type"] != "http.response.body" or self._start is None or self.response_complete:
            raise RuntimeError(f"an ASGI message {message['type']!r} came at a wrong time")
        is_last = not message.get("more_body", False)
        head = b"" if self.response_started else self._head(self._start)
        body = self._framed(message.get("body", b""), is_last=is_last)
        self.response_started = True
        self.waiting_for_100_continue = False
        if len(body) <= MAX_WHOLE_BYTES:
            self.transport.write(head + body)
        else:
            self.transport.writelines((head, body))
        if is_last:
            self.response_complete = True
            self.scope["extensions"].clear()  # a method of this object, which would wait for the garbage collector
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()

    def _head(self, start: HTTPResponseStartEvent) -> bytes:
        """Returns the head, and keeps what it says of the body. Raises RuntimeError for characters that no header may have."""
        status, headers = start["status"], list(start.get("headers", ()))
        named = dict(headers)
        own = b"\r\n".join([*map(b": ".join, headers), b""])
        if len(own) - len(own.translate(None, _CONTROL_CHARACTERS)) != 2 * len(headers):  # the ends of the lines
            raise RuntimeError("a header has a control character")
        lines = [_first_lines(status, tuple(self.default_headers), SECURITY_HEADER_NAMES.intersection(named)), own]
        if b"close" in named.get(b"connection", b""):
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
        if (length := named.get(b"content-length")) is not None:
            self.expected_content_length = int(length)
        elif self.scope["method"] != "HEAD" and status not in _WITHOUT_BODY:
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _framed(self, body: bytes, *, is_last: bool) -> bytes:
        """Returns a part of the body as it is written. Raises RuntimeError if it is not of the length that the head said."""
        if self.scope["method"] == "HEAD":
            return b""
        if self.chunked_encoding:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk + b"0\r\n\r\n" if is_last else chunk
        self.expected_content_length -= len(body)
        if self.expected_content_length < 0 or (is_last and self.expected_content_length):
            raise RuntimeError("a response was not of its Content-Length")
        return body


@lru_cache(maxsize=64)
def _first_lines(status: int, defaults: tuple[tuple[bytes, bytes], ...], named: frozenset[bytes]) -> bytes:
    """Returns the beginning of a head: the server's own headers, and security headers except those that the app has named."""
    security = (header for header in SECURITY_HEADERS if header[0] not in named)
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % header for header in (*defaults, *security))
