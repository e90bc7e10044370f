"""Does to the site what happens to machines and networks, one fault after the other."""

import asyncio
from collections.abc import Awaitable, Callable

from bench.soak.deployment import Site
from bench.soak.proxy import FaultProxy
from bench.soak.shared_state import Soak

CALM_SECONDS, DOWN_SECONDS, FROZEN_SECONDS = 4.0, 1.5, 4.0
"""Seconds between faults, for which PostgreSQL stays down, and for which a freeze, a lock or a refusal of writes lasts."""


async def _restart_server(site: Site, number: int = 0) -> None:
    site.kill_server(number)
    await asyncio.to_thread(site.start_server, number)


async def _restart_postgres(site: Site) -> None:
    await asyncio.to_thread(site.kill_postgres)
    await asyncio.sleep(DOWN_SECONDS)
    await asyncio.to_thread(site.start_postgres)


async def _restart_both(site: Site) -> None:
    site.kill_server(0)
    await _restart_postgres(site)
    await asyncio.to_thread(site.start_server, 0)


async def _freeze(proxies: list[FaultProxy]) -> None:
    for proxy in proxies:
        proxy.freeze()
    await asyncio.sleep(FROZEN_SECONDS)
    for proxy in proxies:
        proxy.thaw()


async def _at_once(fault: Callable[[FaultProxy], None], proxies: list[FaultProxy]) -> None:
    for proxy in proxies:
        fault(proxy)


FAULTS: dict[str, Callable[[Site], Awaitable[None]]] = {
    "servers killed": _restart_server,
    "answers of the database lost": lambda site: _at_once(FaultProxy.lose_answers, site.to_database),
    "connections to a server cut": lambda site: _at_once(FaultProxy.cut, site.to_servers[:1]),
    "PostgreSQL killed": _restart_postgres,
    "connections to the database cut": lambda site: _at_once(FaultProxy.cut, site.to_database),
    "answers of the servers lost": lambda site: _at_once(FaultProxy.lose_answers, site.to_servers),
    "connections to the database forgotten": lambda site: _at_once(FaultProxy.forget, site.to_database),
    "a server and PostgreSQL killed": _restart_both,
    "database frozen for one server": lambda site: _freeze(site.to_database[:1]),
    "connections to the servers forgotten": lambda site: _at_once(FaultProxy.forget, site.to_servers),
    "database read-only": lambda site: site.be_read_only(FROZEN_SECONDS),
    "a server frozen": lambda site: _freeze(site.to_servers[1:]),
    "table locked": lambda site: site.lock("meetings", FROZEN_SECONDS),
    "other server killed": lambda site: _restart_server(site, 1),
}
"""The faults in their order, each with the name under which it is counted."""


async def disturb(soak: Soak, site: Site) -> None:
    """Does the faults in turn, with a calm before each, until the soak stops."""
    while True:
        for name, fault in FAULTS.items():
            await soak.rest(CALM_SECONDS)
            if soak.stopping.is_set():
                return
            await fault(site)
            soak.counts[f"fault: {name}"] += 1
