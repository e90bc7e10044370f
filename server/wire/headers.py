"""Reads the headers of a request."""

from collections.abc import Mapping, Sequence

from starlette.types import Scope

ACTOR_HEADER = "rapporteur-actor"
"""Names the actor of a change, in an HTTP request or in the handshake of a WebSocket."""
CONSISTENCY_HEADER = "rapporteur-consistency"
"""The header with a consistency token: in the response to a mutation, and in requests that must see what the mutation wrote."""

_KEPT = "rapporteur.headers"
"""The key of a scope under which its headers are kept, as several ask for them."""

Headers = Mapping[bytes, bytes]
"""The headers of a request by their names in lower case."""


def request_headers(scope: Scope) -> Headers:
    """Returns the headers; lines of the same name are joined by commas (RFC 9110, 5.3), and so are no single value."""
    kept: Headers | None = scope.get(_KEPT)
    if kept is None:
        kept = scope[_KEPT] = _joined(scope["headers"])
    return kept


def _joined(all_lines: Sequence[tuple[bytes, bytes]]) -> Headers:
    headers: dict[bytes, bytes] = dict(all_lines)
    if len(headers) == len(all_lines):
        return headers
    lines: dict[bytes, list[bytes]] = {}
    for name, value in all_lines:
        lines.setdefault(name, []).append(value)
    return {name: b", ".join(values) for name, values in lines.items()}
