"""Protects requests by `GET` from cross-site request forgery (CSRF)."""

from server.wire.content_negotiation import JSON
from server.wire.headers import Headers
from server.wire.refusals import RequestRefused

PREFLIGHT_HEADERS = ("Rapporteur-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name", "GraphQL-Preflight")
"""The server's own header, and those that clients of other servers (Apollo Server, Hot Chocolate) already send."""


def check_csrf(headers: Headers) -> None:
    """Raises RequestRefused if a web page of another origin may have made its visitor's browser send the request.

    A page can send these headers only if the server has agreed in a preflight, which it does only for named origins
    (`server.middleware.cors`). A page cannot send `Sec-Fetch-...` at all. A browser sends both `Sec-Fetch-Mode` and
    `Sec-Fetch-Site`, or neither: the first alone comes from a program (`fetch` of Node.js).
    """
    if any(headers.get(name.lower().encode()) for name in PREFLIGHT_HEADERS):
        return
    if headers.get(b"sec-fetch-mode") and headers.get(b"sec-fetch-site", b"same-origin") == b"same-origin":
        return
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == JSON.encode():
        return
    raise RequestRefused(
        400,
        f"a GET needs the header {PREFLIGHT_HEADERS[0]} with any value, so that no web page of another origin can send it",
    )
