"""The access log: one line for each HTTP request, and for each operation over a WebSocket. It also counts requests."""

import logging

from server.current_request import CurrentRequest
from server.logging import log_request

logger = logging.getLogger("rapporteur.access")

COUNTED_PATHS = ("/graphql", "/healthz", "/readyz", "/metrics")
COUNTED_PREFIXES = ("/ofrep", "/console", "/graphiql")
OTHER_PATHS = "other"

request_counts: dict[tuple[str, int], int] = {}
"""Counts the HTTP requests of this process by path (one of a few, as clients may ask for any) and status."""


def log_operation(request: CurrentRequest, outcome: str, seconds: float) -> None:
    """Logs an operation over a WebSocket when it has ended; `outcome` is `complete`, `error` or `ended` (by either side)."""
    if logger.isEnabledFor(logging.INFO):
        milliseconds = _note_duration(request, seconds)
        log_request(logger, request, f"WS /graphql {outcome} {milliseconds} ms {request.operation or ''}")


def log_response(request: CurrentRequest, status: int, seconds: float) -> None:
    """Counts and logs an HTTP request that has been answered."""
    key = _counted_path(request.path), status
    request_counts[key] = request_counts.get(key, 0) + 1
    if logger.isEnabledFor(logging.INFO):
        request.status = status
        milliseconds = _note_duration(request, seconds)
        message = f"{request.method} {request.path} {status} {milliseconds} ms {request.operation or ''}"
        log_request(logger, request, message)


def _note_duration(request: CurrentRequest, seconds: float) -> str:
    """Notes how long a request took, and returns it in words. To round and to format a float takes several times as long."""
    tenths = int(seconds * 10_000 + 0.5)
    request.milliseconds = tenths / 10
    return f"{tenths // 10}.{tenths % 10}"


def _counted_path(path: str) -> str:
    if path in COUNTED_PATHS:
        return path
    return next((prefix for prefix in COUNTED_PREFIXES if path.startswith(prefix)), OTHER_PATHS)
