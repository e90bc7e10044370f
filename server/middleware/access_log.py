"""The access log: one line for each HTTP request, and for each operation over a WebSocket. It also counts requests."""

import logging
import time
from collections import Counter
from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.current_request import REQUEST_ID_HEADER, CurrentRequest, current_request, request_id_in, traceparent_in
from server.logging import log_request
from server.wire.headers import request_headers

logger = logging.getLogger("rapporteur.access")

COUNTED_PATHS = ("/graphql", "/healthz", "/readyz", "/metrics")
COUNTED_PREFIXES = ("/ofrep", "/console", "/graphiql")
OTHER_PATHS = "other"

request_counts: Counter[tuple[str, int]] = Counter()
"""Counts the HTTP requests of this process by path (one of a few, as clients may ask for any) and status."""


def log_operation(request: CurrentRequest, outcome: str, seconds: float) -> None:
    """Logs an operation over a WebSocket when it has ended; `outcome` is `complete`, `error` or `ended` (by either side)."""
    request.milliseconds = round(seconds * 1000, 1)
    values = (outcome, request.milliseconds, request.operation or "")
    log_request(logger, request, "WS /graphql %s %.1f ms %s", *values)


class AccessLog:
    """Middleware that counts and logs each HTTP request when it has been answered, and gives each its id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = request_headers(scope)
        path: str = scope["path"]
        request = CurrentRequest(scope["method"], path, request_id_in(headers), traceparent_in(headers))
        current_request.set(request)  # the server runs each request in a context of its own
        status = 500

        def send_with_id(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID_HEADER, request.request_id.encode())]
            return send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            request_counts[_counted_path(path), status] += 1
            request.status, request.milliseconds = status, round((time.perf_counter() - started) * 1000, 1)
            values = (request.method, path, status, request.milliseconds, request.operation or "")
            log_request(logger, request, "%s %s %d %.1f ms %s", *values)


def _counted_path(path: str) -> str:
    if path in COUNTED_PATHS:
        return path
    return next((prefix for prefix in COUNTED_PREFIXES if path.startswith(prefix)), OTHER_PATHS)
