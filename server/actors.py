"""Who asks, in their own words: what history has as the actor of a change."""

from collections.abc import Mapping
from typing import Any

from domain.events import ACTOR, ANONYMOUS
from domain.validation import checked

HEADER = "rapporteur-actor"
"""Of an HTTP request, or of the handshake of a WebSocket."""
PAYLOAD = "actor"
"""In the payload of a WebSocket's `connection_init`, for browsers, which can set no headers."""


def actor_of(headers: Mapping[str, str], payload: Mapping[str, Any] | None = None) -> str:
    """The actor that the client names. Raises InvalidInput."""
    if payload and payload.get(PAYLOAD) is not None:
        return str(checked(ACTOR, payload[PAYLOAD], PAYLOAD))
    named = headers.get(HEADER)
    return ANONYMOUS if not named else str(checked(ACTOR, _text(named), HEADER))


def _text(value: str) -> str:
    """A header's value as UTF-8, which clients send; ASGI servers' frameworks take it for Latin-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
