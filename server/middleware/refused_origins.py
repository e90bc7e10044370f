"""Logs the origins of web pages that may not use the server: the browser tells its user only that something failed."""

import logging
import time
from collections.abc import Sequence

from starlette.types import Scope

from server.middleware.cors import is_allowed
from server.printable import printable

MAX_ORIGINS = 100
"""So many origins are logged in a period: a page can make up origins without end."""
PERIOD_SECONDS = 3600
"""An origin is logged once in this time."""
MAX_ORIGIN_CHARACTERS = 200
OPAQUE = "null"
"""The origin of a page that was opened from a file, or that is in a sandbox (RFC 6454, 7.3)."""

logger = logging.getLogger("rapporteur.origins")


class RefusedOrigins:
    """Warns of each origin that is not allowed when one of its pages first sends a request."""

    def __init__(self, origins: Sequence[str]) -> None:
        """`origins` are those that are allowed."""
        self._origins = origins
        self._logged: set[str] = set()
        self._period_ends = 0.0

    def check(self, scope: Scope) -> None:
        """Warns if the request comes from a page that is not allowed to send it."""
        origin, host = (
            next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)
            for wanted in (b"origin", b"host")
        )
        if origin is not None and not is_allowed(origin, host, self._origins):
            self._warn(printable(origin, MAX_ORIGIN_CHARACTERS))

    def _warn(self, origin: str) -> None:
        if (now := time.monotonic()) >= self._period_ends:
            self._logged.clear()
            self._period_ends = now + PERIOD_SECONDS
        if origin in self._logged or len(self._logged) > MAX_ORIGINS:
            return
        self._logged.add(origin)
        if len(self._logged) > MAX_ORIGINS:
            logger.warning("pages of more than %d origins were refused: further ones are not logged now", MAX_ORIGINS)
        elif origin == OPAQUE:
            logger.warning(
                "a page without an origin (Origin: null) was refused: open it over HTTP rather than from a file, and name"
                " its origin in RAPPORTEUR_ORIGINS (--origins)"
            )
        else:
            logger.warning(
                "a page of the origin %s was refused: to allow it, add it to RAPPORTEUR_ORIGINS (--origins); a page of this"
                " server itself needs a proxy that passes the Host header on",
                origin,
            )
