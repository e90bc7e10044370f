"""HTTP/1.1 as uvicorn speaks it, with heads of a limited size, and without the upgrades that the server does not know."""

import asyncio
import urllib.parse
from collections import deque
from functools import lru_cache
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.process.request_cycle import RequestCycle
from server.wire.headers import request_headers
from server.wire.responses import WHOLE_RESPONSES

MAX_HEAD_BYTES = 64 * 1024
"""The size of the first line and the headers, of what comes between two pieces of a body, and of trailers."""
MAX_HEADER_FIELDS = 200
"""The number of header lines and trailers of a request: each takes more memory than its bytes."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_ASGI = {"version": "3.0", "spec_version": "2.3"}
_HOP_BY_HOP = frozenset({b"connection", b"upgrade", b"http2-settings"})


class HttpProtocol(HttpToolsProtocol):
    """Reads requests of one connection.

    uvicorn and its parser keep as much of a head as arrives, from any client: a head that is too large is answered with 431.

    The parser stops at the end of a head that asks for an upgrade, and loses the body. A server may ignore a protocol that it
    does not know (RFC 9110, 7.8): the head is then parsed once more without the headers about the upgrade.

    A connection that is idle for too long is closed. One timer after the other looks whether it is; uvicorn sets one at each
    response.
    """

    _unparsed_bytes = 0
    """The bytes that have arrived since the last that went to the app."""
    _upgrades = False
    """Tells whether the head asks for an upgrade: the parser stops at its end."""
    _ignores_upgrade = False
    """Tells whether the parser has stopped at an upgrade that is ignored."""
    _idle_since: float | None = None
    """The time of the last response, on the loop's clock, if nothing has arrived since."""
    _answered: RequestCycle | None = None
    """The request that the app answers, or has answered last. `cycle` is the one that has come last."""
    cycle: RequestCycle  # type: ignore[assignment]  # has what uvicorn's methods need
    pipeline: deque[RequestCycle]  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._scope_of_connection: Any = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": "1.1",
            "method": "",
            "scheme": self.scheme,
            "path": "",
            "raw_path": b"",
            "query_string": b"",
            "root_path": "",
            "headers": (),
            "client": self.client,
            "server": self.server,
            WHOLE_RESPONSES: True,
        }

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells the app, which uvicorn does only if no other request has come since."""
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unparsed_bytes += len(data)
        self._idle_since = None
        try:
            self._feed(data)
        except httptools.HttpParserError:
            if not self.transport.is_closing():  # else the head was too large
                message = "Invalid HTTP request received."
                self.logger.warning(message)
                self.send_400_response(message)
            return
        if self._unparsed_bytes > MAX_HEAD_BYTES:
            self._refuse_head()

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self._upgrades = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))
        if len(self.headers) > MAX_HEADER_FIELDS:
            self._refuse_head()
            raise httptools.HttpParserError("too many header fields")

    def on_headers_complete(self) -> None:
        self._unparsed_bytes = 0
        parser = self.parser
        scope = self._scope_of_connection.copy()
        scope["headers"] = self.headers
        scope["method"] = parser.get_method().decode("ascii")
        scope["path"], scope["raw_path"], scope["query_string"] = _split_url(self.url)
        self.scope = scope
        headers = request_headers(scope)
        is_kept = parser.should_keep_alive()
        # Only 1.1 keeps a connection without being asked to. To ask the parser for the version takes long: it makes a text.
        if not is_kept or b"connection" in headers or b"proxy-connection" in headers:
            scope["http_version"] = version = parser.get_http_version()
            is_kept = is_kept and version != "1.0"
        if parser.should_upgrade():
            self._upgrades, self._ignores_upgrade = True, not self._should_upgrade()
            return
        waits_for_continue = (
            b"expect" in headers and headers[b"expect"].lower() == b"100-continue" and scope["http_version"] != "1.0"
        )
        cycle = RequestCycle(self, scope, is_kept, waits_for_continue)
        before, self.cycle = self.cycle, cycle
        if before is None or before.response_complete:
            self._answered = cycle
            cycle.start(self.app, self.loop)
        else:  # requests that are sent together are answered one after the other
            self.flow.pause_reading()
            self.pipeline.appendleft(cycle)

    def on_body(self, body: bytes) -> None:
        self._unparsed_bytes = 0
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.parts.append(body)
            cycle.unread_bytes += len(body)
            cycle.has_news = True
            if cycle.is_awaited:
                cycle.message_event.set()
            if cycle.unread_bytes > HIGH_WATER_LIMIT:
                self.flow.pause_reading()

    def on_message_complete(self) -> None:
        self._unparsed_bytes = 0
        cycle = self.cycle
        if not self._upgrades and not cycle.response_complete:
            cycle.more_body = False
            cycle.has_news = True
            if cycle.is_awaited:
                cycle.message_event.set()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        if self.pipeline:
            self._answered = cycle = self.pipeline.pop()
            cycle.start(self.app, self.loop)
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._close_later(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._idle_since is not None:
            remaining = self._idle_since + self.timeout_keep_alive - self.loop.time()
            if remaining > 0:
                self._close_later(remaining)
            else:
                super().timeout_keep_alive_handler()

    def _close_later(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self._ignores_upgrade:
                self.handle_websocket_upgrade()
                return
            (offset,) = upgrade.args
            head = self._head_without_upgrade()
            self._ignores_upgrade = False
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
            self._feed(head + data[offset:])

    def _should_upgrade(self) -> bool:
        return self.parser.get_method() == b"GET" and super()._should_upgrade()

    def _head_without_upgrade(self) -> bytes:
        """Returns the head that was just parsed, without the headers about the upgrade."""
        kept = [(name, value) for name, value in self.headers if name not in _HOP_BY_HOP]
        if not self.parser.should_keep_alive():
            kept.append((b"connection", b"close"))
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += (b"%s: %s" % header for header in kept)
        return b"\r\n".join((*lines, b"", b""))

    def _refuse_head(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()


@lru_cache(maxsize=16)
def _split_url(url: bytes) -> tuple[str, bytes, bytes]:
    """Returns the path, the path as it was sent, and the query. Raises HttpParserError for what is no URL."""
    parsed = httptools.parse_url(url)
    path = parsed.path.decode("ascii")
    return urllib.parse.unquote(path) if "%" in path else path, parsed.path, parsed.query or b""
