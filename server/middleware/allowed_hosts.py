"""Which names the server answers to.

A web page can have its own name resolve to 127.0.0.1, and is of the server's origin then for the browser that looks at it
(DNS rebinding). The `Host` header still has the page's name.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from server.wire.headers import request_headers
from server.wire.refusals import error_response

HEALTH = ("/healthz", "/readyz")
"""Asked by probes, under any name or address; they tell no more than that the server is well."""

_HEADER = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d*)?")


class AllowedHosts:
    """Middleware: 400 for requests and WebSockets under another name."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._names = frozenset(hosts)
        self._endings = tuple(host[1:] for host in hosts if host.startswith("*."))
        self._allowed = lru_cache(maxsize=256)(self._is_allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            host = request_headers(scope).get(b"host", b"")
            if not self._allowed(host) and scope["path"] not in HEALTH:
                given = host.decode("latin-1")[:100]
                message = f"this server does not answer to the Host {given!r}: name it in RAPPORTEUR_HOSTS (--hosts)"
                await error_response(message, 400)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_allowed(self, host: bytes) -> bool:
        header = _HEADER.fullmatch(host.decode("latin-1").lower())
        return header is not None and (header[1] in self._names or header[1].endswith(self._endings))
