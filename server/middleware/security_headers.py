"""The headers of every response that tell browsers to do less with it (OWASP, REST Security Cheat Sheet)."""

from collections.abc import Collection, Iterable

SECURITY_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),  # for requests without CORS; named origins use CORS
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
"""The headers of a response of the API, which is no page and must not be stored. Pages and files set some of their own."""
_NAMES = frozenset(name for name, _ in SECURITY_HEADERS)


def security_lines(own: Collection[bytes]) -> bytes:
    """Returns the lines of these headers in the head of a response, without those that the response sets itself."""
    return (
        _ALL_LINES if _NAMES.isdisjoint(own) else _lines(header for header in SECURITY_HEADERS if header[0] not in own)
    )


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


_ALL_LINES = _lines(SECURITY_HEADERS)
