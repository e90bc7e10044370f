"""Consistency tokens in requests: `extensions.consistency`, which a header or a WebSocket's `connection_init` may also give."""

from dataclasses import replace

from domain.consistency_tokens import ConsistencyToken, parse_tokens
from server.wire.headers import CONSISTENCY_HEADER, Headers
from server.wire.requests import GraphQLRequest

CONSISTENCY = "consistency"
"""The name in `extensions` of requests and responses, and in the payload of `connection_init`."""

_HEADER = CONSISTENCY_HEADER.encode()


def requested_token(request: GraphQLRequest) -> ConsistencyToken | None:
    """Returns the token that the answer must have reached, or None if the request gives none. Raises InvalidInput."""
    value = (request.extensions or {}).get(CONSISTENCY)
    return None if value is None else parse_tokens(value)


def with_header_token(request: GraphQLRequest, headers: Headers) -> GraphQLRequest:
    """Returns the request with the tokens of the header beside its own."""
    value = headers.get(_HEADER)
    return request if value is None else with_tokens(request, value.decode("latin-1"))


def with_tokens(request: GraphQLRequest, tokens: str) -> GraphQLRequest:
    """Returns the request with these tokens beside its own."""
    extensions = request.extensions or {}
    own = extensions.get(CONSISTENCY)
    if own is not None and not isinstance(own, str):
        return request  # the request is refused later, for this extension
    return replace(request, extensions={**extensions, CONSISTENCY: tokens if own is None else f"{own},{tokens}"})
