"""Adds headers to every response that tell browsers to do less with it (OWASP, REST Security Cheat Sheet)."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class SecurityHeaders:
    """Middleware that adds each of the headers that a response does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self._app(scope, receive, send)

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                own = dict(message["headers"])
                added = [header for header in SECURITY_HEADERS if header[0] not in own]
                message["headers"] = [*message["headers"], *added]
            return send(message)

        return self._app(scope, receive, send_with_headers)
