"""Which requests by `GET` are executed: those that no web page of another origin can have a browser send (CSRF)."""

from server.wire.content_negotiation import JSON
from server.wire.headers import Headers
from server.wire.refusals import RequestRefused

PREFLIGHT_HEADERS = ("Rapporteur-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name", "GraphQL-Preflight")
"""Ours, and those that clients of other servers (Apollo Server, Hot Chocolate) send already."""


def check_csrf(headers: Headers) -> None:
    """Raises RequestRefused if a web page of another origin may have made its visitor's browser send the request.

    A page can send these headers only if the server has agreed beforehand, which it does for no origin but those that are
    named (`server.middleware.cors`). `Sec-Fetch-...` a page cannot send at all. A browser sends both `Sec-Fetch-Mode` and
    `Sec-Fetch-Site`, or neither: the first alone is that of a program (`fetch` of Node.js).
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
