"""Has the deployment suffer the faults of machines and networks, one after the other."""

import asyncio
from collections.abc import Awaitable, Callable

from bench.soak.deployment import Deployment
from bench.soak.proxy import FaultProxy
from bench.soak.shared_state import SharedState

CALM_SECONDS, DOWN_SECONDS, FROZEN_SECONDS = 4.0, 1.5, 4.0
"""The times between faults, for which PostgreSQL stays down, and for which a freeze, a lock or a refusal of writes lasts."""


async def _restart_server(deployment: Deployment, number: int = 0) -> None:
    deployment.kill_server(number)
    await asyncio.to_thread(deployment.start_server, number)


async def _restart_postgres(deployment: Deployment) -> None:
    await asyncio.to_thread(deployment.kill_postgres)
    await asyncio.sleep(DOWN_SECONDS)
    await asyncio.to_thread(deployment.start_postgres)


async def _restart_both(deployment: Deployment) -> None:
    deployment.kill_server(0)
    await _restart_postgres(deployment)
    await asyncio.to_thread(deployment.start_server, 0)


async def _freeze(proxies: list[FaultProxy]) -> None:
    for proxy in proxies:
        proxy.freeze()
    await asyncio.sleep(FROZEN_SECONDS)
    for proxy in proxies:
        proxy.thaw()


async def _at_once(fault: Callable[[FaultProxy], None], proxies: list[FaultProxy]) -> None:
    for proxy in proxies:
        fault(proxy)


FAULTS: dict[str, Callable[[Deployment], Awaitable[None]]] = {
    "servers killed": _restart_server,
    "answers of the database lost": lambda deployment: _at_once(FaultProxy.lose_answers, deployment.to_database),
    "connections to a server cut": lambda deployment: _at_once(FaultProxy.cut, deployment.to_servers[:1]),
    "PostgreSQL killed": _restart_postgres,
    "connections to the database cut": lambda deployment: _at_once(FaultProxy.cut, deployment.to_database),
    "answers of the servers lost": lambda deployment: _at_once(FaultProxy.lose_answers, deployment.to_servers),
    "connections to the database forgotten": lambda deployment: _at_once(FaultProxy.forget, deployment.to_database),
    "a server and PostgreSQL killed": _restart_both,
    "database frozen for one server": lambda deployment: _freeze(deployment.to_database[:1]),
    "connections to the servers forgotten": lambda deployment: _at_once(FaultProxy.forget, deployment.to_servers),
    "database read-only": lambda deployment: deployment.be_read_only(FROZEN_SECONDS),
    "a server frozen": lambda deployment: _freeze(deployment.to_servers[1:]),
    "table locked": lambda deployment: deployment.lock("meetings", FROZEN_SECONDS),
    "other server killed": lambda deployment: _restart_server(deployment, 1),
}
"""The faults in their order, each with the name under which it is counted."""


async def disturb(state: SharedState, deployment: Deployment) -> None:
    """Does the faults in turn, with a calm before each, until the soak stops."""
    while True:
        for name, fault in FAULTS.items():
            await state.rest(CALM_SECONDS)
            if state.stopping.is_set():
                return
            await fault(deployment)
            state.counts[f"fault: {name}"] += 1
