"""The dataloaders of an operation: each batch is one SQL statement on one connection."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

from db.database import Database
from db.history import Version
from db.unit_of_work import Repositories
from domain.agents import Agent, ResolvedAgentConfig
from domain.history import Event, EventKind, FieldChange, History
from domain.ids import AgentId, MeetingId, VariantId
from domain.meetings import Meeting
from domain.pagination import Page, PageRequest
from domain.principals import Principal
from domain.revisions import AgentRevision, VariantRevision
from domain.search import Hit, Search, SearchRequest
from domain.segments import Segment, SpeakerStats
from domain.variants import AgentVariant
from executor.dataloader import DataLoader
from resolvers.projections import Columns

K = TypeVar("K")
V = TypeVar("V")


class Batches:
    """The batches of an operation that are under way. No waiter can cancel them; the end of the operation does."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ended = False

    @contextmanager
    def one(self) -> Iterator[None]:
        """A batch, in a task of its own. Raises CancelledError if nobody can be waiting for it any more."""
        task = asyncio.current_task()
        assert task is not None
        if self._ended:
            raise asyncio.CancelledError
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    def end(self) -> None:
        """Cancel what is under way, down to its statement in the database, and what has yet to begin."""
        self._ended = True
        for task in self._tasks:
            task.cancel()


class Loaders:
    """The loaders of one request, or of what follows one mutation: what they have loaded they do not ask for again."""

    def __init__(self, database: Database, principal: Principal, batches: Batches | None = None) -> None:
        """`batches` are those of the operation."""
        self._database = database
        self._principal = principal
        self._batches = batches or Batches()
        self._variants_of_agents: dict[Columns | None, DataLoader[AgentId, list[AgentVariant] | None]] = {}
        self._segment_pages: dict[
            tuple[PageRequest, str | None, Columns | None], DataLoader[MeetingId, Page[Segment] | None]
        ] = {}
        self._segment_counts: dict[str | None, DataLoader[MeetingId, int | None]] = {}
        self._histories: dict[tuple[PageRequest, EventKind | None], DataLoader[History, Page[Event] | None]] = {}
        self._history_counts: dict[EventKind | None, DataLoader[History, int | None]] = {}
        self._found: dict[SearchRequest, DataLoader[SearchRequest, Page[Hit] | None]] = {}
        self._found_counts: dict[Search, DataLoader[Search, int | None]] = {}
        self._marked: dict[str, DataLoader[str, str | None]] = {}

    def _loader(self, load: Callable[[Repositories, list[K]], Awaitable[Mapping[K, V]]]) -> DataLoader[K, V | None]:
        """A loader that gives None for what `load` does not find.

        Neither refers to what has the loader: in a circle, all that was loaded would stay until the garbage collector comes.
        """
        database, workspace_id, batches = self._database, self._principal.workspace_id, self._batches

        async def batch(keys: list[K]) -> list[V | None]:
            with batches.one():
                async with database.reading(workspace_id) as repositories:
                    found = await load(repositories, keys)
            return [found.get(key) for key in keys]

        return DataLoader(batch)

    @cached_property
    def agents(self) -> DataLoader[AgentId, Agent | None]:
        return self._loader(lambda repositories, ids: repositories.agents.by_ids(ids))

    @cached_property
    def resolved_configs(self) -> DataLoader[AgentId, ResolvedAgentConfig | None]:
        return self._loader(lambda repositories, ids: repositories.agents.resolved(ids))

    @cached_property
    def variants(self) -> DataLoader[VariantId, AgentVariant | None]:
        return self._loader(lambda repositories, ids: repositories.variants.by_ids(ids))

    def variants_of_agents(self, wanted: Columns | None = None) -> DataLoader[AgentId, list[AgentVariant] | None]:
        """A loader for each set of columns."""
        if wanted not in self._variants_of_agents:
            self._variants_of_agents[wanted] = self._loader(
                lambda repositories, ids: repositories.variants.by_agents(ids, wanted)
            )
        return self._variants_of_agents[wanted]

    @cached_property
    def active_variants(self) -> DataLoader[AgentId, AgentVariant | None]:
        return self._loader(lambda repositories, ids: repositories.variants.active_by_agents(ids))

    @cached_property
    def changes(self) -> DataLoader[Version, list[FieldChange] | None]:
        return self._loader(lambda repositories, keys: repositories.events.changes(keys))

    @cached_property
    def agent_revisions(self) -> DataLoader[tuple[AgentId, int], AgentRevision | None]:
        return self._loader(lambda repositories, keys: repositories.events.agent_revisions(keys))

    @cached_property
    def variant_revisions(self) -> DataLoader[tuple[VariantId, int], VariantRevision | None]:
        return self._loader(lambda repositories, keys: repositories.events.variant_revisions(keys))

    @cached_property
    def meetings(self) -> DataLoader[MeetingId, Meeting | None]:
        """Those that the principal may see: others are as unknown as any."""

        principal = self._principal

        async def load(repositories: Repositories, ids: list[MeetingId]) -> dict[MeetingId, Meeting]:
            return await repositories.meetings.by_ids(await _seen(principal, repositories, ids))

        return self._loader(load)

    @cached_property
    def segments(self) -> DataLoader[tuple[MeetingId, int], Segment | None]:
        """Those of meetings that the principal may see."""

        principal = self._principal

        async def load(
            repositories: Repositories, keys: list[tuple[MeetingId, int]]
        ) -> dict[tuple[MeetingId, int], Segment]:
            seen = await _seen(principal, repositories, {meeting_id for meeting_id, _ in keys})
            return await repositories.segments.by_keys([key for key in keys if key[0] in seen])

        return self._loader(load)

    @cached_property
    def transcripts(self) -> DataLoader[MeetingId, list[Segment] | None]:
        """All segments of each meeting."""
        return self._loader(lambda repositories, ids: repositories.segments.by_meetings(ids))

    @cached_property
    def speakers(self) -> DataLoader[MeetingId, list[SpeakerStats] | None]:
        return self._loader(lambda repositories, ids: repositories.segments.speakers(ids))

    def segment_pages(
        self, request: PageRequest, speaker: str | None, wanted: Columns | None = None
    ) -> DataLoader[MeetingId, Page[Segment] | None]:
        """The loader for these arguments of `Meeting.segments`: one for each set of them, and of columns, in a document."""
        key = (request, speaker, wanted)
        if key not in self._segment_pages:
            self._segment_pages[key] = self._loader(
                lambda repositories, ids: repositories.segments.pages(ids, request, speaker, wanted)
            )
        return self._segment_pages[key]

    def segment_counts(self, speaker: str | None = None) -> DataLoader[MeetingId, int | None]:
        """Counts of all segments, or of one speaker's."""
        if speaker not in self._segment_counts:
            self._segment_counts[speaker] = self._loader(
                lambda repositories, ids: repositories.segments.counts(ids, speaker)
            )
        return self._segment_counts[speaker]

    def histories(self, request: PageRequest, kind: EventKind | None) -> DataLoader[History, Page[Event] | None]:
        """The loader for these arguments of `history`."""
        key = (request, kind)
        if key not in self._histories:
            self._histories[key] = self._loader(
                lambda repositories, histories: repositories.events.pages(histories, request, kind)
            )
        return self._histories[key]

    def history_counts(self, kind: EventKind | None) -> DataLoader[History, int | None]:
        if kind not in self._history_counts:
            self._history_counts[kind] = self._loader(
                lambda repositories, histories: repositories.events.counts(histories, kind)
            )
        return self._history_counts[kind]

    def found(self, page: SearchRequest) -> DataLoader[SearchRequest, Page[Hit] | None]:
        """A loader for each page, as no statement has two: its fields share what it loads, and no other page's error."""
        if page not in self._found:

            async def load(repositories: Repositories, pages: list[SearchRequest]) -> dict[SearchRequest, Page[Hit]]:
                return {page: await repositories.search.page(page.request, page.search) for page in pages}

            self._found[page] = self._loader(load)
        return self._found[page]

    def found_counts(self, search: Search) -> DataLoader[Search, int | None]:
        if search not in self._found_counts:

            async def load(repositories: Repositories, searches: list[Search]) -> dict[Search, int]:
                return {search: await repositories.search.count(search) for search in searches}

            self._found_counts[search] = self._loader(load)
        return self._found_counts[search]

    def marked(self, query: str) -> DataLoader[str, str | None]:
        """Texts with the words of the query marked."""
        if query not in self._marked:
            self._marked[query] = self._loader(lambda repositories, texts: repositories.search.highlight(query, texts))
        return self._marked[query]


async def _seen(principal: Principal, repositories: Repositories, ids: Collection[MeetingId]) -> Collection[MeetingId]:
    if principal.sees_all:
        return ids
    return await repositories.grants.filter_granted(principal.id, ids)
