"""Names the actor of a change for the history: the principal, and whom its client acts for."""

from collections.abc import Mapping
from getpass import getuser

from domain.history import ACTOR
from domain.principals import LOCAL, Principal
from domain.validation import checked
from server.wire.headers import ACTOR_HEADER, Headers

_HEADER = ACTOR_HEADER.encode()
ACTOR_KEY = "actor"
"""Names the actor in the payload of `connection_init`, because browsers can set no headers of a WebSocket."""


def actor_name(principal: Principal, headers: Headers, payload: Mapping[str, object] | None = None) -> str:
    """Returns the principal's name, or `alice via console` if the client names an actor. Raises InvalidInput."""
    actor = _client_actor(headers, payload)
    if actor is None:
        return principal.name
    return actor if principal.id == LOCAL else f"{actor} via {principal.name}"


def user_name() -> str:
    """Returns the name of the user who runs a command, for the history."""
    try:
        return getuser().strip() or "command line"
    except (OSError, KeyError):  # the user of a container may have no name
        return "command line"


def _client_actor(headers: Headers, payload: Mapping[str, object] | None) -> str | None:
    if payload and payload.get(ACTOR_KEY) is not None:
        return str(checked(ACTOR, payload[ACTOR_KEY], ACTOR_KEY))
    header = headers.get(_HEADER)
    return str(checked(ACTOR, _decode(header), ACTOR_HEADER)) if header else None


def _decode(value: bytes) -> str:
    """Returns a header's text: UTF-8, which clients send, or else Latin-1, which HTTP once was."""
    try:
        return value.decode()
    except UnicodeError:
        return value.decode("latin-1")
