"""Histories of agents, variants and meetings, and their revisions."""

import strawberry

from db.events import CURSOR
from domain.agents import Agent
from domain.events import Aggregate, Event, EventKind, FieldChange, History
from domain.ids import VariantId
from domain.meetings import Meeting
from domain.pages import Page, page_request
from domain.revisions import AgentRevision, VariantRevision
from domain.validation import checked
from domain.variants import AgentVariant
from domain.versions import VERSION
from resolvers import agents, meetings, variants
from resolvers.context import Context, Info

DEFAULT_PAGE = 20
MAX_PAGE = 100


async def history(
    root: AgentVariant | Meeting,
    info: Info,
    first: int | None = DEFAULT_PAGE,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    kind: EventKind | None = None,
) -> Page[Event]:
    found = (
        History(Aggregate.AGENT, root.agent_id, root.id)
        if isinstance(root, AgentVariant)
        else History(Aggregate.MEETING, root.id)
    )
    return await _page(info.context, found, first, after, last, before, kind)


async def history_of_agent(
    root: Agent,
    info: Info,
    first: int | None = DEFAULT_PAGE,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    kind: EventKind | None = None,
    variant_id: strawberry.ID | None = None,
) -> Page[Event]:
    return await _page(
        info.context, History(Aggregate.AGENT, root.id, _variant(variant_id)), first, after, last, before, kind
    )


async def agent_history(
    info: Info,
    agent_id: strawberry.ID,
    first: int | None = DEFAULT_PAGE,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    kind: EventKind | None = None,
    variant_id: strawberry.ID | None = None,
) -> Page[Event]:
    history = History(Aggregate.AGENT, agents.agent_id(agent_id, "agent_id"), _variant(variant_id))
    return await _page(info.context, history, first, after, last, before, kind)


async def meeting_history(
    info: Info,
    meeting_id: strawberry.ID,
    first: int | None = DEFAULT_PAGE,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    kind: EventKind | None = None,
) -> Page[Event]:
    history = History(Aggregate.MEETING, meetings.meeting_id(meeting_id, "meeting_id"))
    return await _page(info.context, history, first, after, last, before, kind)


def _variant(variant_id: str | None) -> VariantId | None:
    return None if variant_id is None else variants.variant_id(variant_id, "variant_id")


async def _page(
    context: Context,
    history: History,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    kind: EventKind | None,
) -> Page[Event]:
    request = page_request(first, after, last, before, default=DEFAULT_PAGE, maximum=MAX_PAGE, cursor=CURSOR)
    loaders = context.loaders
    found = await loaders.histories(request, kind).load(history)
    assert found is not None  # one without events has an empty page

    async def total() -> int:
        return await loaders.history_counts(kind).load(history) or 0

    found.total = total
    return found


async def changes(root: Event, info: Info) -> list[FieldChange]:
    if root.changes is not None:
        return root.changes
    return await info.context.loaders.changes.load((root.entity_id, root.version)) or []


async def agent_revision(root: Agent, info: Info, version: int) -> AgentRevision | None:
    return await info.context.loaders.agent_revisions.load((root.id, checked(VERSION, version, "version")))


async def variant_revision(root: AgentVariant, info: Info, version: int) -> VariantRevision | None:
    return await info.context.loaders.variant_revisions.load((root.id, checked(VERSION, version, "version")))
