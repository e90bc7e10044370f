"""Refuses requests without one `Host`, and requests under names that the server does not answer to.

A web page can have its own name resolve to 127.0.0.1 (DNS rebinding). For the browser that shows it, the server then has the
page's origin; but the `Host` header still has the page's name. Starlette's TrustedHostMiddleware splits `[::1]` wrongly.
"""

import re
from collections.abc import Awaitable, Sequence
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from server.wire.hosts_and_origins import ANY
from server.wire.refusals import error_response

HEALTH_PATHS = ("/healthz", "/readyz")
"""Paths that probes ask for under any name or address; they tell no more than that the server is well."""

_HOST_HEADER = re.compile(r"([a-z0-9._~!$&'()*+,;=%-]*|\[[0-9a-f:.]+\])(:\d*)?")
"""A host and port (RFC 3986, 3.2.2), which may be empty."""


class AllowedHosts:
    """Middleware that answers 400 to requests and WebSockets under other names than `hosts`, of which `*` allows all.

    It also answers 400 to HTTP/1.1 without the header, with several, or with one that is malformed (RFC 9112, 3.2).
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._allows_all = ANY in hosts
        self._names = frozenset(hosts)
        self._suffixes = tuple(host[1:] for host in hosts if host.startswith("*."))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] in ("http", "websocket") and (problem := self._problem(scope)):
            return error_response(problem, 400)(scope, receive, send)
        return self._app(scope, receive, send)

    def _problem(self, scope: Scope) -> str | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1:
            if hosts or scope["http_version"] != "1.0":
                return f"a request must have one Host header, not {len(hosts)}"
            hosts = [b""]
        host = hosts[0].decode("latin-1")
        name = _host_name(host)
        if name is None:
            return f"the Host {host[:100]!r} is no host"
        if self._allows_all or name in self._names or name.endswith(self._suffixes) or scope["path"] in HEALTH_PATHS:
            return None
        return f"this server does not answer to the Host {host[:100]!r}: name it in RAPPORTEUR_HOSTS (--hosts)"


@lru_cache(maxsize=256)
def _host_name(header: str) -> str | None:
    """Returns the host in lower case without the port, or None if the header is malformed."""
    match = _HOST_HEADER.fullmatch(header.lower())
    return None if match is None else match[1]
