"""Resolves the queries, fields and mutations of meetings."""

from collections.abc import Collection

import strawberry

from db.unit_of_work import Repositories
from domain import meetings
from domain.agents import Agent
from domain.errors import Conflict, NotFound
from domain.filters import MeetingFilter
from domain.ids import EXTERNAL_ID, MeetingId
from domain.meetings import CreateMeeting, Meeting, MeetingState, UpdateMeeting
from domain.ordering import MeetingOrder, meeting_order
from domain.pagination import Page
from domain.principals import Principal
from domain.rules import uuid
from domain.validation import checked
from executor.batching import batch_resolver
from resolvers.agents import load_agents
from resolvers.context import Context, Info
from resolvers.pagination import PageArguments, listed
from resolvers.projections import NO_COLUMNS, column_fields, connection_fields

_MEETINGS = connection_fields(
    {
        **column_fields("external_id", "title", "state", "metadata", "speaker_names", "version"),
        **column_fields("created_at", "updated_at", "started_at", "ended_at", "held_at"),
        "agent": frozenset(("agent_id",)),
        # Loaders load these by the meeting's id.
        **dict.fromkeys(("id", "segments", "segmentCount", "speakers"), NO_COLUMNS),
    }
)


async def load_meetings(
    repositories: Repositories, ids: list[MeetingId], principal: Principal
) -> dict[MeetingId, Meeting]:
    """Loads the meetings that the principal may see: all others are unknown to it."""
    return await repositories.meetings.by_ids(await visible_meetings(repositories, ids, principal))


async def visible_meetings(
    repositories: Repositories, ids: Collection[MeetingId], principal: Principal
) -> Collection[MeetingId]:
    """Returns the existing meetings that the principal may see."""
    return ids if principal.sees_all else await repositories.grants.filter_granted(principal.id, ids)


def meeting_id(value: str, path: str = "id") -> MeetingId:
    return MeetingId(checked(uuid, value, path))


async def meeting(info: Info, id: strawberry.ID) -> Meeting | None:
    return await info.context.loaders.of(load_meetings, info.context.principal).load(meeting_id(id))


async def meeting_by_external_id(info: Info, external_id: str) -> Meeting | None:
    wanted = checked(EXTERNAL_ID, external_id, "external_id")
    repositories = info.context.repositories
    found = await repositories.meetings.by_external_id(wanted)
    visible = found and await visible_meetings(repositories, [found.id], info.context.principal)
    return found if visible else None


async def meeting_page(
    info: Info,
    page: PageArguments,
    filter: MeetingFilter,
    order_by: MeetingOrder | None,
) -> Page[Meeting]:
    order = meeting_order(order_by)
    request = page.request(order.cursor_format)
    wanted = info.context.projections.columns(info, _MEETINGS)
    return await listed(
        info.context,
        page=lambda repositories: repositories.meetings.page(request, filter, order, wanted),
        count=lambda repositories: repositories.meetings.count(filter),
    )


async def count(info: Info, state: MeetingState | None = None) -> int:
    return await info.context.repositories.meetings.count_by_state(state)


@batch_resolver
async def agent(roots: list[Meeting], info: Info) -> list[Agent | None]:
    ids = [root.agent_id for root in roots if root.agent_id is not None]
    found = dict(zip(ids, await info.context.loaders.of(load_agents).load_many(ids), strict=True))
    return [None if root.agent_id is None else found[root.agent_id] for root in roots]


async def create(context: Context, command: CreateMeeting, reason: str | None) -> Meeting:
    """Creates a meeting, or gives the one that has the external id. A principal gets only what it may see."""
    new, principal = command.meeting(), context.principal
    async with context.unit_of_work(reason) as uow:
        created = await uow.meetings.create(new)
        if created.id != new.id:
            if not await visible_meetings(uow, [created.id], principal):
                raise Conflict("the externalId is taken by a meeting that this key was not given")
        elif not principal.writes_all:
            await uow.grants.grant(principal.id, [created.id])
        await uow.commit()
    return created


async def update(
    context: Context, id: str, command: UpdateMeeting, expected_version: int | None, reason: str | None
) -> Meeting:
    key = meeting_id(id)
    with context.writing(reason) as repositories:
        # Read without a lock: the write fails with a Conflict if somebody else was faster.
        meeting = await repositories.meetings.get(key)
        if meeting is None:
            raise NotFound("meeting", key)
        meeting.expect(expected_version)
        changed = command.apply(meeting)
        return await repositories.meetings.update(changed) if meetings.differs(changed, meeting) else meeting


async def hold(context: Context, id: str, reason: str | None, *, is_held: bool) -> Meeting:
    key = meeting_id(id)
    async with context.unit_of_work(reason) as uow:
        meeting = await uow.meetings.get_for_update(key)
        changed = meeting.hold() if is_held else meeting.release()
        if changed != meeting:
            meeting = await uow.meetings.update(changed)
        await uow.commit()
    return meeting


async def delete(context: Context, id: str, expected_version: int | None, reason: str | None) -> MeetingId:
    key = meeting_id(id)
    async with context.unit_of_work(reason) as uow:
        meeting = await uow.meetings.get_for_update(key)
        meeting.expect(expected_version)
        meeting.expect_not_held()
        await uow.meetings.delete(key)
        await uow.commit()
    return key
