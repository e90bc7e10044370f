"""The live hub: what changes in the database reaches every subscriber in this process, and nothing is lost.

The table is the log. A meeting's writes are numbered under its row's lock, so they become visible in the order of their
numbers: a reader that has seen all up to one place can ask for what comes after it and misses nothing. All else here only
says when to ask, and keeps a thousand readers from asking the same.

- A *tail* is the newest stretch of one meeting's changes, shared by the meeting's readers. One task reads, in one statement,
  what is new in all meetings that the notifier named, and appends it to their tails.
- A *reader* takes what follows its own place: from the tail, or from the table where the tail no longer reaches back. It
  keeps nothing but its place, so one that lags or leaves costs the others nothing, and gets the newest text of what it missed.
- A notification can be lost; so every few seconds the task looks at all tails unasked, also in one statement.

A *cell* does the same for the resolved configuration of one agent, where only the newest value counts.

No lock is needed: everything happens in one event loop, and state changes only between awaits.
"""

import asyncio
import contextlib
import logging
from bisect import bisect_right
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import zip_longest
from operator import attrgetter
from typing import TypeVar

from db.change_notifier import Changes
from db.database import Database
from domain.agents import ResolvedAgentConfig
from domain.change_stream import Change, Position, SegmentUpdates
from domain.errors import InvalidInput, NotFound, ServiceUnavailable
from domain.ids import AgentId, MeetingId, WorkspaceId

Id = TypeVar("Id")

logger = logging.getLogger("rapporteur.hub")

TAIL = 1_000
"""Changes that a tail keeps, at least; twice as many at most."""
PAGE = 1_000
"""Changes of one meeting that are read at once."""
LOOK = 5.0
"""Seconds between looks at everything."""
ANSWER = 5.0
"""Seconds that one statement of a look may take."""
FIRST_ANSWER = 10.0
"""Seconds that a reader waits for its first look."""
PART = 100
"""Meetings, or agents, of one statement."""
BATCHES = 16
"""Batches of a tail that are kept for other readers at the same place."""
PAUSE = 0.5
"""Seconds before the database is asked again after it did not answer."""
NOWHERE = Position.after_write(2**62)
"""A place after which there is nothing: asking there tells only the number of the last write."""


class _News:
    """Wakes all who wait, each time there is something new; who starts to wait later waits for the next time."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def announce(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        await self._event.wait()


class Tail:
    """The changes of one meeting in the places (`floor`, `head`], each segment at its newest.

    `head` is None until the first look.
    """

    def __init__(self, meeting_id: MeetingId) -> None:
        self.meeting_id = meeting_id
        self.readers = 0
        self.news = _News()
        self.gone = False
        self.floor: Position | None = None
        self.head: Position | None = None
        self.looked = 0  # the number of the last look at it
        self.at_end = False  # whether nothing was left to read at the last look
        self._changes: list[Change] = []
        self._batches: dict[tuple[Position, int], SegmentUpdates] = {}

    def append(self, changes: list[Change], last_write: int) -> bool:
        """Take what follows the head; says whether there may be more than was read."""
        end = Position.after_write(last_write)
        more = len(changes) == PAGE and changes[-1].position < end
        head = changes[-1].position if more else end
        if head == self.head:
            return False
        self.floor = self.floor or head
        self.head, self.at_end = head, not more
        again = {change.segment.segment_id for change in changes}
        self._changes = [change for change in self._changes if change.segment.segment_id not in again] + changes
        if len(self._changes) > 2 * TAIL:
            self.floor = self._changes[-TAIL - 1].position
            del self._changes[:-TAIL]
        self._batches.clear()
        self.news.announce()
        return more

    def end(self) -> None:
        """The meeting is gone."""
        self.gone = True
        self.news.announce()

    def batch(self, place: Position, size: int) -> SegmentUpdates:
        """What follows `place`, which is not below the floor. Readers at the same place get the same object."""
        assert self.head is not None
        if (place, size) not in self._batches:
            if len(self._batches) >= BATCHES:
                self._batches.clear()
            start = bisect_right(self._changes, place, key=attrgetter("position"))
            changes = self._changes[start : start + size]
            last = start + len(changes) == len(self._changes)
            caught_up = last and self.at_end
            end = max(self.head, place) if last else changes[-1].position
            self._batches[place, size] = SegmentUpdates.of(self.meeting_id, changes, end, caught_up=caught_up)
        return self._batches[place, size]


class Cell:
    """What one agent resolves to; `value` is None until the first look."""

    def __init__(self) -> None:
        self.readers = 0
        self.news = _News()
        self.gone = False
        self.value: ResolvedAgentConfig | None = None
        self.looked = 0  # the number of the last look at it
        self.signature: object = ()  # no agent's, and not that of none


def _parts(ids: Collection[Id]) -> Iterator[Sequence[Id]]:
    ordered = list(ids)
    return (ordered[start : start + PART] for start in range(0, len(ordered), PART))


class Hub:
    """The tails and cells of one workspace in this process."""

    def __init__(self, database: Database, workspace_id: WorkspaceId) -> None:
        self._database = database
        self.workspace_id = workspace_id
        self._tails: dict[MeetingId, Tail] = {}
        self._cells: dict[AgentId, Cell] = {}
        self._due = Changes()
        self._waiting = asyncio.Event()
        self._looks = 0
        self._looked = _News()
        self._reads: dict[tuple[MeetingId, Position, int], asyncio.Future[SegmentUpdates | None]] = {}
        database.notifier.subscribe(self.hear)

    def hear(self, changes: Changes | None) -> None:
        """Look at these soon (None: at all), as far as anybody here reads them."""
        if changes is None:
            changes = Changes(set(self._tails), set(self._cells))
        self._due.meetings |= changes.meetings & self._tails.keys()
        self._due.agents |= changes.agents & self._cells.keys()
        if self._due:
            self._waiting.set()

    async def run(self) -> None:
        """Look where the notifier says, and now and then everywhere, until cancelled."""
        clock = asyncio.get_running_loop().time
        next_look = clock() + LOOK
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(next_look):
                    await self._waiting.wait()
            if clock() >= next_look:
                next_look = clock() + LOOK
                self.hear(None)
            self._waiting.clear()
            self._looks += 1
            due, failed = self._due.drain(), Changes()
            for meetings, agents in zip_longest(_parts(due.meetings), _parts(due.agents), fillvalue=()):
                part = Changes(set(meetings), set(agents))
                try:
                    async with asyncio.timeout(ANSWER):
                        await self._look_at_meetings(part.meetings)
                        await self._look_at_agents(part.agents)
                except Exception as error:  # the one task of all subscribers must go on
                    logger.warning("live updates wait: %s", error, exc_info=not isinstance(error, ServiceUnavailable))
                    failed.add(part)
                self._looked.announce()
            if failed:
                await asyncio.sleep(PAUSE)
                self.hear(failed)

    async def _next_look(self, at: Tail | Cell, changes: Changes) -> None:
        """Have these looked at from now on, and wait for it: what a look that is under way sees may be older."""
        self.hear(changes)
        wanted = self._looks + 1
        try:
            async with asyncio.timeout(FIRST_ANSWER):
                while at.looked < wanted:
                    await self._looked.wait()
        except TimeoutError:
            raise ServiceUnavailable("the database does not answer now") from None

    async def _look_at_meetings(self, ids: set[MeetingId]) -> None:
        tails = [tail for id in ids if (tail := self._tails.get(id))]
        if not tails:
            return
        async with self._database.reading(self.workspace_id) as repositories:
            found = await repositories.segments.changes({tail.meeting_id: tail.head or NOWHERE for tail in tails}, PAGE)
        for tail in tails:
            tail.looked = self._looks
            if tail.meeting_id not in found:
                tail.end()
            else:
                last_write, changes = found[tail.meeting_id]
                if tail.append(changes, last_write):
                    self.hear(Changes(meetings={tail.meeting_id}))

    async def _look_at_agents(self, ids: set[AgentId]) -> None:
        cells = {id: cell for id in ids if (cell := self._cells.get(id))}
        if not cells:
            return
        async with self._database.reading(self.workspace_id) as repositories:
            signatures = await repositories.agents.signatures(cells)
            changed = [id for id, cell in cells.items() if signatures.get(id) != cell.signature]
            values = await repositories.agents.resolved(changed) if changed else {}
        for cell in cells.values():
            cell.looked = self._looks
        for id in changed:
            cell, value = cells[id], values.get(id)
            cell.signature = signatures.get(id)
            cell.gone = value is None
            news = value != cell.value or cell.gone
            cell.value = value  # also where it is equal: the same values may come from elsewhere now
            if news:
                cell.news.announce()

    async def close(self) -> None:
        """Hear no more, and end the reads that are under way."""
        self._database.notifier.unsubscribe(self.hear)
        reads = list(self._reads.values())
        for read in reads:
            read.cancel()
        await asyncio.gather(*reads, return_exceptions=True)

    async def segment_updates(
        self, meeting_id: MeetingId, after: Position, batch_size: int
    ) -> AsyncGenerator[SegmentUpdates, None]:
        """The changes after a place, and then those to come, in batches; ends when the meeting is deleted.

        The first batch comes at once, also when there is nothing in it. Raises NotFound for an unknown meeting, InvalidInput
        for a place that the meeting has not reached.
        """
        with self._tail(meeting_id) as tail:
            await self._next_look(tail, Changes(meetings={meeting_id}))
            while tail.head and after > tail.head and not tail.at_end and not tail.gone:
                await self._next_look(tail, Changes(meetings={meeting_id}))
            if tail.head is None or tail.gone:
                raise NotFound("meeting", meeting_id)
            if after > tail.head:
                raise InvalidInput.of(
                    "after", "must be a cursor that this meeting has given: it is ahead of the meeting"
                )
            place, first = after, True
            while not tail.gone:
                if not first and place >= tail.head:
                    await tail.news.wait()
                    continue
                assert tail.floor is not None
                if place >= tail.floor:
                    batch: SegmentUpdates | None = tail.batch(place, batch_size)
                else:
                    batch = await self._read(meeting_id, place, batch_size)
                if batch is None:
                    break
                yield batch
                place, first = batch.position, False

    async def _read(self, meeting_id: MeetingId, place: Position, size: int) -> SegmentUpdates | None:
        """The batch after a place that no tail reaches, from the table; None if the meeting is gone.

        Readers that ask at the same time for the same, as after a restart, share one read.
        """
        key = (meeting_id, place, size)
        if key not in self._reads:
            self._reads[key] = asyncio.ensure_future(self._batch_of_table(meeting_id, place, size))
            self._reads[key].add_done_callback(partial(self._end_read, key))
        return await asyncio.shield(self._reads[key])

    def _end_read(self, key: tuple[MeetingId, Position, int], read: asyncio.Future[SegmentUpdates | None]) -> None:
        del self._reads[key]
        if not read.cancelled():
            read.exception()  # whoever waited has it; if all have left, that is no reason for a complaint in the log

    async def _batch_of_table(self, meeting_id: MeetingId, place: Position, size: int) -> SegmentUpdates | None:
        found = await self._changes(meeting_id, place, size)
        if found is None:
            return None
        last_write, changes = found
        end = Position.after_write(last_write)
        caught_up = len(changes) < size or changes[-1].position == end
        end = max(place, end) if caught_up else changes[-1].position
        return SegmentUpdates.of(meeting_id, changes, end, caught_up=caught_up)

    async def _changes(self, meeting_id: MeetingId, place: Position, size: int) -> tuple[int, list[Change]] | None:
        """As `SegmentRepository.changes` for one meeting, as soon as the database answers."""
        while True:
            with contextlib.suppress(ServiceUnavailable):
                async with self._database.reading(self.workspace_id) as repositories:
                    return (await repositories.segments.changes({meeting_id: place}, size)).get(meeting_id)
            await asyncio.sleep(PAUSE)

    async def resolved_config_updates(self, agent_id: AgentId) -> AsyncGenerator[ResolvedAgentConfig, None]:
        """What the agent resolves to now, and each time it changes what then; ends when the agent is deleted.

        Raises NotFound for an unknown agent. A reader that is slow gets the newest value, not each one between.
        """
        with self._cell(agent_id) as cell:
            await self._next_look(cell, Changes(agents={agent_id}))
            if cell.value is None:
                raise NotFound("agent", agent_id)
            sent: ResolvedAgentConfig | None = None
            while cell.value is not None:
                if cell.value == sent:
                    await cell.news.wait()
                else:
                    sent = cell.value
                    yield sent

    @contextmanager
    def _tail(self, meeting_id: MeetingId) -> Iterator[Tail]:
        """The meeting's tail, for as long as somebody reads it."""
        tail = self._tails.get(meeting_id)
        if tail is None or tail.gone:
            tail = self._tails[meeting_id] = Tail(meeting_id)
        tail.readers += 1
        try:
            yield tail
        finally:
            tail.readers -= 1
            if not tail.readers and self._tails.get(meeting_id) is tail:
                del self._tails[meeting_id]

    @contextmanager
    def _cell(self, agent_id: AgentId) -> Iterator[Cell]:
        """The agent's cell, for as long as somebody reads it."""
        cell = self._cells.get(agent_id)
        if cell is None or cell.gone:
            cell = self._cells[agent_id] = Cell()
        cell.readers += 1
        try:
            yield cell
        finally:
            cell.readers -= 1
            if not cell.readers and self._cells.get(agent_id) is cell:
                del self._cells[agent_id]
