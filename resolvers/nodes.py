"""Resolves `node` and `nodes`, which find anything by its id."""

import asyncio
from uuid import UUID

import strawberry

from domain.agents import Agent
from domain.errors import InvalidInput
from domain.ids import AgentId, MeetingId, VariantId, node_key
from domain.meetings import Meeting
from domain.segments import Segment
from domain.validation import Problems
from domain.variants import AgentVariant
from resolvers.agents import load_agents
from resolvers.context import Info
from resolvers.meetings import load_meetings
from resolvers.segments import load_segments
from resolvers.variants import load_variants

MAX_NODES = 100

Node = Agent | AgentVariant | Meeting | Segment


async def node(info: Info, id: strawberry.ID) -> Node | None:
    return (await _find(info, {"id": id}))[0]


async def nodes(info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
    if len(ids) > MAX_NODES:
        raise InvalidInput.of("ids", f"must have at most {MAX_NODES} items, has {len(ids)}")
    return await _find(info, {f"ids.{index}": id for index, id in enumerate(ids)})


async def _find(info: Info, ids: dict[str, strawberry.ID]) -> list[Node | None]:
    """Returns the nodes with these ids, which are given by the paths of their arguments."""
    problems = Problems()
    keys = [problems.check(node_key, id, path) for path, id in ids.items()]
    problems.raise_if_any()
    loaders, principal = info.context.loaders, info.context.principal

    async def one(key: UUID | tuple[MeetingId, int]) -> Node | None:
        if isinstance(key, tuple):
            return await loaders.of(load_segments, principal).load(key)
        if not principal.sees_all:
            return await loaders.of(load_meetings, principal).load(MeetingId(key))
        # An id does not say what it belongs to: all three are asked, each in one statement for all ids.
        found = await asyncio.gather(
            loaders.of(load_agents).load(AgentId(key)),
            loaders.of(load_variants).load(VariantId(key)),
            loaders.of(load_meetings, principal).load(MeetingId(key)),
        )
        return next((entity for entity in found if entity is not None), None)

    return await asyncio.gather(*(one(key) for key in keys))
