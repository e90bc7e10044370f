"""Makes responses of bodies: compressed for clients that accept it, and not sent at all to those that have the same already."""

import hashlib
import re
from collections.abc import Mapping

from starlette.responses import Response

from resolvers.worker_threads import run_in_worker
from server.wire.compression import MAX_INLINE_BYTES, accepts_gzip, gzip_body
from server.wire.content_negotiation import content_type
from server.wire.headers import Headers

REVALIDATED = "private, no-cache"
"""The `Cache-Control` of what only its own client may keep, and must ask for again before each use."""
NOT_MODIFIED = 304
_TAG_CHARS = 32
_GZIP_SUFFIX = "-gzip"
_ENTITY_TAG = re.compile(rb'(?:W/)?"([!#-~\x80-\xff]*)"')


async def entity_tag(body: bytes, media_type: str) -> str:
    """Returns what stands between the quotes of a strong entity tag (RFC 9110, 8.8.3): a hash of the type and the bytes."""
    return await run_in_worker(_hash, body, media_type) if len(body) > MAX_INLINE_BYTES else _hash(body, media_type)


def _hash(body: bytes, media_type: str) -> str:
    hashed = hashlib.sha256(media_type.encode())
    hashed.update(body)
    return hashed.hexdigest()[:_TAG_CHARS]


def matches(if_none_match: bytes, tag: str) -> bool:
    """Returns whether the header names the tag, in any coding, or is `*`. Tags are compared weakly (RFC 9110, 13.1.2)."""
    if if_none_match.strip() == b"*":
        return True
    named = (found.decode("latin-1").removesuffix(_GZIP_SUFFIX) for found in _ENTITY_TAG.findall(if_none_match))
    return tag in named


async def body_response(
    body: bytes,
    status: int,
    media_type: str,
    request: Headers,
    headers: Mapping[str, str],
    *,
    vary: tuple[str, ...] = (),
    compression_threshold: int,
    is_revalidated: bool = False,
) -> Response:
    """Returns the response to a request with these headers.

    `vary` names the request headers on which the response depends, `Accept-Encoding` aside. A response that `is_revalidated`
    has an entity tag, and is 304 without the body if the client has this body already.

    The tag is that of the body before compression, as each compressed body is padded by another length. It tells the codings
    apart, so that it is a strong one, and is recognised in either.
    """
    is_compressible = 0 < compression_threshold <= len(body)
    is_gzipped = is_compressible and accepts_gzip(request.get(b"accept-encoding", b""))
    sent = dict(headers)
    if is_compressible:
        vary = (*vary, "Accept-Encoding")
    if vary:
        sent["Vary"] = ", ".join(vary)
    if is_revalidated:
        tag = await entity_tag(body, media_type)
        sent |= {"ETag": f'"{tag}{_GZIP_SUFFIX if is_gzipped else ""}"', "Cache-Control": REVALIDATED}
        if matches(request.get(b"if-none-match", b""), tag):
            return Response(status_code=NOT_MODIFIED, headers=sent)
    if is_gzipped:
        body = await gzip_body(body)
        sent["Content-Encoding"] = "gzip"
    return Response(body, status, sent, media_type=content_type(media_type))
