"""Writes the head of a response and the first part of its body at once: uvicorn writes the head alone, a packet more."""

from functools import lru_cache

from uvicorn._types import ASGISendEvent, HTTPResponseBodyEvent, HTTPResponseStartEvent
from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

_LEFT_TO_UVICORN = frozenset({b"connection", b"transfer-encoding"})


class WholeResponse:
    """Stands for `send` of one request until its response has begun.

    ASGI lets a server keep the head of a response until the first of its body comes. The rest of a body, what has no length,
    and whatever is unusual is passed on to uvicorn.
    """

    __slots__ = ("_cycle", "_has_begun", "_start")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._has_begun = False
        self._start: HTTPResponseStartEvent | None = None

    async def send(self, message: ASGISendEvent) -> None:
        cycle = self._cycle
        if self._has_begun:
            await cycle.send(message)
            return
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._has_begun = self._start, True
        del cycle.send  # it is uvicorn's again; else the request would stay in a circle
        if start is not None:
            if message["type"] == "http.response.body" and (begun := self._head(start, message)) is not None:
                self._write(*begun, message)
                return
            await cycle.send(start)
        await cycle.send(message)

    def _head(self, start: HTTPResponseStartEvent, message: HTTPResponseBodyEvent) -> tuple[bytes, int] | None:
        """Returns the head of a response of a known length, and how much of its body will follow the first part.

        Returns None if uvicorn must write it, or say what is wrong with it.
        """
        cycle = self._cycle
        if "body" not in message or cycle.disconnected or cycle.flow.write_paused or cycle.scope["method"] == "HEAD":
            return None
        start["headers"] = own = list(start.get("headers", ()))
        headers = cycle.default_headers + own
        named = dict(headers)
        rest = int(named.get(b"content-length", -1)) - len(message["body"])
        is_right = rest >= 0 if message.get("more_body", False) else rest == 0
        if not is_right or not _LEFT_TO_UVICORN.isdisjoint(named):
            return None
        lines = [_header_line(name, value) for name, value in headers]
        if not cycle.keep_alive:
            lines.append(b"connection: close\r\n")
        return b"".join((STATUS_LINE[start["status"]], *lines, b"\r\n")), rest

    def _write(self, head: bytes, rest: int, message: HTTPResponseBodyEvent) -> None:
        """Writes the beginning of the response, and ends it if it is whole, as uvicorn does."""
        cycle = self._cycle
        cycle.transport.writelines((head, message["body"]))
        cycle.waiting_for_100_continue = False
        cycle.response_started = True
        if message.get("more_body", False):
            cycle.chunked_encoding, cycle.expected_content_length = False, rest
            return
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()


@lru_cache(maxsize=1024)
def _header_line(name: bytes, value: bytes) -> bytes:
    """Returns the line of a header. Raises RuntimeError, as uvicorn does, if it has characters that headers may not have."""
    if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        raise RuntimeError("Invalid HTTP header.")
    return b"%b: %b\r\n" % (name.lower(), value)
