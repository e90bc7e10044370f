"""Lets the web pages of named origins use the server, beside its own: CORS, and the `Origin` of WebSockets."""

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from strawberry.http.websocket_origin import is_same_origin

from domain.errors import RapporteurError
from server.middleware.csrf import PREFLIGHT_HEADERS
from server.wire.headers import ACTOR_HEADER
from server.wire.hosts_and_origins import ANY

ALLOWED_HEADERS = (
    "Authorization",
    "Content-Type",
    "If-None-Match",
    ACTOR_HEADER,
    "Rapporteur-Consistency",
    "Rapporteur-Cost",
    *PREFLIGHT_HEADERS,
    *("X-Request-Id", "traceparent", "tracestate"),
    *("X-Apollo-Operation-Id", "ApolloGraphQL-Client-Name", "ApolloGraphQL-Client-Version"),
)
"""The request headers that a page of a named origin may send."""
EXPOSED_HEADERS = ("ETag", "Retry-After", "RateLimit", "RateLimit-Policy", "Rapporteur-Consistency", "X-Request-Id")
"""The response headers that its scripts may read, beside those that CORS always lets them read."""
PREFLIGHT_MAX_AGE_SECONDS = 3600
"""The time that a browser may keep the response to a preflight (Chrome keeps none for longer than two hours)."""


def check_origins(origins: Sequence[str], *, authenticated: bool) -> None:
    """Raises RapporteurError if every web page could use a server that asks nobody who they are."""
    if ANY in origins and not authenticated:
        raise RapporteurError(
            "RAPPORTEUR_ORIGINS (--origins): * needs authentication, else any web page could use the server of who"
            " looks at it; name the origins"
        )


def cors(origins: Sequence[str]) -> list[Middleware]:
    """Returns the middleware that answers preflights and lets named origins read; none where no origin is named.

    It allows no credentials: there are no cookies, and a page that has a token sends it itself.
    """
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=ALLOWED_HEADERS,
            expose_headers=EXPOSED_HEADERS,
            max_age=PREFLIGHT_MAX_AGE_SECONDS,
        )
    ]


def is_allowed(origin: str | None, host: str | None, origins: Sequence[str]) -> bool:
    """Returns whether pages of an origin may use the server under the name `host`; None comes from no page.

    Browsers ask before they let a page read a response, but not before they open a WebSocket.
    """
    return origin is None or ANY in origins or origin in origins or is_same_origin(origin, host)
