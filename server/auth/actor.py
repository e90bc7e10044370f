"""What history has as the actor of a change: who asks, and for whom in their own words."""

from collections.abc import Mapping
from getpass import getuser
from typing import Any

from domain.history import ACTOR
from domain.principals import LOCAL, Principal
from domain.validation import checked
from server.wire.headers import ACTOR_HEADER, Headers

PAYLOAD = "actor"
"""In the payload of a WebSocket's `connection_init`, for browsers, which can set no headers."""


def actor_name(principal: Principal, headers: Headers, payload: Mapping[str, Any] | None = None) -> str:
    """The principal's name; with an actor that the client names, `alice via console`. Raises InvalidInput."""
    named = _named(headers, payload)
    if named is None:
        return principal.name
    return named if principal.id == LOCAL else f"{named} via {principal.name}"


def user_name() -> str:
    """Who runs a command, for the history."""
    try:
        return getuser().strip() or "command line"
    except (OSError, KeyError):  # a container's user may have no name
        return "command line"


def _named(headers: Headers, payload: Mapping[str, Any] | None) -> str | None:
    if payload and payload.get(PAYLOAD) is not None:
        return str(checked(ACTOR, payload[PAYLOAD], PAYLOAD))
    named = headers.get(ACTOR_HEADER.encode())
    return str(checked(ACTOR, _text(named), ACTOR_HEADER)) if named else None


def _text(value: bytes) -> str:
    """UTF-8, which clients send; or else Latin-1, as HTTP once had it."""
    try:
        return value.decode()
    except UnicodeError:
        return value.decode("latin-1")
