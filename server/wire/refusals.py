"""Responses to requests that never become an operation."""

from collections.abc import Mapping

from starlette.responses import Response

from schema.errors import error_counts
from server.current_request import note_errors
from server.wire.content_negotiation import JSON, content_type
from server.wire.json import encode_json

CLIENT_CLOSED_REQUEST = 499
"""The status that nginx logs for a request whose client has left; no client ever sees it."""

_CODES = {401: "UNAUTHENTICATED", 403: "FORBIDDEN", 429: "RATE_LIMITED"}


class RequestRefused(Exception):
    """The request gets a response with this status, and a GraphQL error with this message."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


def error_response(
    message: str, status: int, headers: Mapping[str, str] | None = None, media_type: str = JSON
) -> Response:
    """Returns the refusal of a whole request, in the form of a GraphQL error."""
    code = _CODES.get(status, "BAD_USER_INPUT" if status < 500 else "SERVICE_UNAVAILABLE")
    error_counts[code] += 1
    note_errors([code])
    extensions: dict[str, object] = {"code": code}
    if status in (429, 503):
        extensions["retryAfter"] = int((headers or {}).get("Retry-After", 1))
    body = {"errors": [{"message": message, "extensions": extensions}]}
    return Response(encode_json(body), status, headers, media_type=content_type(media_type))
