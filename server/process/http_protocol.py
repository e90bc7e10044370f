"""HTTP/1.1 as uvicorn speaks it, with heads of a limited size, and without the upgrades that the server does not know."""

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from server.process.whole_response import WholeResponse

MAX_HEAD_BYTES = 64 * 1024
"""The size of the first line and the headers, of what comes between two pieces of a body, and of trailers."""
MAX_HEADER_FIELDS = 200
"""The number of header lines and trailers of a request: each takes more memory than its bytes."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_HOP_BY_HOP = frozenset({b"connection", b"upgrade", b"http2-settings"})


class HttpProtocol(HttpToolsProtocol):
    """Reads requests of one connection.

    uvicorn and its parser keep as much of a head as arrives, from any client: a head that is too large is answered with 431.

    The parser stops at the end of a head that asks for an upgrade, and loses the body. A server may ignore a protocol that it
    does not know (RFC 9110, 7.8): the head is then parsed once more without the headers about the upgrade.
    """

    _unparsed_bytes = 0
    """The bytes that have arrived since the last that went to the app."""
    _ignores_upgrade = False
    """Tells whether the parser has stopped at an upgrade that is ignored."""

    def data_received(self, data: bytes) -> None:
        self._unparsed_bytes += len(data)
        self._unset_keepalive_if_required()
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

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))
        if len(self.headers) > MAX_HEADER_FIELDS:
            self._refuse_head()
            raise httptools.HttpParserError("too many header fields")

    def on_headers_complete(self) -> None:
        self._unparsed_bytes = 0
        if self.parser.should_upgrade() and not self._should_upgrade():
            self._ignores_upgrade = True
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unparsed_bytes = 0
        if not self._ignores_upgrade:
            super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        cycle.send = WholeResponse(cycle).send  # type: ignore[method-assign]
        super()._start_asgi_task(cycle, app)

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
