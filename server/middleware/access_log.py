"""The access log: one line for each HTTP request, and for each operation over a WebSocket."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.logging import ACCESS_LOG_FIELDS

logger = logging.getLogger("rapporteur.access")


def log_operation(operation: str | None, outcome: str, seconds: float) -> None:
    """Logs an operation over a WebSocket when it has ended; `outcome` is `complete`, `error` or `ended` (by either side)."""
    milliseconds = round(seconds * 1000, 1)
    fields = {"method": "WS", "path": "/graphql", "operation": operation, "milliseconds": milliseconds}
    logger.info("WS /graphql %s %.1f ms %s", outcome, milliseconds, operation or "", extra=fields)


class AccessLog:
    """Middleware that logs each HTTP request when it has been answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not logger.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def send_and_note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note_status)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            operation = scope.get("state", {}).get("operation")
            values = (scope["method"], scope["path"], status, milliseconds)
            fields = dict(zip(ACCESS_LOG_FIELDS, (*values, operation), strict=True))
            logger.info("%s %s %d %.1f ms %s", *values, operation or "", extra=fields)
