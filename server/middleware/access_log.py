"""The access log: one line for each HTTP request, and for each operation over a WebSocket."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.logging import FIELDS

access = logging.getLogger("rapporteur.access")


def log_operation(operation: str | None, outcome: str, seconds: float) -> None:
    """The line of an operation over a WebSocket, when it has ended: complete, with an error, or by either side's leaving."""
    milliseconds = round(seconds * 1000, 1)
    fields = {"method": "WS", "path": "/graphql", "operation": operation, "milliseconds": milliseconds}
    access.info("WS /graphql %s %.1f ms %s", outcome, milliseconds, operation or "", extra=fields)


class AccessLog:
    """Middleware: a line for each HTTP request, when it has been answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not access.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            operation = scope.get("state", {}).get("operation")
            values = (scope["method"], scope["path"], status, milliseconds)
            fields = dict(zip(FIELDS, (*values, operation), strict=True))
            access.info("%s %s %d %.1f ms %s", *values, operation or "", extra=fields)
