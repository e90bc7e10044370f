"""One request and its response, with a short way for what is small and comes and goes as a whole."""

import asyncio
import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from uvicorn._types import ASGI3Application, HTTPResponseStartEvent
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from server.middleware.security_headers import SECURITY_HEADER_NAMES, SECURITY_HEADERS
from server.wire.requests import WHOLE_BODY
from server.wire.responses import MAX_WHOLE_BYTES

if TYPE_CHECKING:
    from server.process.http_protocol import HttpProtocol

_CONTROL_CHARACTERS = bytes((*range(9), *range(10, 32), 127))
"""The characters that no header may have (RFC 9110, 5.5)."""

_WITHOUT_BODY = (204, 304)
"""The statuses of responses that have no body (RFC 9110, 6.4.1)."""

_NOTED_HEADERS = SECURITY_HEADER_NAMES | {b"connection", b"content-length"}
"""The headers of a response by which its head is made."""
_NO_NAMES: frozenset[bytes] = frozenset()

_INTERNAL_ERROR = b"Internal Server Error"
_INTERNAL_ERROR_HEADERS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", b"%d" % len(_INTERNAL_ERROR)),
    (b"connection", b"close"),
]
_NOBODYS_EVENT = asyncio.Event()

logger = logging.getLogger("uvicorn.error")


class RequestCycle:
    """Gives the app a request, and writes what the app answers, in place of uvicorn's class of nearly the same name.

    ASGI lets a server keep the head of a response until the first of its body comes: both go in one packet. A body that has
    arrived with its head is in the scope when the app is called (`WHOLE_BODY`), and the message that starts a response may
    have the whole `body` (`WHOLE_RESPONSES`). An app that does not know this receives and sends messages as ASGI has them.
    """

    __slots__ = (
        "_missing_bytes",
        "_on_response",
        "_server_state",
        "_start",
        "_task",
        "_transport",
        "_waits_for_continue",
        "disconnected",
        "flow",
        "has_news",
        "is_awaited",
        "keep_alive",
        "message_event",
        "more_body",
        "parts",
        "response_complete",
        "response_started",
        "scope",
        "unread_bytes",
    )

    def __init__(
        self, protocol: "HttpProtocol", scope: dict[str, Any], keep_alive: bool, waits_for_continue: bool
    ) -> None:
        self.scope = scope
        self.flow = protocol.flow
        self._transport = protocol.transport
        self._server_state = protocol.server_state
        self._on_response = protocol.on_response_complete
        self.keep_alive = keep_alive
        self._waits_for_continue = waits_for_continue
        self.parts: list[bytes] = []
        """The parts of the body that have arrived, and the app has not received."""
        self.unread_bytes = 0
        self.more_body = True
        self.has_news = False
        """Tells whether something of the body, or its end, has arrived that the app has not received."""
        self.is_awaited = False
        """Tells whether the app waits for news: few requests wait."""
        self.message_event = _NOBODYS_EVENT
        self.disconnected = False
        self._start: HTTPResponseStartEvent | None = None
        """The start of the response until it is written."""
        self.response_started = False
        self.response_complete = False

    def start(self, app: ASGI3Application, loop: asyncio.AbstractEventLoop) -> None:
        """Lets the app answer in a task of its own."""
        self._task = loop.create_task(self._run(app))
        self._server_state.tasks.add(self._task)

    async def _run(self, app: Any) -> None:
        if not (self.more_body or self._waits_for_continue):
            self.scope[WHOLE_BODY] = b"".join(self.parts)
            self.parts.clear()
        try:
            await app(self.scope, self.receive, self.send)
        except BaseException as error:
            await self._fail("Exception in ASGI application", error)
        else:
            if not (self.response_complete or self.disconnected):
                await self._fail("The ASGI application has not completed its response")
        finally:
            self._server_state.tasks.discard(self._task)
            del self._task, self._on_response  # else this object would wait for the garbage collector

    async def _fail(self, problem: str, error: BaseException | None = None) -> None:
        """Logs what was wrong with the app, and ends the response: with 500, or where it is if it has begun."""
        logger.error(problem, exc_info=error)
        if self.response_started:
            self._transport.close()
        else:
            await self.send({"type": "http.response.start", "status": 500, "headers": _INTERNAL_ERROR_HEADERS})
            await self.send({"type": "http.response.body", "body": _INTERNAL_ERROR})

    async def receive(self) -> dict[str, Any]:
        if self._waits_for_continue and not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._waits_for_continue = False
        while not (self.has_news or self.disconnected or self.response_complete):
            self.flow.resume_reading()
            if not self.is_awaited:
                self.message_event, self.is_awaited = asyncio.Event(), True
            self.message_event.clear()
            await self.message_event.wait()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body = self.scope.pop(WHOLE_BODY, None) or b"".join(self.parts)  # what the app has taken comes as nothing
        self.parts.clear()
        self.unread_bytes, self.has_news = 0, False
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: Any) -> None:
        is_start = message["type"] == "http.response.start" and not self.response_started
        if is_start:
            self._start = message
            if "body" not in message:
                return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self._start is None or self.response_complete or not (is_start or message["type"] == "http.response.body"):
            raise RuntimeError(f"an ASGI message {message['type']!r} came at a wrong time")
        body, is_last = message.get("body", b""), not message.get("more_body", False)
        head = [] if self.response_started else self._head(self._start, len(body) if is_start else None)
        body = self._framed(body, is_last)
        self.response_started = True
        self._waits_for_continue = False
        if len(body) <= MAX_WHOLE_BYTES:
            self._transport.write(b"".join((*head, body)))
        else:
            self._transport.writelines((*head, body))
        if is_last:
            self.response_complete = True
            if self.is_awaited:
                self.message_event.set()
            if not self.keep_alive:
                self._transport.close()
            self._on_response()

    def _head(self, start: HTTPResponseStartEvent, whole_length: int | None) -> list[bytes]:
        """Returns the lines of the head, and keeps what it says of the body. Raises RuntimeError for odd characters in headers.

        `whole_length` is the length of a body that has come with its head.
        """
        status, count = start["status"], 0
        parts: list[bytes] = []
        noted: dict[bytes, bytes] = {}
        for name, value in start.get("headers", ()):
            parts += (name, b": ", value, b"\r\n")
            count += 2
            if name in _NOTED_HEADERS:
                noted[name] = value
        own = b"".join(parts)
        if len(own) - len(own.translate(None, _CONTROL_CHARACTERS)) != count:  # the ends of the lines
            raise RuntimeError("a header has a control character")
        named = SECURITY_HEADER_NAMES.intersection(noted) if noted else _NO_NAMES
        head = [_first_lines(status, tuple(self._server_state.default_headers), named), own]
        if (connection := noted.get(b"connection")) is not None and b"close" in connection:
            self.keep_alive = False
        elif not self.keep_alive:
            head.append(b"connection: close\r\n")
        self._missing_bytes = whole_length
        if (length := noted.get(b"content-length")) is not None:
            self._missing_bytes = int(length)
        elif status in _WITHOUT_BODY:
            self._missing_bytes = 0
        elif whole_length is not None:
            head.append(b"content-length: %d\r\n" % whole_length)
        elif self.scope["method"] != "HEAD" and self.scope["http_version"] != "1.0":
            head.append(b"transfer-encoding: chunked\r\n")
        head.append(b"\r\n")
        return head

    def _framed(self, body: bytes, is_last: bool) -> bytes:
        """Returns a part of the body as it is written. Raises RuntimeError if it is not of the length that the head said."""
        if self.scope["method"] == "HEAD":
            return b""
        if self._missing_bytes is None:
            if self.scope["http_version"] == "1.0":  # which knows no chunks: the connection ends with the body
                return body
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk + b"0\r\n\r\n" if is_last else chunk
        self._missing_bytes -= len(body)
        if self._missing_bytes < 0 or (is_last and self._missing_bytes):
            raise RuntimeError("a response was not of its Content-Length")
        return body


@lru_cache(maxsize=64)
def _first_lines(status: int, defaults: tuple[tuple[bytes, bytes], ...], named: frozenset[bytes]) -> bytes:
    """Returns the beginning of a head: the server's own headers, and security headers except those that the app has named."""
    security = (header for header in SECURITY_HEADERS if header[0] not in named)
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % header for header in (*defaults, *security))
