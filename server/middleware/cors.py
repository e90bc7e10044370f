"""Which web pages may use the server: its own, and those of the origins that are named (CORS, and `Origin` of WebSockets)."""

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from strawberry.http.websocket_origin import is_same_origin

from domain.errors import RapporteurError
from server.middleware.csrf import PREFLIGHT_HEADERS
from server.wire.addresses import ANY
from server.wire.headers import ACTOR_HEADER

REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    ACTOR_HEADER,
    "Rapporteur-Cost",
    *PREFLIGHT_HEADERS,
    *("X-Apollo-Operation-Id", "ApolloGraphQL-Client-Name", "ApolloGraphQL-Client-Version"),
)
"""What a page of a named origin may send."""
ANSWER_HEADERS = ("Retry-After", "RateLimit", "RateLimit-Policy")
"""What its scripts may read, beside what CORS lets them read anyway."""
PREFLIGHT_SECONDS = 3600
"""How long a browser may keep the answer to a preflight (Chrome keeps none for longer than two hours)."""


def check_origins(origins: Sequence[str], *, authenticated: bool) -> None:
    """Raises RapporteurError if every page of the web could use a server that asks for nothing."""
    if ANY in origins and not authenticated:
        raise RapporteurError(
            "RAPPORTEUR_ORIGINS (--origins): * needs authentication, else any web page could use the server of who"
            " looks at it; name the origins"
        )


def cors(origins: Sequence[str]) -> list[Middleware]:
    """What answers preflights and lets named origins read; none where none is named.

    Without credentials: there are no cookies, and a page that has a token sends it itself.
    """
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=REQUEST_HEADERS,
            expose_headers=ANSWER_HEADERS,
            max_age=PREFLIGHT_SECONDS,
        )
    ]


def may_connect(origin: str | None, host: str | None, origins: Sequence[str]) -> bool:
    """Whether a WebSocket may be opened: browsers, which always name the page's origin, ask nobody else."""
    return origin is None or ANY in origins or origin in origins or is_same_origin(origin, host)
