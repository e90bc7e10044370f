"""Refuses requests under names that the server does not answer to.

A web page can have its own name resolve to 127.0.0.1 (DNS rebinding). For the browser that shows it, the server then has the
page's origin; but the `Host` header still has the page's name. Starlette's TrustedHostMiddleware splits `[::1]` wrongly.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from server.wire.headers import request_headers
from server.wire.refusals import error_response

HEALTH_PATHS = ("/healthz", "/readyz")
"""Paths that probes ask for under any name or address; they tell no more than that the server is well."""

_HOST_HEADER = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d*)?")


class AllowedHosts:
    """Middleware that answers 400 to requests and WebSockets under other names."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._names = frozenset(hosts)
        self._suffixes = tuple(host[1:] for host in hosts if host.startswith("*."))
        self._is_allowed = lru_cache(maxsize=256)(self._check)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            host = request_headers(scope).get(b"host", b"")
            if not self._is_allowed(host) and scope["path"] not in HEALTH_PATHS:
                shown = host.decode("latin-1")[:100]
                message = f"this server does not answer to the Host {shown!r}: name it in RAPPORTEUR_HOSTS (--hosts)"
                await error_response(message, 400)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, host: bytes) -> bool:
        header = _HOST_HEADER.fullmatch(host.decode("latin-1").lower())
        return header is not None and (header[1] in self._names or header[1].endswith(self._suffixes))
