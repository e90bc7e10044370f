"""The live hub: what changes in the database reaches every subscriber in this process, and nothing is lost.

The table is the log. A meeting's writes are numbered under its row's lock, so they become visible in the order of their
numbers: a reader that has seen everything up to one position can ask for what comes after it and misses nothing. The rest of
this module only decides when to ask, and keeps a thousand readers from asking the same.

- A *feed* holds the newest stretch of one meeting's changes, shared by the meeting's readers. One task polls: it reads, in
  one statement, what is new in all meetings that the change notifier named, and appends it to their feeds.
- A *reader* takes what follows its own position: from the feed, or from the table where the feed no longer reaches back. It
  keeps nothing but its position, so one that lags or leaves costs the others nothing, and gets the newest text of what it
  missed.
- A notification can be lost; so every few seconds the task polls all feeds unasked, also in one statement.

A feed of the resolved configuration of one agent works the same way, but only the newest value counts. So does the feed of
the workspace's list of meetings, in which each meeting's newest state counts. The list has no numbers of writes to ask by:
its feed asks for what changed within the time that a commit can take, and leaves out what it has. The feed of what all agents
of the workspace resolve to asks for the agents that it does not hold at their present versions.

No lock is needed: everything happens in one event loop, and state changes only between awaits.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Hashable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import zip_longest
from typing import Any, TypeVar

from db.change_notifier import Changes
from db.database import Database
from domain.agents import ResolvedAgentConfig
from domain.change_stream import MeetingChanges, MeetingUpdate, SegmentUpdates
from domain.config_sets import ResolvedConfigSet
from domain.errors import InvalidInput, NotFound, ServiceUnavailable
from domain.ids import AgentId, MeetingId, WorkspaceId
from domain.stream_positions import Position
from resolvers.live.feeds import ConfigFeed, ConfigSetFeed, Feed, MeetingFeed, MeetingListFeed, Signal
from resolvers.live.statistics import LiveStatistics
from resolvers.long_prompts import hash_long_prompts

T = TypeVar("T")
Id = TypeVar("Id")
AnyFeed = TypeVar("AnyFeed", bound=Feed)

logger = logging.getLogger("rapporteur.hub")

POLL_INTERVAL_SECONDS = 5.0
"""The time between polls of all feeds."""
POLL_TIMEOUT_SECONDS = 5.0
"""The time that one statement of a poll may take."""
FIRST_POLL_TIMEOUT_SECONDS = 10.0
"""The time that a new reader waits for the poll it begins with."""
RETRY_DELAY_SECONDS = 0.5
"""The time before the database is asked again after it did not answer."""
MAX_CHANGES_PER_READ = 1_000
"""The number of changes of one meeting that are read at once."""
MAX_IDS_PER_STATEMENT = 100
"""The number of meetings, or of agents, that one statement of a poll reads."""
MAX_MEETINGS_PER_READ = 1_000
"""The number of meetings of a list that are read at once."""
END_OF_STREAM = Position.after_write(2**62)
"""A position after which nothing comes: reading from it tells only the number of the last write."""


class Hub:
    """Holds the feeds of one workspace in this process."""

    def __init__(self, database: Database, workspace_id: WorkspaceId, statistics: LiveStatistics | None = None) -> None:
        self._database = database
        self.workspace_id = workspace_id
        self._statistics = statistics or LiveStatistics()
        self._meeting_feeds: dict[MeetingId, MeetingFeed] = {}
        self._config_feeds: dict[AgentId, ConfigFeed] = {}
        self._list_feeds: dict[WorkspaceId, MeetingListFeed] = {}
        """Has the feed of this workspace's list of meetings, if somebody reads it."""
        self._set_feeds: dict[bool, ConfigSetFeed] = {}
        """Has the feed of all agents at True and that of agents that readers name at False, if somebody reads them."""
        self._due = Changes()
        self._has_due = asyncio.Event()
        self._polls = 0
        self._polled = Signal()
        self._reads: dict[Hashable, asyncio.Future[Any]] = {}
        database.notifier.subscribe(self.request_poll)

    def request_poll(self, changes: Changes | None) -> None:
        """Has these polled soon (None: everything), as far as anybody here reads them."""
        if changes is None:
            here = {self.workspace_id}
            changes = Changes(set(self._meeting_feeds), set(self._config_feeds), meeting_lists=here, config_sets=here)
        self._due.meetings |= changes.meetings & self._meeting_feeds.keys()
        self._due.agents |= changes.agents & self._config_feeds.keys()
        self._due.meeting_lists |= changes.meeting_lists & self._list_feeds.keys()
        if self._set_feeds:
            self._due.config_sets |= changes.config_sets & {self.workspace_id}
        if self._due:
            self._has_due.set()

    async def run(self) -> None:
        """Polls what the notifier names, and now and then everything, until cancelled."""
        clock = asyncio.get_running_loop().time
        next_full_poll = clock() + POLL_INTERVAL_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(next_full_poll):
                    await self._has_due.wait()
            if clock() >= next_full_poll:
                next_full_poll = clock() + POLL_INTERVAL_SECONDS
                self.request_poll(None)
            self._has_due.clear()
            if failed := await self._poll(self._due.drain()):
                await asyncio.sleep(RETRY_DELAY_SECONDS)
                self.request_poll(failed)

    async def _poll(self, due: Changes) -> Changes:
        """Reads what is new in these, chunk by chunk. Returns what could not be read."""
        self._polls += 1
        failed = Changes()
        chunks = _chunks(due.meetings), _chunks(due.agents), _chunks(due.meeting_lists), _chunks(due.config_sets)
        for meetings, agents, lists, sets in zip_longest(*chunks, fillvalue=()):
            chunk = Changes(set(meetings), set(agents), meeting_lists=set(lists), config_sets=set(sets))
            try:
                async with asyncio.timeout(POLL_TIMEOUT_SECONDS):
                    await self._poll_meetings(chunk.meetings)
                    await self._poll_agents(chunk.agents)
                    await self._poll_meeting_lists(chunk.meeting_lists)
                    await self._poll_config_sets(chunk.config_sets)
            except Exception as error:  # the one task of all subscribers must go on
                logger.warning("live updates wait: %s", error, exc_info=not isinstance(error, ServiceUnavailable))
                failed.add(chunk)
                self._statistics.failed_polls += 1
            self._polled.send()
        return failed

    async def _next_poll(self, feed: Feed, changes: Changes) -> None:
        """Waits for a poll of the feed that begins from now on: what a poll under way sees may be older.

        Raises ServiceUnavailable.
        """
        self.request_poll(changes)
        wanted = self._polls + 1
        try:
            async with asyncio.timeout(FIRST_POLL_TIMEOUT_SECONDS):
                while feed.last_poll < wanted:
                    await self._polled.wait()
        except TimeoutError:
            raise ServiceUnavailable("the database does not answer now") from None

    async def _poll_meetings(self, ids: set[MeetingId]) -> None:
        feeds = [feed for id in ids if (feed := self._meeting_feeds.get(id))]
        if not feeds:
            return
        heads = {feed.meeting_id: feed.head or END_OF_STREAM for feed in feeds}
        found = await self._database.repositories(self.workspace_id).segments.changes(heads, MAX_CHANGES_PER_READ)
        for feed in feeds:
            feed.last_poll = self._polls
            if feed.meeting_id not in found:
                feed.end()
            else:
                if feed.append(found[feed.meeting_id], MAX_CHANGES_PER_READ):
                    self.request_poll(Changes(meetings={feed.meeting_id}))

    async def _poll_agents(self, ids: set[AgentId]) -> None:
        feeds = {id: feed for id in ids if (feed := self._config_feeds.get(id))}
        if not feeds:
            return
        repositories = self._database.repositories(self.workspace_id)
        signatures = await repositories.agents.signatures(feeds)
        changed = [id for id, feed in feeds.items() if feed.differs(signatures.get(id))]
        configs = await repositories.agents.resolved(changed) if changed else {}
        for feed in feeds.values():
            feed.last_poll = self._polls
        for id in changed:
            feeds[id].update(configs.get(id), signatures.get(id))

    async def _poll_meeting_lists(self, ids: set[WorkspaceId]) -> None:
        clock = asyncio.get_running_loop().time
        for feed in [feed for id in ids if (feed := self._list_feeds.get(id))]:
            began_at = clock()
            seconds = feed.drop_old(began_at)
            found = await self._database.repositories(self.workspace_id).meetings.updates(
                seconds, feed.updates, MAX_MEETINGS_PER_READ
            )
            feed.last_poll = self._polls
            if feed.append(found, MAX_MEETINGS_PER_READ, began_at, clock()):
                self.request_poll(Changes(meeting_lists={self.workspace_id}))

    async def _poll_config_sets(self, ids: set[WorkspaceId]) -> None:
        for feed in list(self._set_feeds.values()) if ids else ():
            feed.drop_unnamed()
            try:
                found = await self._database.repositories(self.workspace_id).config_sets.changes(feed.slugs, feed.known)
            except InvalidInput as problem:
                feed.end(problem)
            else:
                await hash_long_prompts([config for config, _ in found.changed])
                feed.update(found)
            feed.last_poll = self._polls

    async def close(self) -> None:
        """Unsubscribes from the notifier, and ends the reads that are under way."""
        self._database.notifier.unsubscribe(self.request_poll)
        reads = list(self._reads.values())
        for read in reads:
            read.cancel()
        await asyncio.gather(*reads, return_exceptions=True)

    async def segment_updates(
        self, meeting_id: MeetingId, after: Position, batch_size: int
    ) -> AsyncGenerator[SegmentUpdates, None]:
        """Yields the changes after a position, and then those to come, in batches; ends when the meeting is deleted.

        The first batch comes at once, also when it is empty. A batch, perhaps empty, also comes when the meeting itself has
        changed, however often it did since the last one. Raises NotFound for an unknown meeting, and InvalidInput for a
        position that the meeting has not reached, or that was lost when a backup was restored.
        """
        with _following(self._meeting_feeds, meeting_id, partial(MeetingFeed, meeting_id)) as feed:
            await self._next_poll(feed, Changes(meetings={meeting_id}))
            while feed.head and after > feed.head and not feed.is_complete and not feed.has_ended:
                await self._next_poll(feed, Changes(meetings={meeting_id}))
            if feed.head is None or feed.has_ended:
                raise NotFound("meeting", meeting_id)
            if after > feed.head:
                raise InvalidInput.of(
                    "after", "must be a cursor that this meeting has given: it is ahead of the meeting"
                )
            if after.is_before_restore(feed.head) and await self._is_lost(meeting_id, after):
                raise InvalidInput.of(
                    "after",
                    "must be a cursor that this meeting has given: what follows it was lost when a backup was restored; begin"
                    " again without a cursor",
                )
            position, seen_version, is_live = after, None, False
            while not feed.has_ended:
                if position >= feed.head and feed.version == seen_version:
                    await feed.changed.wait()
                    continue
                seen_version = feed.version
                assert feed.floor is not None
                if position >= feed.floor:
                    batch: SegmentUpdates | None = feed.batch(position, batch_size)
                else:
                    key = (meeting_id, position, batch_size)
                    batch = await self._read_once(key, partial(self._read_batch, *key))
                if batch is None:
                    break
                yield batch  # and is asked for the next one when this one has been sent
                if is_live:
                    self._observe_lag(batch.written_at)
                is_live = is_live or batch.caught_up
                position = batch.position

    async def _is_lost(self, meeting_id: MeetingId, position: Position) -> bool:
        return await self._database.repositories(self.workspace_id).segments.is_lost(meeting_id, position)

    async def _read_once(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Returns what a read gives. Readers that ask for the same at the same time, as after a restart, share one read."""
        if key not in self._reads:
            self._reads[key] = asyncio.ensure_future(read())
            self._reads[key].add_done_callback(partial(self._end_read, key))
        found: T = await asyncio.shield(self._reads[key])
        return found

    def _end_read(self, key: Hashable, read: asyncio.Future[Any]) -> None:
        del self._reads[key]
        if not read.cancelled():
            read.exception()  # its readers have it; if all of them have left, asyncio need not log it

    async def _read_batch(self, meeting_id: MeetingId, after: Position, size: int) -> SegmentUpdates | None:
        """Returns the batch after a position that the feed no longer reaches; None if the meeting was deleted."""
        found = await self._read_changes(meeting_id, after, size)
        if found is None:
            return None
        changes, end = found.changes, Position.after_write(found.last_write)
        caught_up = len(changes) < size or changes[-1].position == end
        end = max(after, end) if caught_up else changes[-1].position
        return SegmentUpdates.of(meeting_id, changes, end, caught_up=caught_up)

    async def _read_changes(self, meeting_id: MeetingId, after: Position, size: int) -> MeetingChanges | None:
        """Does what `SegmentRepository.changes` does for one meeting, as soon as the database answers."""
        while True:
            with contextlib.suppress(ServiceUnavailable):
                return (
                    await self._database.repositories(self.workspace_id).segments.changes({meeting_id: after}, size)
                ).get(meeting_id)
            await asyncio.sleep(RETRY_DELAY_SECONDS)

    async def meeting_updates(self, meeting_id: MeetingId | None = None) -> AsyncGenerator[MeetingUpdate, None]:
        """Yields each meeting that was created, changed or deleted, of all or of one; a slow reader gets its newest state.

        All: those of the last minute come at once. One: its present state comes at once, and the stream ends with its
        deletion. Raises NotFound for an unknown meeting, and ServiceUnavailable if the reader falls behind by more than the
        feed holds.
        """
        with _following(self._list_feeds, self.workspace_id, MeetingListFeed) as feed:
            await self._next_poll(feed, Changes(meeting_lists={self.workspace_id}))
            number, version, first_live = feed.floor, 0, feed.head + 1
            if meeting_id is not None:
                number = feed.head
                present = feed.newest(meeting_id) or await self._read_once(
                    meeting_id, partial(self._read_meeting, meeting_id)
                )
                if present is None or present.meeting is None:
                    raise NotFound("meeting", meeting_id)
                yield present
                version = present.version
            while not feed.has_ended and number >= feed.floor:
                numbered = feed.next(number, meeting_id)
                if numbered is None:
                    number = feed.head
                    await feed.changed.wait()
                    continue
                number, _, update = numbered
                if meeting_id is None or update.version > version:
                    yield update
                    if update.meeting is not None and number >= first_live:
                        self._observe_lag(update.meeting.updated_at)
                    if meeting_id is not None and update.meeting is None:
                        return
            raise ServiceUnavailable(
                "too many meetings have changed meanwhile: subscribe again, and read the list again"
            )

    def _observe_lag(self, written_at: datetime | None) -> None:
        if written_at is not None:
            self._statistics.lag.observe(max(0.0, time.time() - written_at.timestamp()))

    async def _read_meeting(self, meeting_id: MeetingId) -> MeetingUpdate | None:
        """Returns a meeting as it is; None if it does not exist."""
        meeting = await self._database.repositories(self.workspace_id).meetings.get(meeting_id)
        return None if meeting is None else MeetingUpdate(meeting_id, meeting.version, meeting)

    async def resolved_config_updates(self, agent_id: AgentId) -> AsyncGenerator[ResolvedAgentConfig, None]:
        """Yields what the agent resolves to now, and again each time it changes; ends when the agent is deleted.

        A slow reader gets the newest value, not each one in between. Raises NotFound for an unknown agent.
        """
        with _following(self._config_feeds, agent_id, ConfigFeed) as feed:
            await self._next_poll(feed, Changes(agents={agent_id}))
            if feed.config is None:
                raise NotFound("agent", agent_id)
            sent: ResolvedAgentConfig | None = None
            while feed.config is not None:
                if feed.config == sent:
                    await feed.changed.wait()
                else:
                    sent = feed.config
                    yield sent

    async def resolved_configs_updates(self, slugs: frozenset[str] | None) -> AsyncGenerator[ResolvedConfigSet, None]:
        """Yields what the agents with these slugs (None: all) resolve to now, and then, each time, what has changed.

        A slow reader gets the newest values, not each one in between. Raises InvalidInput if there are more agents than a set
        can have, and ServiceUnavailable if the reader falls behind by more deletions than the feed holds.
        """
        with (
            _following(self._set_feeds, slugs is None, partial(ConfigSetFeed, of_all=slugs is None)) as feed,
            feed.naming(slugs or ()),
        ):
            await self._next_poll(feed, Changes(config_sets={self.workspace_id}))
            number: int | None = None
            while not feed.has_ended:
                if number is not None and number < feed.floor:
                    raise ServiceUnavailable("too many agents were deleted meanwhile: subscribe again")
                found = feed.changes(number, slugs)
                number = feed.head
                if found is None:
                    await feed.changed.wait()
                else:
                    yield found
            assert feed.problem is not None
            raise feed.problem


@contextmanager
def _following(feeds: dict[Id, AnyFeed], id: Id, new_feed: Callable[[], AnyFeed]) -> Iterator[AnyFeed]:
    """Gives the feed of an entity, which is kept for as long as somebody reads it."""
    feed = feeds.get(id)
    if feed is None or feed.has_ended:
        feed = feeds[id] = new_feed()
    feed.readers += 1
    try:
        yield feed
    finally:
        feed.readers -= 1
        if not feed.readers and feeds.get(id) is feed:
            del feeds[id]


def _chunks(ids: Collection[Id]) -> Iterator[Sequence[Id]]:
    ordered = list(ids)
    size = MAX_IDS_PER_STATEMENT
    return (ordered[start : start + size] for start in range(0, len(ordered), size))
