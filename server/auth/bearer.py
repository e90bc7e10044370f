"""Where clients put their key or token: `Authorization: Bearer ...` (RFC 6750), of a request or in `connection_init`."""

from collections.abc import Mapping
from typing import Any

from server.wire.headers import Headers

HEADER = "authorization"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="rapporteur"'}
INVALID = {"WWW-Authenticate": 'Bearer realm="rapporteur", error="invalid_token"'}
MAX_LENGTH = 8_192
"""Characters of a token: as much as common proxies let through in a header."""


def bearer_token(headers: Headers, payload: Mapping[str, Any] | None = None) -> str | None:
    """The token; that of the payload of `connection_init` first: browsers can set no headers of a WebSocket.

    In the payload it stands as `Authorization`, or within `headers`, whatever the case: clients differ. None for a missing
    one; a text that cannot be a token for what is no bearer token, so that it is refused and not overlooked. So are several
    headers, in whose value is a comma: a proxy might have looked at another one (RFC 9110, 5.3, has one).
    """
    found = _named(payload) if payload else None
    if found is None and payload and isinstance(payload.get("headers"), dict):
        found = _named(payload["headers"])
    if found is None:
        header = headers.get(HEADER.encode())
        if header is None:
            return None
        found = header.decode("latin-1") if b"," not in header else ""
    scheme, _, token = str(found).strip().partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and len(token) <= MAX_LENGTH else ""


def _named(values: Mapping[str, Any]) -> Any:
    return next((value for name, value in values.items() if name.lower() == HEADER), None)
