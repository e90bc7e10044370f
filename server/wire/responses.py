"""Makes responses of bodies: compressed for clients that accept it, left out for clients that have the same body already."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import lru_cache, partial
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resolvers.worker_threads import run_in_worker
from server.wire.compression import MAX_INLINE_BYTES, accepts_gzip, gzip_body
from server.wire.content_negotiation import content_type
from server.wire.headers import Headers
from server.wire.result_encoding import Body, size_of

MAX_WHOLE_BYTES = 64 * 1024
"""The size of bodies that are sent as a whole, and not counted: the buffers of the network have room for more."""
WHOLE_RESPONSES = "rapporteur.whole_responses"
"""The key in the scope by which our own server says that the message which starts a response may have the whole `body`, too.

The server then says its `Content-Length`.
"""
RawHeaders: TypeAlias = list[tuple[bytes, bytes]]
HoldAnswer: TypeAlias = Callable[[int], AbstractContextManager[None]]
"""Counts the bytes of an answer that its client has not taken yet, while the block runs. Raises RateLimited."""
REVALIDATED = "private, no-cache"
"""The `Cache-Control` of what only its own client may keep, and must ask for again before each use."""
NOT_MODIFIED = 304
_TAG_CHARS = 32
_GZIP_SUFFIX = "-gzip"
_ENTITY_TAG = re.compile(rb'(?:W/)?"([!#-~\x80-\xff]*)"')


async def entity_tag(body: Body, media_type: str) -> str:
    """Returns what stands between the quotes of a strong entity tag (RFC 9110, 8.8.3): a hash of the type and the bytes."""
    return await run_in_worker(_hash, body, media_type) if size_of(body) > MAX_INLINE_BYTES else _hash(body, media_type)


def _hash(body: Body, media_type: str) -> str:
    hashed = hashlib.sha256(media_type.encode())
    for part in body:
        hashed.update(part)
    return hashed.hexdigest()[:_TAG_CHARS]


def matches(if_none_match: bytes, tag: str) -> bool:
    """Returns whether the header names the tag, in any coding, or is `*`. Tags are compared weakly (RFC 9110, 13.1.2)."""
    if if_none_match.strip() == b"*":
        return True
    named = (found.decode("latin-1").removesuffix(_GZIP_SUFFIX) for found in _ENTITY_TAG.findall(if_none_match))
    return tag in named


def _send_small(
    body: bytes, status: int, headers: RawHeaders, scope: Scope, receive: Receive, send: Send
) -> Awaitable[None]:
    """Sends a body as a whole, with these headers."""
    start: Message = {"type": "http.response.start", "status": status, "headers": headers}
    if WHOLE_RESPONSES in scope:
        start["body"] = body
        return send(start)
    return _send_in_two_messages(start, body, send)


async def _send_in_two_messages(start: Message, body: bytes, send: Send) -> None:
    if start["status"] != NOT_MODIFIED:
        start["headers"].append((b"content-length", b"%d" % len(body)))
    await send(start)
    await send({"type": "http.response.body", "body": body})


class LargeResponse:
    """Sends a body in parts, each when the client has taken the part before, and counts its bytes until the last is taken."""

    def __init__(self, body: Body, status: int, headers: RawHeaders, held: AbstractContextManager[object]) -> None:
        """`held` counts the body, and is left when it is sent."""
        self._parts = body
        self._status = status
        self._headers = headers
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
            for part in self._parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send(
                {"type": "http.response.body", "body": b""}
            )  # this waits until the client has taken the other parts


async def body_response(
    body: Body,
    status: int,
    media_type: str,
    request: Headers,
    headers: Mapping[str, str],
    *,
    vary: tuple[str, ...] = (),
    compression_threshold: int,
    is_revalidated: bool = False,
    hold: HoldAnswer | None = None,
) -> ASGIApp:
    """Returns the response to a request with these headers.

    `vary` names the request headers on which the response depends, `Accept-Encoding` aside. A response that `is_revalidated`
    has an entity tag, and is 304 without the body if the client has this body already.
    `hold` counts a large body from now until it is sent: this raises RateLimited if there is no room.

    The tag is that of the body before compression, as each compressed body is padded by another length. It tells the codings
    apart, so that it is a strong one, and is recognised in either.
    """
    size = size_of(body)
    is_compressible = 0 < compression_threshold <= size
    is_gzipped = is_compressible and accepts_gzip(request.get(b"accept-encoding", b""))
    sent = [_raw_header(name, value) for name, value in headers.items()] if headers else []
    if is_compressible:
        vary = (*vary, "Accept-Encoding")
    if vary:
        sent.append(_vary(vary))
    if is_revalidated:
        tag = await entity_tag(body, media_type)
        sent.append(_raw_header("ETag", f'"{tag}{_GZIP_SUFFIX if is_gzipped else ""}"'))
        sent.append(_raw_header("Cache-Control", REVALIDATED))
        if matches(request.get(b"if-none-match", b""), tag):
            return partial(_send_small, b"", NOT_MODIFIED, sent)
    sent.append(_content_type(media_type))
    if size <= MAX_WHOLE_BYTES and not is_gzipped:
        return partial(_send_small, b"".join(body), status, sent)
    with ExitStack() as held:
        held.enter_context(_held(body, hold))
        if is_gzipped:
            body = await gzip_body(body)
            sent.append((b"content-encoding", b"gzip"))
            held.close()
            held.enter_context(_held(body, hold))
        size = size_of(body)
        if size <= MAX_WHOLE_BYTES:
            return partial(_send_small, b"".join(body), status, sent)
        sent.append((b"content-length", b"%d" % size))
        return LargeResponse(body, status, sent, held.pop_all())


@lru_cache(maxsize=8)
def _vary(names: tuple[str, ...]) -> tuple[bytes, bytes]:
    return _raw_header("Vary", ", ".join(names))


@lru_cache(maxsize=8)
def _content_type(media_type: str) -> tuple[bytes, bytes]:
    return _raw_header("Content-Type", content_type(media_type))


def _raw_header(name: str, value: str) -> tuple[bytes, bytes]:
    return name.lower().encode("latin-1"), value.encode("latin-1")


def _held(body: Body, hold: HoldAnswer | None) -> AbstractContextManager[None]:
    size = size_of(body)
    return nullcontext() if hold is None or size <= MAX_WHOLE_BYTES else hold(size)
