"""The headers of every response that tell browsers to do less with it (OWASP, REST Security Cheat Sheet)."""

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
SECURITY_HEADER_NAMES = frozenset(name for name, _ in SECURITY_HEADERS)
