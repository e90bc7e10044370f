"""Refuses requests without one `Host`, and requests under names that the server does not answer to.

A web page can have its own name resolve to 127.0.0.1 (DNS rebinding). For the browser that shows it, the server then has the
page's origin; but the `Host` header still has the page's name. Starlette's TrustedHostMiddleware splits `[::1]` wrongly.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from starlette.types import Scope

from server.wire.headers import Headers
from server.wire.hosts_and_origins import ANY

HEALTH_PATHS = ("/healthz", "/readyz")
"""Paths that probes ask for under any name or address; they tell no more than that the server is well."""

_HOST_HEADER = re.compile(r"([a-z0-9._~!$&'()*+,;=%-]*|\[[0-9a-f:.]+\])(:\d*)?")
"""A host and port (RFC 3986, 3.2.2), which may be empty."""


class AllowedHosts:
    """The names that the server answers to; `*` allows all."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._allows_all = ANY in hosts
        self._names = frozenset(hosts)
        self._suffixes = tuple(host[1:] for host in hosts if host.startswith("*."))
        self._last_allowed: bytes | None = None
        """The single header that was last found allowed: most requests have the same."""

    def problem(self, scope: Scope, headers: Headers) -> str | None:
        """Returns what is wrong with the `Host` of a request, if anything is.

        HTTP/1.1 must have the header once, and well-formed (RFC 9112, 3.2).
        """
        header = headers.get(b"host")
        if header is not None and header == self._last_allowed:
            return None
        if header is None or b"," in header:  # there may be several
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if len(hosts) > 1 or (not hosts and scope["http_version"] != "1.0"):
                return f"a request must have one Host header, not {len(hosts)}"
        name = _host_name(header or b"")
        if name is not None:
            if self._allows_all or name in self._names or name.endswith(self._suffixes):
                self._last_allowed = None if header is None or b"," in header else header
                return None
            if scope["path"] in HEALTH_PATHS:
                return None
        host = (header or b"").decode("latin-1")[:100]
        if name is None:
            return f"the Host {host!r} is no host"
        return f"this server does not answer to the Host {host!r}: name it in RAPPORTEUR_HOSTS (--hosts)"


@lru_cache(maxsize=256)
def _host_name(header: bytes) -> str | None:
    """Returns the host in lower case without the port, or None if the header is malformed."""
    match = _HOST_HEADER.fullmatch(header.decode("latin-1").lower())
    return None if match is None else match[1]
