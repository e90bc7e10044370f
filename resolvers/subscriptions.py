"""Resolves the subscriptions: it checks their arguments, and passes on the streams of the live hub."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from domain.agents import ResolvedAgentConfig
from domain.change_stream import BATCH_SIZE, MeetingUpdate, SegmentUpdates
from domain.config_sets import ResolvedConfigSet
from domain.errors import InvalidInput, NotFound, RapporteurError
from domain.ids import MeetingId
from domain.meetings import Meeting
from domain.slugs import slug as slug_rule
from domain.stream_positions import START, position_of
from domain.validation import checked
from resolvers.agents import agent_id
from resolvers.config_sets import agent_slugs
from resolvers.context import Context, Info
from resolvers.meetings import load_meetings, meeting_id

DEFAULT_BATCH_SIZE = 100


async def segment_updates(
    context: Context, id: str, after: str | None, batch_size: int | None
) -> AsyncGenerator[SegmentUpdates, None]:
    key = meeting_id(id, "meeting_id")
    place = START if after is None else position_of(after, key)
    size = checked(BATCH_SIZE, DEFAULT_BATCH_SIZE if batch_size is None else batch_size, "batch_size")
    await _check_visible(context, key)
    async with context.hub() as hub, aclosing(hub.segment_updates(key, place, size)) as stream:
        async for updates in stream:
            context.renew_loaders()
            yield updates


async def meeting_updates(context: Context, id: str | None) -> AsyncGenerator[MeetingUpdate, None]:
    key = None if id is None else meeting_id(id, "meeting_id")
    if key is not None:
        await _check_visible(context, key)
    elif not context.principal.sees_all:
        raise InvalidInput.of(
            "meeting_id", "must be given: this key sees only the meetings that it created or was granted"
        )
    async with context.hub() as hub, aclosing(hub.meeting_updates(key)) as stream:
        async for update in stream:
            context.renew_loaders()
            yield update


async def _check_visible(context: Context, id: MeetingId) -> None:
    """Raises NotFound if the principal does not see all meetings, and was not given this one."""
    if not context.principal.sees_all and await context.loaders.of(load_meetings, context.principal).load(id) is None:
        raise NotFound("meeting", id)


async def meeting(root: SegmentUpdates, info: Info) -> Meeting:
    found = await info.context.loaders.of(load_meetings, info.context.principal).load(root.meeting_id)
    if found is None:
        raise RapporteurError("the meeting was deleted")
    return found


async def resolved_config_updates(
    context: Context, id: str | None, slug: str | None
) -> AsyncGenerator[ResolvedAgentConfig, None]:
    if (id is None) == (slug is None):
        raise InvalidInput.of("agent_id", "must be given, or else the slug, and not both")
    if id is not None:
        key = agent_id(id, "agent_id")
    else:
        wanted = checked(slug_rule, slug, "agent_slug")
        agent = await context.repositories.agents.by_slug(wanted)
        if agent is None:
            raise InvalidInput.of("agent_slug", "there is no such agent")
        key = agent.id
    async with context.hub() as hub, aclosing(hub.resolved_config_updates(key)) as stream:
        async for config in stream:
            yield config


async def resolved_configs_updates(
    context: Context, slugs: list[str] | None
) -> AsyncGenerator[ResolvedConfigSet, None]:
    wanted = agent_slugs(slugs)
    async with context.hub() as hub, aclosing(hub.resolved_configs_updates(wanted)) as stream:
        async for changes in stream:
            yield changes
