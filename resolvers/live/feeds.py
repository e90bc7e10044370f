"""The feeds: what is new in one thing that readers follow, shared by all of its readers.

There is one for the segments of a meeting, one for the list of a workspace's meetings, one for an agent's configuration, and
one for the configurations of a workspace's agents.
"""

import asyncio
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import NamedTuple

from db.config_sets import ConfigChanges, Versions
from domain.agents import ResolvedAgentConfig
from domain.change_stream import Change, MeetingChanges, MeetingUpdate, SegmentUpdates
from domain.config_sets import ResolvedConfigSet, etag
from domain.errors import InvalidInput
from domain.ids import AgentId, MeetingId
from domain.stream_positions import Position

MIN_KEPT_CHANGES = 1_000
"""The number of changes that a meeting's feed keeps at least; it keeps twice as many at most."""
MAX_SHARED_BATCHES = 16
"""The number of batches that a feed keeps for other readers at the same position."""
LATE_COMMIT_SECONDS = 60.0
"""The time within which a change of a meeting becomes visible: that from its time, which is taken when it is written, to its
commit. This is twice what one statement may take, or the pause after it."""
MAX_KEPT_MEETINGS = 10_000
"""The number of meetings that the feed of their list holds at most."""
MAX_KEPT_DELETIONS = 1_000
"""The number of slugs that the feed of configurations remembers after no agent has them."""


class Signal:
    """Wakes all tasks that wait for it, in their order; a task that starts to wait later waits for the next time."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], None] = {}

    def send(self) -> None:
        woken, self._waiting = self._waiting, {}
        for waiter in woken:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = None
        try:
            await waiter
        finally:
            self._waiting.pop(waiter, None)


class Feed:
    """Holds what the readers of one entity share."""

    def __init__(self) -> None:
        self.readers = 0
        self.changed = Signal()
        self.has_ended = False
        """True if nothing more will come: the entity was deleted, or more has changed than the feed can hold."""
        self.last_poll = 0
        """The number of the last poll that read the entity; 0: it has not been read."""


class MeetingFeed(Feed):
    """Holds the changes of one meeting after `floor`, up to and including `head`, each segment at its newest.

    `head` and `version`, which is the meeting's, are None until the first poll.
    """

    def __init__(self, meeting_id: MeetingId) -> None:
        super().__init__()
        self.meeting_id = meeting_id
        self.floor: Position | None = None
        self.head: Position | None = None
        self.version: int | None = None
        self.is_complete = False
        """True if the last poll left nothing unread in the table."""
        self._changes: list[Change] = []
        self._batches: dict[tuple[Position, int], SegmentUpdates] = {}

    def append(self, found: MeetingChanges, limit: int) -> bool:
        """Adds the changes that follow the head, and wakes the readers if there are any, or if the meeting itself has changed.

        `limit` is the number of changes that were asked for. Returns True if the table may hold more than was read.
        """
        changes, end = found.changes, Position.after_write(found.last_write)
        has_more = len(changes) == limit and changes[-1].position < end
        head = changes[-1].position if has_more else end
        if (head, found.version) == (self.head, self.version):
            return False
        self.version = found.version
        self.floor = self.floor or head
        self.head, self.is_complete = head, not has_more
        revised = {change.segment.segment_id for change in changes}
        self._changes = [change for change in self._changes if change.segment.segment_id not in revised] + changes
        if len(self._changes) > 2 * MIN_KEPT_CHANGES:
            self.floor = self._changes[-MIN_KEPT_CHANGES - 1].position
            del self._changes[:-MIN_KEPT_CHANGES]
        self._batches.clear()
        self.changed.send()
        return has_more

    def end(self) -> None:
        """Tells the readers that the meeting was deleted."""
        self.has_ended = True
        self.changed.send()

    def batch(self, after: Position, size: int) -> SegmentUpdates:
        """Returns up to `size` changes after a position that is not below the floor.

        Readers at the same position get the same object.
        """
        assert self.head is not None
        if (after, size) not in self._batches:
            if len(self._batches) >= MAX_SHARED_BATCHES:
                self._batches.clear()
            start = bisect_right(self._changes, after, key=attrgetter("position"))
            changes = self._changes[start : start + size]
            is_last = start + len(changes) == len(self._changes)
            end = max(self.head, after) if is_last else changes[-1].position
            caught_up = is_last and self.is_complete
            self._batches[after, size] = SegmentUpdates.of(self.meeting_id, changes, end, caught_up=caught_up)
        return self._batches[after, size]


class NumberedUpdate(NamedTuple):
    """An update, with its number in the feed, and the time of the event loop's clock by which it had been read."""

    number: int
    read_at: float
    update: MeetingUpdate


class MeetingListFeed(Feed):
    """Holds the meetings of a workspace that were created, changed or deleted lately, each at its newest.

    The updates are numbered as they are read, and those up to `floor` are no longer held. A change is looked for until it must
    have been committed, so each poll looks as far back as that, and leaves out what is held.
    """

    def __init__(self) -> None:
        super().__init__()
        self.floor = 0
        self.head = 0
        self._updates: list[NumberedUpdate] = []
        self._complete_at: float | None = None
        """The time of the last poll that left nothing unread in the table."""

    @property
    def updates(self) -> list[MeetingUpdate]:
        """All that is held, the oldest first."""
        return [numbered.update for numbered in self._updates]

    def drop_old(self, now: float) -> float:
        """Drops what a poll that begins now cannot find again. Returns how far back it must look, in seconds."""
        since_last_poll = 0.0 if self._complete_at is None else now - self._complete_at
        seconds = LATE_COMMIT_SECONDS + since_last_poll
        dropped = bisect_right(self._updates, now - seconds, key=attrgetter("read_at"))
        if dropped:
            self.floor = self._updates[dropped - 1].number
            del self._updates[:dropped]
        return seconds

    def append(self, found: list[MeetingUpdate], limit: int, began_at: float, read_at: float) -> bool:
        """Adds what a poll has read, and wakes the readers if there is anything.

        `limit` is the number of meetings that were asked for. Returns True if the table may hold more than was read.
        """
        has_more = len(found) == limit
        if not has_more:
            self._complete_at = began_at
        if found:
            changed = {update.meeting_id for update in found}
            self._updates = [numbered for numbered in self._updates if numbered.update.meeting_id not in changed]
            self._updates += (NumberedUpdate(self.head + nth, read_at, update) for nth, update in enumerate(found, 1))
            self.head += len(found)
            self.has_ended = len(self._updates) > MAX_KEPT_MEETINGS
            self.changed.send()
        return has_more

    def newest(self, meeting_id: MeetingId) -> MeetingUpdate | None:
        """Returns the newest update of a meeting, if it changed lately."""
        return next((update for update in self.updates if update.meeting_id == meeting_id), None)

    def next(self, after: int, meeting_id: MeetingId | None = None) -> NumberedUpdate | None:
        """Returns the update that follows a number which is not below the floor, of all meetings or of one."""
        start = bisect_right(self._updates, after, key=attrgetter("number"))
        if meeting_id is None:
            return self._updates[start] if start < len(self._updates) else None
        following = self._updates[start:]
        return next((numbered for numbered in following if numbered.update.meeting_id == meeting_id), None)


class ConfigFeed(Feed):
    """Holds what one agent resolves to; `config` is None until the first poll, and once the agent is deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.config: ResolvedAgentConfig | None = None
        self._signature: object = ()  # equal to no agent's, nor to the None of a deleted one

    def differs(self, signature: object) -> bool:
        """Returns True if the configuration has to be read again, as this signature is not that of the one held here."""
        return signature != self._signature

    def update(self, config: ResolvedAgentConfig | None, signature: object) -> None:
        """Replaces the configuration, and wakes the readers if its values changed; None: the agent was deleted."""
        has_news = config is None or config != self.config
        self._signature = signature
        self.config = config  # also where it is equal: the same values may come from elsewhere now
        self.has_ended = config is None
        if has_news:
            self.changed.send()


class _SlugState(NamedTuple):
    """Holds what the agent with a slug resolves to, or None if no agent has it any more; `number` is that of the change."""

    number: int
    config: ResolvedAgentConfig | None
    versions: Versions = (0, 0)


class ConfigSetFeed(Feed):
    """Holds what the agents of a workspace resolve to: all of them, or all whose slugs some reader has named.

    Each poll that finds changes has a number. A reader that has seen everything up to one number takes what comes after it,
    unless that is below `floor`: deletions up to that are no longer held.
    """

    def __init__(self, *, of_all: bool) -> None:
        super().__init__()
        self._of_all = of_all
        self.floor = 0
        self.head = 0
        self.problem: InvalidInput | None = None
        """Says why the feed has ended: there are more agents than a set can have."""
        self._named: Counter[str] = Counter()
        self._states: dict[str, _SlugState] = {}
        self._batches: dict[tuple[int | None, frozenset[str] | None], ResolvedConfigSet | None] = {}

    @contextmanager
    def naming(self, slugs: Collection[str]) -> Iterator[None]:
        """Has the configurations of these agents read while the block runs."""
        self._named.update(slugs)
        try:
            yield
        finally:
            self._named -= Counter(slugs)

    @property
    def slugs(self) -> list[str] | None:
        """The slugs that readers have named; None: the agents are all."""
        return None if self._of_all else list(self._named)

    def drop_unnamed(self) -> None:
        """Drops the agents that no reader names any more."""
        unnamed = () if self._of_all else self._states.keys() - self._named.keys()
        for slug in unnamed:
            del self._states[slug]
        if unnamed:
            self._batches.clear()

    @property
    def known(self) -> dict[AgentId, Versions]:
        """The versions of what is held."""
        return {state.config.agent_id: state.versions for state in self._states.values() if state.config}

    def update(self, found: ConfigChanges) -> None:
        """Takes over what a poll has found, and wakes the readers if any values changed."""
        before = {state.config.agent_id: slug for slug, state in self._states.items() if state.config}
        number, has_news = self.head + 1, False
        states: dict[str, _SlugState] = {}
        for config, versions in found.changed:
            slug = before.pop(config.agent_id, None)
            if slug == config.agent_slug and self._states[slug].config == config:
                # The values may come from elsewhere now.
                states[slug] = _SlugState(self._states[slug].number, config, versions)
                continue
            has_news = True
            states[config.agent_slug] = _SlugState(number, config, versions)
            if slug is not None:
                states.setdefault(slug, _SlugState(number, None))
        for id in found.gone:
            has_news = True
            states.setdefault(before[id], _SlugState(number, None))
        self._states |= states
        if states:
            self._batches.clear()
        if has_news:
            self.head = number
            self._drop_old_deletions()
            self.changed.send()

    def _drop_old_deletions(self) -> None:
        deletions = [(state.number, slug) for slug, state in self._states.items() if state.config is None]
        for number, slug in sorted(deletions)[:-MAX_KEPT_DELETIONS]:
            self.floor = number
            del self._states[slug]

    def end(self, problem: InvalidInput) -> None:
        """Tells the readers that nothing more will come, and why."""
        self.problem, self.has_ended = problem, True
        self.changed.send()

    def changes(self, after: int | None, slugs: frozenset[str] | None) -> ResolvedConfigSet | None:
        """Returns what follows a number which is not below the floor, of all agents or of some; None if nothing does.

        After None comes the whole set. Readers at the same position get the same object.
        """
        if (after, slugs) not in self._batches:
            if len(self._batches) >= MAX_SHARED_BATCHES:
                self._batches.clear()
            self._batches[after, slugs] = self._changes(after, slugs)
        return self._batches[after, slugs]

    def _changes(self, after: int | None, slugs: frozenset[str] | None) -> ResolvedConfigSet | None:
        wanted = sorted(self._states if slugs is None else slugs & self._states.keys())
        states = [(slug, self._states[slug]) for slug in wanted]
        whole = [state.config for _, state in states if state.config]
        if after is None:
            return ResolvedConfigSet.of(whole)
        news = [(slug, state.config) for slug, state in states if state.number > after]
        if not news:
            return None
        return ResolvedConfigSet(
            [config for _, config in news if config], [slug for slug, config in news if config is None], etag(whole)
        )
