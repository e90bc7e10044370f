"""Finds the key or token of a client: `Authorization: Bearer ...` (RFC 6750), in a header or in `connection_init`."""

from collections.abc import Mapping

from server.wire.headers import Headers

AUTHORIZATION = "authorization"
_HEADER = AUTHORIZATION.encode()
CHALLENGE_HEADERS = {"WWW-Authenticate": 'Bearer realm="rapporteur"'}
"""The headers of a response to a request without a token."""
INVALID_TOKEN_HEADERS = {"WWW-Authenticate": 'Bearer realm="rapporteur", error="invalid_token"'}
"""The headers of a response to a request with a token that is not valid."""
MAX_TOKEN_CHARACTERS = 8_192
"""The longest token, which is what common proxies let through in a header."""


def bearer_token(headers: Headers, payload: Mapping[str, object] | None = None) -> str | None:
    """Returns the token, None if there is none, and "" for a text that cannot be a token, so that it is refused.

    The payload of `connection_init` comes first, because browsers can set no headers of a WebSocket. In it the token stands as
    `Authorization`, in any case, at the top or within `headers`: clients differ.

    Several headers, whose joined value has a comma, are refused too: a proxy might have checked another one (RFC 9110, 5.3,
    allows one).
    """
    value = None
    if payload:
        value = _authorization(payload)
        nested = payload.get("headers")
        if value is None and isinstance(nested, dict):
            value = _authorization(nested)
    if value is None:
        header = headers.get(_HEADER)
        if header is None:
            return None
        value = header.decode("latin-1") if b"," not in header else ""
    scheme, _, token = str(value).strip().partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and len(token) <= MAX_TOKEN_CHARACTERS else ""


def _authorization(values: Mapping[str, object]) -> object:
    return next((value for name, value in values.items() if name.lower() == AUTHORIZATION), None)
