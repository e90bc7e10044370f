"""Compresses the bodies of responses with gzip (RFC 1952), for clients that accept it.

Compression can tell whoever sees the size of encrypted responses, and has text of their own put into them, what else is in
them (BREACH, https://breachattack.com). Such an attacker needs many responses with the same secret. Web pages cannot have them
sent, because the API takes no cookies; but somebody who speaks in a meeting has text in its transcript. So each response has a
file name of random length in its header, as Django's do (Heal the Breach, doi:10.1109/ACCESS.2022.3166637).
"""

import secrets
import struct
import zlib
from functools import lru_cache

from resolvers.worker_threads import run_in_worker
from server.wire.result_encoding import Body, size_of

COMPRESSION_LEVEL = 4
"""A transcript becomes a sixth of its size at this level, at a quarter of the time that the highest level takes."""
MAX_INLINE_BYTES = 256 * 1024
"""The size up to which a body is compressed in the event loop, which takes 3 ms; a larger one is compressed in a thread."""
MAX_PADDING_BYTES = 100
_HEADER = b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff"
"""The header of a gzip file that has a name, and neither a time nor a system."""


@lru_cache(maxsize=128)
def accepts_coding(header: bytes, *names: str) -> bool:
    """Returns whether a client with this `Accept-Encoding` accepts a coding of any of these names (RFC 9110, 12.5.3)."""
    qualities = dict(_parse_coding(part) for part in header.decode("latin-1").lower().split(","))
    return next((qualities[name] > 0 for name in (*names, "*") if name in qualities), False)


def accepts_gzip(header: bytes) -> bool:
    """Returns whether a client that sends this `Accept-Encoding` accepts gzip."""
    return accepts_coding(header, "gzip", "x-gzip")


async def gzip_body(body: Body) -> Body:
    """Returns the compressed body. No other request waits for a large one."""
    return _gzip(body) if size_of(body) <= MAX_INLINE_BYTES else await run_in_worker(_gzip, body)


def _gzip(body: Body) -> Body:
    padding = b"x" * secrets.randbelow(MAX_PADDING_BYTES + 1) + b"\x00"
    compressor = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed, checksum = [_HEADER + padding], 0
    for part in body:
        packed.append(compressor.compress(part))
        checksum = zlib.crc32(part, checksum)
    packed.append(compressor.flush() + struct.pack("<LL", checksum, size_of(body) & 0xFFFFFFFF))
    return packed


def _parse_coding(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    key, _, value = parameter.partition("=")
    try:
        return name.strip(), float(value) if key.strip() == "q" else 1.0
    except ValueError:
        return name.strip(), 1.0
