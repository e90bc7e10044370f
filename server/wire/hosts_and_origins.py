"""Reads hosts, origins and networks as operators write them, and recognises loopback addresses."""

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

ANY = "*"
"""Stands for all hosts, or all origins."""
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")

_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def parse_hosts(names: Iterable[str]) -> tuple[str, ...]:
    """Returns the names of hosts in lower case. Raises ValueError for one that is no host, `*.domain` or `*`."""
    hosts = tuple(name.lower() for name in names)
    for host in hosts:
        if host != ANY and not _HOST.fullmatch(host):
            raise ValueError(
                f"must be names such as api.example.com, *.example.com or [::1] with no port, or *: not {host[:100]}"
            )
    return hosts


def parse_origins(names: Iterable[str]) -> tuple[str, ...]:
    """Returns origins as browsers send them (RFC 6454, 6.2). Raises ValueError for one that is no origin, nor `*`."""
    return tuple(name if name == ANY else _parse_origin(name) for name in names)


def _parse_origin(name: str) -> str:
    origin = name.lower()
    try:
        parts = urlsplit(origin)
        is_default_port = parts.port is not None and parts.port == _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:  # the port is too large
        parts = None
    if parts is None or not _ORIGIN.fullmatch(origin):
        raise ValueError(f"must be origins, scheme://host[:port] with no path, or *: not {name[:100]}")
    return origin.rpartition(":")[0] if is_default_port else origin


def parse_networks(networks: Iterable[str]) -> tuple[str, ...]:
    """Returns networks in their usual form. Raises ValueError for one that is no network."""
    try:
        return tuple(str(ip_network(network)) for network in networks)
    except ValueError as error:
        raise ValueError(f"must be networks such as 10.1.0.0/16 or fd00::/8: {error}") from None


def is_loopback(host: str) -> bool:
    """Returns whether only this machine reaches the address."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
