"""The headers of a request, read once."""

from collections.abc import Mapping

from starlette.types import Scope

ACTOR_HEADER = "rapporteur-actor"
"""Names the actor of a change, in an HTTP request or in the handshake of a WebSocket."""

Headers = Mapping[bytes, bytes]
"""Of a request, by names in small letters."""


def request_headers(scope: Scope) -> Headers:
    """Several lines of the same name are one with commas between (RFC 9110, 5.3): where one value is meant that is none."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if len(headers) == len(scope["headers"]):
        return headers
    lines: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        lines.setdefault(name, []).append(value)
    return {name: b", ".join(values) for name, values in lines.items()}
