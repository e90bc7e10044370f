"""Resolves the histories of agents, variants and meetings, and the revisions of the first two."""

import strawberry

from db.unit_of_work import Repositories
from domain.agents import Agent
from domain.history import HISTORY_CURSOR, Aggregate, EntityVersion, Event, EventKind, FieldChange, History
from domain.ids import AgentId, VariantId
from domain.meetings import Meeting
from domain.optimistic_locking import VERSION
from domain.pagination import Page, PageRequest
from domain.revisions import AgentRevision, VariantRevision
from domain.validation import checked
from domain.variants import AgentVariant
from executor.batching import batch_resolver
from resolvers import agents, meetings, variants
from resolvers.context import Context, Info
from resolvers.pagination import PageArguments, counted


async def load_histories(
    repositories: Repositories, histories: list[History], request: PageRequest, kind: EventKind | None
) -> dict[History, Page[Event]]:
    return await repositories.events.pages(histories, request, kind)


async def load_history_counts(
    repositories: Repositories, histories: list[History], kind: EventKind | None
) -> dict[History, int]:
    return await repositories.events.counts(histories, kind)


async def load_changes(repositories: Repositories, keys: list[EntityVersion]) -> dict[EntityVersion, list[FieldChange]]:
    return await repositories.events.changes(keys)


async def load_agent_revisions(
    repositories: Repositories, keys: list[tuple[AgentId, int]]
) -> dict[tuple[AgentId, int], AgentRevision]:
    return await repositories.events.agent_revisions(keys)


async def load_variant_revisions(
    repositories: Repositories, keys: list[tuple[VariantId, int]]
) -> dict[tuple[VariantId, int], VariantRevision]:
    return await repositories.events.variant_revisions(keys)


@batch_resolver
async def agent_history(
    roots: list[Agent],
    info: Info,
    page: PageArguments,
    kind: EventKind | None = None,
    variant_id: strawberry.ID | None = None,
) -> list[Page[Event]]:
    variant = _variant(variant_id)
    histories = [History(Aggregate.AGENT, root.id, variant) for root in roots]
    return await pages_of_histories(info.context, histories, page, kind)


@batch_resolver
async def variant_history(
    roots: list[AgentVariant], info: Info, page: PageArguments, kind: EventKind | None = None
) -> list[Page[Event]]:
    histories = [History(Aggregate.AGENT, root.agent_id, root.id) for root in roots]
    return await pages_of_histories(info.context, histories, page, kind)


@batch_resolver
async def meeting_history(
    roots: list[Meeting], info: Info, page: PageArguments, kind: EventKind | None = None
) -> list[Page[Event]]:
    histories = [History(Aggregate.MEETING, root.id) for root in roots]
    return await pages_of_histories(info.context, histories, page, kind)


async def agent_history_by_id(
    info: Info,
    agent_id: strawberry.ID,
    page: PageArguments,
    kind: EventKind | None = None,
    variant_id: strawberry.ID | None = None,
) -> Page[Event]:
    history = History(Aggregate.AGENT, agents.agent_id(agent_id, "agent_id"), _variant(variant_id))
    return (await pages_of_histories(info.context, [history], page, kind))[0]


async def meeting_history_by_id(
    info: Info, meeting_id: strawberry.ID, page: PageArguments, kind: EventKind | None = None
) -> Page[Event]:
    history = History(Aggregate.MEETING, meetings.meeting_id(meeting_id, "meeting_id"))
    return (await pages_of_histories(info.context, [history], page, kind))[0]


def _variant(variant_id: str | None) -> VariantId | None:
    return None if variant_id is None else variants.variant_id(variant_id, "variant_id")


async def pages_of_histories(
    context: Context,
    histories: list[History],
    page: PageArguments,
    kind: EventKind | None,
) -> list[Page[Event]]:
    """Returns one page of each history."""
    request = page.request(HISTORY_CURSOR)
    loaders = context.loaders
    pages = await loaders.of(load_histories, request, kind).load_many(histories)
    counts = loaders.of(load_history_counts, kind)
    return [counted(found, counts, history) for history, found in zip(histories, pages, strict=True)]


@batch_resolver
async def changes(roots: list[Event], info: Info) -> list[list[FieldChange]]:
    keys = [(root.entity_id, root.version) for root in roots if root.changes is None]
    found = dict(zip(keys, await info.context.loaders.of(load_changes).load_many(keys), strict=True))
    return [found[root.entity_id, root.version] or [] if root.changes is None else root.changes for root in roots]


@batch_resolver
async def agent_revision(roots: list[Agent], info: Info, version: int) -> list[AgentRevision | None]:
    wanted = checked(VERSION, version, "version")
    return await info.context.loaders.of(load_agent_revisions).load_many((root.id, wanted) for root in roots)


@batch_resolver
async def variant_revision(roots: list[AgentVariant], info: Info, version: int) -> list[VariantRevision | None]:
    wanted = checked(VERSION, version, "version")
    return await info.context.loaders.of(load_variant_revisions).load_many((root.id, wanted) for root in roots)
