"""Finds the address of a receiver, and refuses addresses of private networks, which only the server can reach.

Whoever makes a webhook says where the server connects to, so that he could reach what stands beside it: other services, the
metadata of a cloud. The connection goes to the very address that was checked here, and not to what the name leads to later.
"""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

MAX_LOOKUPS = 16
"""The number of names that are looked up at once. A name server that does not answer keeps a thread waiting."""
_TRANSLATED = ip_network("64:ff9b::/96")
"""The addresses that a network translates to IPv4 (RFC 6052)."""
_UNICAST = ip_network("2000::/3")
"""The only addresses of IPv6 that are given to hosts for the whole world (RFC 4291, 2.4)."""


class AddressRefused(Exception):
    """The address is not one that the server connects to. The message says why."""


class AddressResolver:
    """Looks up the addresses of receivers in its own threads, as names that cannot be resolved block threads for long."""

    def __init__(self, allowed_networks: Sequence[str]) -> None:
        """`allowed_networks` are private networks whose addresses may be connected to all the same."""
        self._allowed = [ip_network(network) for network in allowed_networks]
        self._threads = ThreadPoolExecutor(MAX_LOOKUPS, thread_name_prefix="webhook-names")

    async def find(self, host: str, port: int, *, encrypted: bool) -> list[Address]:
        """Returns the addresses of a host that may be connected to, in the order to try them.

        Without encryption these are addresses of allowed networks only. Raises AddressRefused if there are none, and OSError if
        the name cannot be resolved.
        """
        try:
            found = [ip_address(host.strip("[]"))]
        except ValueError:
            found = await self._look_up(host, port)
        allowed = [each for each in found if self._is_allowed(each)]
        public = [each for each in found if _is_public(each)]
        if encrypted and (allowed or public):
            return [each for each in found if each in allowed or each in public]
        if allowed:
            return allowed
        if public:
            raise AddressRefused("plain http:// goes to allowed private networks only: use https://")
        raise AddressRefused(f"{host} is in a private network, which RAPPORTEUR_WEBHOOK_NETWORKS does not allow")

    async def _look_up(self, host: str, port: int) -> list[Address]:
        infos = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(ip_address(info[4][0]) for info in infos))

    def _is_allowed(self, address: Address) -> bool:
        return any(each in network for network in self._allowed for each in (address, _embedded(address)))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _is_public(address: Address) -> bool:
    """Returns whether everybody can reach the address; of an IPv6 address that leads to one of IPv4, that one counts."""
    reached = _embedded(address)
    is_unicast = isinstance(reached, IPv4Address) or reached in _UNICAST
    return is_unicast and reached.is_global and not reached.is_multicast


def _embedded(address: Address) -> Address:
    """Returns the IPv4 address that an IPv6 address leads to, or else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
