"""Reads the headers of a request."""

from collections.abc import Mapping

from starlette.types import Scope

ACTOR_HEADER = "rapporteur-actor"
"""Names the actor of a change, in an HTTP request or in the handshake of a WebSocket."""

Headers = Mapping[bytes, bytes]
"""The headers of a request by their names in lower case."""


def request_headers(scope: Scope) -> Headers:
    """Returns the headers; lines of the same name are joined by commas (RFC 9110, 5.3), and so are no single value."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if len(headers) == len(scope["headers"]):
        return headers
    lines: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        lines.setdefault(name, []).append(value)
    return {name: b", ".join(values) for name, values in lines.items()}
