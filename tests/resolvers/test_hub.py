"""The live hub and the bell on the real database: nothing is lost, nothing goes backwards, nobody is woken for nothing.

A `Process` is what one server process has of them. It looks into the database only where a test lets it: unasked looks and
heartbeats are an hour apart, a ring is sent by whom the test names, and a `silent` writer rings for nobody. No test waits for
something that must not come: it has something else come after it, and sees that it is the next.
"""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any, Self, TypeVar

import asyncpg
import pytest
from sqlalchemy import make_url

from db import bell as bell_module
from db.bell import CHANNEL, IDS_PER_NOTIFY, Bell
from db.changes import Changes
from db.database import Database
from db.engine import dsn
from domain.agents import Agent, NewAgent, ResolvedAgentConfig
from domain.configs import AgentConfig, ConfigOverrides
from domain.errors import InvalidInput, NotFound
from domain.ids import DEFAULT_WORKSPACE_ID, AgentId, MeetingId, new_id
from domain.meetings import Meeting
from domain.segments import SegmentContent
from domain.updates import START, Position, SegmentUpdates
from domain.validation import INT32_MAX
from domain.variants import AgentVariant, NewVariant
from resolvers import hub as hub_module
from resolvers.hub import Hub
from tests.harness.databases import TestPostgres
from tests.harness.sql import recorded

PATIENCE = 20.0
"""Seconds that anything may take; nothing here comes near."""
NEVER = 3600.0
POOL_SIZE = 5
ROLE = "ordinary"
LAST = 99
"""The number of a segment after which nothing comes."""

T = TypeVar("T")


async def soon(awaitable: Awaitable[T]) -> T:
    async with asyncio.timeout(PATIENCE):
        return await awaitable


class Writer:
    """Writes as the mutations do, each call a transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def meeting(self, segments: int = 0) -> MeetingId:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            meeting = await uow.meetings.create(Meeting.create(title="Weekly"))
            await uow.commit()
        if segments:
            await self.upsert(meeting.id, range(1, segments + 1))
        return meeting.id

    async def upsert(self, meeting_id: MeetingId, numbers: Iterable[int], text: str = "Said") -> Position:
        """Gives the place after the write."""
        contents = [SegmentContent(text, start_time=0, end_time=1, segment_id=number) for number in numbers]
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            upserted = await uow.segments.upsert(meeting_id, contents)
            await uow.commit()
        return Position.after_write(upserted.meeting.change_seq)

    async def delete(self, meeting_id: MeetingId, numbers: Sequence[int]) -> Position:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            deleted = await uow.segments.delete(meeting_id, numbers)
            await uow.commit()
        return Position.after_write(deleted.meeting.change_seq)

    async def delete_meeting(self, meeting_id: MeetingId) -> None:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            await uow.meetings.delete(meeting_id)
            await uow.commit()

    async def transcript(self, meeting_id: MeetingId) -> dict[int, tuple[int, str]]:
        """What the table says: of each segment its version and text."""
        async with self.database.reading(DEFAULT_WORKSPACE_ID) as repositories:
            found = await repositories.segments.get_by_meeting(meeting_id)
        return {segment.segment_id: (segment.version, segment.text) for segment in found}

    async def agent(self) -> AgentId:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            agent = await uow.agents.create(NewAgent("Scribe", AgentConfig("openai", "gpt")))
            await uow.commit()
        return agent.id

    async def variant(self, agent_id: AgentId, **overrides: Any) -> AgentVariant:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            agent = await uow.agents.lock(agent_id)
            variant = await uow.variants.create(agent, NewVariant("Variant", ConfigOverrides(**overrides)))
            await uow.commit()
        return variant

    async def change_agent(self, agent_id: AgentId, change: Callable[[Agent], Agent]) -> None:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            await uow.agents.update(change(await uow.agents.lock(agent_id)))
            await uow.commit()

    async def configure(self, agent_id: AgentId, **values: Any) -> None:
        await self.change_agent(agent_id, lambda agent: replace(agent, config=replace(agent.config, **values)))

    async def activate(self, agent_id: AgentId, variant: AgentVariant | None) -> None:
        active = None if variant is None else variant.id
        await self.change_agent(agent_id, lambda agent: replace(agent, active_variant_id=active))

    async def configure_variant(self, variant: AgentVariant, **values: Any) -> None:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            _, current = await uow.variants.lock(variant.id)
            await uow.variants.update(replace(current, overrides=replace(current.overrides, **values)))
            await uow.commit()

    async def delete_agent(self, agent_id: AgentId) -> None:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            await uow.agents.delete(agent_id)
            await uow.commit()


class Reader:
    """Follows a meeting as a client would: keeps the transcript and its place, and sees that nothing goes backwards."""

    def __init__(self, hub: Hub, meeting_id: MeetingId, after: Position, batch_size: int) -> None:
        self.place = after
        self.batch_size = batch_size
        self.transcript: dict[int, tuple[int, str]] = {}
        self._versions: dict[int, int] = {}
        self.stream = hub.segment_updates(meeting_id, after, batch_size)

    async def next(self) -> SegmentUpdates:
        batch = await soon(anext(self.stream))
        assert batch.position >= self.place
        assert len(batch.segments) + len(batch.deleted_segment_ids) <= self.batch_size
        for segment in batch.segments:
            assert segment.version > self._versions.get(segment.segment_id, 0)
            self._versions[segment.segment_id] = segment.version
            self.transcript[segment.segment_id] = (segment.version, segment.text)
        for number in batch.deleted_segment_ids:
            self._versions[number] = self._versions.get(number, 0) + 1  # or more: what comes next is newer than that
            self.transcript.pop(number, None)
        self.place = batch.position
        return batch

    async def catch_up(self) -> list[SegmentUpdates]:
        """What comes up to the first batch that is the last for now."""
        batches = [await self.next()]
        while not batches[-1].caught_up:
            batches.append(await self.next())
        return batches

    async def reach(self, place: Position) -> None:
        while self.place < place:
            await self.next()

    async def ended(self) -> bool:
        """Waits for the end, over the batches before it."""
        async with asyncio.timeout(PATIENCE):
            async for _ in self.stream:
                pass
        return True


class Configs:
    """Follows what an agent resolves to."""

    def __init__(self, hub: Hub, agent_id: AgentId) -> None:
        self._stream = hub.resolved_config_updates(agent_id)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stream.aclose()

    async def next(self) -> ResolvedAgentConfig:
        return await soon(anext(self._stream))

    async def ended(self) -> bool:
        with pytest.raises(StopAsyncIteration):
            await self.next()
        return True


class Process:
    """A bell, a hub and their database, and what the bell has told its listeners."""

    def __init__(self, url: str, **options: Any) -> None:
        self.database = Database(url, pool_size=POOL_SIZE, **options)
        self.hub = Hub(self.database, DEFAULT_WORKSPACE_ID)
        self.write = Writer(self.database)
        self.heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        self.database.bell.listen(self.heard.put_nowait)
        self.readers: list[Reader] = []
        self.tasks: list[asyncio.Task[Any]] = []

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """A task that does not outlive the process."""
        task = asyncio.create_task(coroutine)
        self.tasks.append(task)
        return task

    def reader(self, meeting_id: MeetingId, after: Position = START, batch_size: int = 100) -> Reader:
        self.readers.append(Reader(self.hub, meeting_id, after, batch_size))
        return self.readers[-1]

    async def caught_up_reader(self, meeting_id: MeetingId, batch_size: int = 100) -> Reader:
        reader = self.reader(meeting_id, batch_size=batch_size)
        await reader.catch_up()
        return reader

    def look(self, *meeting_ids: MeetingId) -> None:
        """Have the hub look at them."""
        self.hub.hear(Changes(meetings=set(meeting_ids)))

    async def is_listening(self) -> None:
        while await soon(self.heard.get()) is not None:
            pass

    async def keeps_nothing(self) -> bool:
        await self.has_all_its_connections()
        return not self.hub._tails and not self.hub._cells

    async def has_all_its_connections(self) -> None:
        """Takes them all at once, which fails if somebody keeps one."""
        async with AsyncExitStack() as stack:
            for _ in range(POOL_SIZE):
                await stack.enter_async_context(self.database.engine.connect())


@asynccontextmanager
async def running(url: str, *, with_bell: bool, **options: Any) -> AsyncIterator[Process]:
    process = Process(url, **options)
    services = [process.spawn(process.hub.run())]
    if with_bell:
        services.append(process.spawn(process.database.bell.run()))
    try:
        yield process
        assert not any(task.done() for task in services), "a task that must live as long as the process has ended"
    finally:
        for task in process.tasks:
            task.cancel()
        await asyncio.gather(*process.tasks, return_exceptions=True)
        for reader in process.readers:
            await reader.stream.aclose()
        await process.hub.close()
        await process.database.close()


class Ear:
    """Hears the notifications themselves, and who sent them."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.connection = connection
        self._received: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    def receive(self, _: object, pid: int, channel: str, payload: object) -> None:
        self._received.put_nowait((pid, str(payload)))

    async def next(self) -> tuple[int, Changes]:
        """The next one's sender and content."""
        pid, payload = await soon(self._received.get())
        assert len(payload.encode()) < 8000
        changes = bell_module._decoded(payload)
        assert changes is not None
        return pid, changes

    async def pid_of(self, bell: Bell) -> int:
        """Which backend serves the bell, found by having it ring."""
        ring = Changes(meetings={some_meeting()})
        bell.ring(ring)
        while (heard := await self.next())[1] != ring:
            pass
        return heard[0]


class Doors:
    """Ends the connections of the role that is not a superuser, and lets in no new ones of its."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", database: str) -> None:
        self._connection = connection
        self._database = database

    async def open(self) -> None:
        await self._connection.execute(f"ALTER DATABASE {self._database} CONNECTION LIMIT -1")

    async def close(self) -> None:
        """Nobody comes in, and who is in is thrown out."""
        await self._connection.execute(f"ALTER DATABASE {self._database} CONNECTION LIMIT 0")
        rows = await self._connection.fetch("SELECT pid FROM pg_stat_activity WHERE usename = $1", ROLE)
        for row in rows:
            assert await self._connection.fetchval("SELECT pg_terminate_backend($1, 10000)", row["pid"])

    async def end(self, pid: int) -> None:
        """Throw out one, and wait until it has gone."""
        assert await self._connection.fetchval("SELECT pg_terminate_backend($1, 10000)", pid)


@contextmanager
def first_record(logger: str) -> Iterator[asyncio.Event]:
    """Set when something is logged there."""
    event = asyncio.Event()
    handler = logging.Handler()
    handler.emit = lambda record: event.set()  # type: ignore[method-assign]
    logging.getLogger(logger).addHandler(handler)
    try:
        yield event
    finally:
        logging.getLogger(logger).removeHandler(handler)


Start = Callable[..., Awaitable[Process]]


@pytest.fixture(scope="module")
def database_url(postgres: TestPostgres) -> Iterator[str]:
    """One database will do: nobody minds the meetings and agents of others."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="module")
def url_of_role(postgres: TestPostgres, database_url: str) -> Iterator[str]:
    """The same database for a role that a closed door keeps out."""

    async def make_role() -> None:
        connection = await asyncpg.connect(dsn(database_url))
        await connection.execute(
            f"CREATE ROLE {ROLE} LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}"
        )
        await connection.close()

    async def drop_role() -> None:
        connection = await asyncpg.connect(dsn(database_url))
        await connection.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")
        await connection.close()

    asyncio.run(make_role())
    yield make_url(database_url).set(username=ROLE).render_as_string(hide_password=False)
    asyncio.run(drop_role())


@pytest.fixture(autouse=True)
def nothing_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "LOOK", NEVER)
    monkeypatch.setattr(hub_module, "PAUSE", 0.01)
    monkeypatch.setattr(bell_module, "HEARTBEAT", NEVER)


@pytest.fixture
async def start(url_of_role: str) -> AsyncIterator[Start]:
    """Starts a process; without its bell it hears only what it rings itself."""
    async with AsyncExitStack() as stack:

        async def one(*, with_bell: bool = False, **options: Any) -> Process:
            process = await stack.enter_async_context(running(url_of_role, with_bell=with_bell, **options))
            if with_bell:
                await process.is_listening()
            return process

        yield one


@pytest.fixture
async def process(start: Start) -> Process:
    return await start()


@pytest.fixture
async def silent(database_url: str) -> AsyncIterator[Writer]:
    """A writer that no process hears."""
    database = Database(database_url, pool_size=5)
    yield Writer(database)
    await database.close()


@pytest.fixture
async def ear(database_url: str) -> AsyncIterator[Ear]:
    connection = await asyncpg.connect(dsn(database_url))
    listening = Ear(connection)
    await connection.add_listener(CHANNEL, listening.receive)
    yield listening
    await connection.close()


@pytest.fixture
async def doors(postgres: TestPostgres, database_url: str) -> AsyncIterator[Doors]:
    connection = await asyncpg.connect(dsn(postgres.url))
    database = make_url(database_url).database
    assert database
    doors = Doors(connection, database)
    yield doors
    await doors.open()
    await connection.close()


def some_meeting() -> MeetingId:
    return MeetingId(new_id())


def numbers(batches: Iterable[SegmentUpdates]) -> list[int]:
    return [segment.segment_id for batch in batches for segment in batch.segments]


def texts(batches: Iterable[SegmentUpdates]) -> list[str]:
    return [segment.text for batch in batches for segment in batch.segments]


class TestReplayAndLive:
    async def test_a_reader_gets_the_transcript_and_then_what_is_written(self, process: Process) -> None:
        meeting = await process.write.meeting(segments=3)
        reader = process.reader(meeting)
        assert numbers(await reader.catch_up()) == [1, 2, 3]
        for number in (4, 5):
            waiting = process.spawn(reader.next())
            await process.write.upsert(meeting, [number])
            batch = await soon(waiting)
            assert (numbers([batch]), batch.caught_up) == ([number], True)
        assert reader.transcript == await process.write.transcript(meeting)

    async def test_the_first_batch_of_an_empty_meeting_is_empty(self, process: Process) -> None:
        meeting = await process.write.meeting()
        assert await process.reader(meeting).next() == SegmentUpdates(meeting, START, [], [], caught_up=True)

    async def test_a_reader_from_the_end_gets_an_empty_batch_first_and_then_only_what_is_new(
        self, process: Process, silent: Writer
    ) -> None:
        meeting = await silent.meeting()
        end = await silent.upsert(meeting, [1, 2])
        for reader in (process.reader(meeting, end), process.reader(meeting, end)):  # the first makes the tail
            assert await reader.next() == SegmentUpdates(meeting, end, [], [], caught_up=True)
        await silent.upsert(meeting, [3])
        process.look(meeting)
        for reader in process.readers:
            assert numbers([await reader.next()]) == [3]

    @pytest.mark.parametrize("live", [False, True], ids=["from the table", "from the tail"])
    async def test_a_write_is_split_into_batches_of_any_size_and_each_of_their_places_can_be_resumed_from(
        self, process: Process, silent: Writer, live: bool
    ) -> None:
        meeting, written = await silent.meeting(), list(range(1, 7))
        readers = [process.reader(meeting, batch_size=size) for size in range(1, 8)]
        if live:
            for reader in readers:
                assert (await reader.next()).caught_up
        end = await silent.upsert(meeting, written)
        process.look(meeting)
        for reader in readers:
            batches = await reader.catch_up()
            assert numbers(batches) == written
            assert reader.place == end
            assert [len(batch.segments) for batch in batches][:-1] == [reader.batch_size] * (len(batches) - 1)
            for batch in batches[:-1]:
                seen = numbers([batch])[-1]
                assert batch.position == Position(1, seen)
                late = process.reader(meeting, batch.position, reader.batch_size)
                assert numbers(await late.catch_up()) == written[seen:]

    async def test_a_deletion_arrives_as_a_tombstone_and_a_segment_that_comes_back_as_a_newer_one(
        self, process: Process
    ) -> None:
        meeting = await process.write.meeting(segments=2)
        reader = await process.caught_up_reader(meeting)
        await process.write.delete(meeting, [1, 7])
        batch = await reader.next()
        assert (batch.segments, batch.deleted_segment_ids) == ([], [1])
        await process.write.upsert(meeting, [1], "Again")
        batch = await reader.next()
        assert ([(one.segment_id, one.version) for one in batch.segments], batch.deleted_segment_ids) == ([(1, 3)], [])
        assert reader.transcript == await process.write.transcript(meeting)

    async def test_a_reader_that_comes_back_hears_of_what_was_deleted_meanwhile(
        self, process: Process, silent: Writer
    ) -> None:
        meeting = await silent.meeting()
        place = await silent.upsert(meeting, [1, 2, 3])
        await silent.delete(meeting, [2])
        await silent.upsert(meeting, [3], "Revised")
        (batch,) = await process.reader(meeting, place).catch_up()
        assert (texts([batch]), batch.deleted_segment_ids) == (["Revised"], [2])

    async def test_the_same_content_again_wakes_nobody(self, process: Process) -> None:
        meeting = await process.write.meeting(segments=1)
        reader = await process.caught_up_reader(meeting)
        await process.write.upsert(meeting, [1])
        await process.write.delete(meeting, [9])
        process.look(meeting)
        await process.write.upsert(meeting, [2])
        assert numbers([await reader.next()]) == [2]

    async def test_a_write_that_commits_late_is_not_skipped(self, start: Start, silent: Writer) -> None:
        """The first writer holds the lock: the second, who comes later, waits for it, and so does its number."""
        process = await start(with_bell=True)
        meeting = await silent.meeting()
        reader = await process.caught_up_reader(meeting)
        async with process.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            await uow.segments.upsert(meeting, [SegmentContent("First", 0, 1, 1)])
            second = process.spawn(process.write.upsert(meeting, [2]))
            other = await silent.meeting(segments=1)
            assert numbers(await process.reader(other).catch_up()) == [1]  # meanwhile the second would have been seen
            process.look(meeting)
            assert not second.done()
            await uow.commit()
        await reader.reach(await soon(second))
        assert sorted(reader.transcript) == [1, 2]

    async def test_many_writers_through_two_processes_and_readers_of_any_size_end_with_the_table(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub_module, "TAIL", 6)
        monkeypatch.setattr(hub_module, "PAGE", 4)
        one, other = await start(with_bell=True), await start(with_bell=True)
        meeting = await one.write.meeting()
        readers = [process.reader(meeting, batch_size=size) for process in (one, other) for size in (1, 3, 100)]

        async def writing(writer: Writer, own: int) -> None:
            for round in range(12):
                await writer.upsert(meeting, [own, *range(10, 14)], f"{own} in round {round}")
                if round % 4 == 3:
                    await writer.delete(meeting, [own, 10 + round % 3])

        async def reading(reader: Reader) -> None:
            while LAST not in reader.transcript:
                await reader.next()

        readings = [one.spawn(reading(reader)) for reader in readers]
        writings = [one.spawn(writing(process.write, own)) for own, process in enumerate((one, other, one, other))]
        await soon(asyncio.gather(*writings))
        await one.write.upsert(meeting, [LAST])
        await soon(asyncio.gather(*readings))
        table = await one.write.transcript(meeting)
        assert all(reader.transcript == table for reader in readers)


class TestTailAndTable:
    async def test_readers_at_the_same_place_get_the_same_batch(self, process: Process) -> None:
        meeting = await process.write.meeting()
        readers = [await process.caught_up_reader(meeting, size) for size in (100, 100, 7)]
        await process.write.upsert(meeting, [1])
        first, second, of_another_size = [await reader.next() for reader in readers]
        assert first is second
        assert first is not of_another_size
        assert first == of_another_size

    async def test_one_that_lags_within_the_tail_costs_no_statement(self, process: Process, silent: Writer) -> None:
        meeting = await silent.meeting()
        pilot, slow = [await process.caught_up_reader(meeting) for _ in range(2)]
        for number in range(1, 6):
            await silent.upsert(meeting, [number])
            process.look(meeting)
            await pilot.next()
        with recorded(process.database.engine) as statements:
            assert numbers(await slow.catch_up()) == [1, 2, 3, 4, 5]
        assert statements == []

    async def test_one_that_lags_behind_the_tail_reads_the_table(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub_module, "TAIL", 3)
        meeting = await silent.meeting()
        pilot, slow, slower = [await process.caught_up_reader(meeting, size) for size in (100, 100, 2)]
        places = []
        for number in range(1, 8):  # one more than twice the tail: it is cut back to the last three
            places.append(await silent.upsert(meeting, [number]))
            process.look(meeting)
            await pilot.next()
        with recorded(process.database.engine) as statements:
            within = process.reader(meeting, places[3])
            assert numbers(await within.catch_up()) == [5, 6, 7]
            assert len(statements) == 1  # the look that each begins with
            assert numbers(await slow.catch_up()) == [1, 2, 3, 4, 5, 6, 7]
            assert len(statements) == 2
            assert numbers(await slower.catch_up()) == [1, 2, 3, 4, 5, 6, 7]  # two batches bring it to the tail
            assert len(statements) == 4
        await silent.upsert(meeting, [8])
        process.look(meeting)
        for reader in process.readers:
            assert numbers([await reader.next()]) == [8]

    @pytest.mark.parametrize("written", range(1, 10))
    async def test_more_than_a_page_is_read_page_by_page(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch, written: int
    ) -> None:
        monkeypatch.setattr(hub_module, "PAGE", 3)
        monkeypatch.setattr(hub_module, "TAIL", 2)
        meeting = await silent.meeting()
        live, slow = [await process.caught_up_reader(meeting, size) for size in (100, 2)]
        end = await silent.upsert(meeting, range(1, written + 1))
        process.look(meeting)
        for reader in (live, slow):
            await reader.catch_up()  # says so at the end only, not after a page
        late = await process.caught_up_reader(meeting, 4)
        table = await silent.transcript(meeting)
        assert live.transcript == slow.transcript == late.transcript == table
        assert live.place == slow.place == late.place == end

    async def test_a_page_that_ends_with_the_highest_number_is_the_end_all_the_same(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub_module, "PAGE", 2)
        meeting, other = await silent.meeting(), await silent.meeting()
        reader, fence = [await process.caught_up_reader(id) for id in (meeting, other)]
        end = await silent.upsert(meeting, [1, INT32_MAX])
        process.look(meeting)
        await reader.reach(end)
        for number in (1, 2):  # by the second of these looks the one for more has been as well
            await silent.upsert(other, [number])
            process.look(other)
            await fence.next()
        assert (await process.reader(meeting, end).next()).caught_up

    async def test_a_full_batch_from_the_table_that_ends_with_the_highest_number_is_the_end_all_the_same(
        self, process: Process, silent: Writer
    ) -> None:
        meeting = await silent.meeting()
        end = await silent.upsert(meeting, [1, INT32_MAX])
        reader = process.reader(meeting, batch_size=2)
        batch = await reader.next()
        assert (numbers([batch]), batch.position) == ([1, INT32_MAX], end)
        if not batch.caught_up:
            assert (await reader.next()).caught_up

    async def test_one_that_lags_gets_the_newest_text_only_in_one_batch(self, process: Process, silent: Writer) -> None:
        meeting = await silent.meeting()
        pilot, slow = [await process.caught_up_reader(meeting) for _ in range(2)]
        for text in ("I", "I see", "I see that"):
            await silent.upsert(meeting, [1], text)
            process.look(meeting)
            assert texts([await pilot.next()]) == [text]
        await silent.delete(meeting, [1])
        await silent.upsert(meeting, [1, 2], "I see that now")
        process.look(meeting)
        await pilot.next()
        batch = await slow.next()
        assert (texts([batch]), batch.deleted_segment_ids, batch.caught_up) == (["I see that now"] * 2, [], True)

    async def test_one_that_lags_gets_the_newest_text_only_however_small_its_batches(
        self, process: Process, silent: Writer
    ) -> None:
        """docs/live.md: a slow consumer "gets the newest text of each segment it missed rather than every revision"."""
        meeting = await silent.meeting()
        pilot, slow = [await process.caught_up_reader(meeting, size) for size in (100, 1)]
        for text in ("I", "I see", "I see that", "I see that now"):
            end = await silent.upsert(meeting, [1], text)
            process.look(meeting)
            await pilot.next()
        heard = []
        while slow.place < end:
            heard += texts([await slow.next()])
        assert heard == ["I see that now"]

    async def test_one_behind_the_tail_gets_the_newest_text_only(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub_module, "TAIL", 1)
        meeting = await silent.meeting()
        pilot, slow = [await process.caught_up_reader(meeting, size) for size in (100, 1)]
        for text in ("I", "I see", "I see that", "I see that now"):
            await silent.upsert(meeting, [1], text)
            process.look(meeting)
            await pilot.next()
        assert texts([await slow.next()]) == ["I see that now"]

    async def test_one_that_is_ahead_of_the_tail_by_the_table_waits_for_it_and_misses_nothing(
        self, process: Process, silent: Writer
    ) -> None:
        meeting = await silent.meeting(segments=1)
        await process.caught_up_reader(meeting)  # the tail starts here, and hears of nothing
        await silent.upsert(meeting, [2, 3])
        replaying = process.reader(meeting, batch_size=2)
        assert numbers([await replaying.next()]) == [1, 2]
        end = await silent.upsert(meeting, [2, 4], "Later")
        process.look(meeting)
        await replaying.reach(end)
        assert replaying.transcript == await silent.transcript(meeting)


class TestCursors:
    async def test_the_cursor_of_a_write_can_be_followed_at_once(self, process: Process) -> None:
        meeting = await process.write.meeting()
        await process.caught_up_reader(meeting)
        end = await process.write.upsert(meeting, [1])
        reader = process.reader(meeting, end)  # before the hub has had time to look
        assert await reader.next() == SegmentUpdates(meeting, end, [], [], caught_up=True)

    async def test_a_cursor_that_the_tail_has_not_reached_yet_is_right(self, process: Process, silent: Writer) -> None:
        """Another process gave it, and its ring is still on its way."""
        meeting = await silent.meeting()
        await process.caught_up_reader(meeting)
        end = await silent.upsert(meeting, [1, 2])
        for place in (end, Position(end.change_seq, 1)):
            reader = process.reader(meeting, place)
            assert (await reader.next()).position >= place
        await silent.upsert(meeting, [3])
        process.look(meeting)
        for reader, due in zip(process.readers[1:], ([3], [2, 3]), strict=True):
            await reader.reach(Position.after_write(end.change_seq + 1))
            assert sorted(reader.transcript) == due

    async def test_a_cursor_more_than_a_page_ahead_of_the_tail_is_right(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As during an import through another process: one look does not bring the tail there."""
        monkeypatch.setattr(hub_module, "PAGE", 2)
        meeting = await silent.meeting()
        await process.caught_up_reader(meeting)
        end = await silent.upsert(meeting, range(1, 8))
        reader = process.reader(meeting, end)
        assert (await reader.next()).position == end
        await silent.upsert(meeting, [8])
        process.look(meeting)
        await reader.reach(Position.after_write(end.change_seq + 1))
        assert sorted(reader.transcript) == [8]

    async def test_a_reader_begins_with_what_is_there_when_it_comes(self, process: Process, silent: Writer) -> None:
        """Also where others read already, and no ring has told of it."""
        meeting = await silent.meeting()
        place = (await process.caught_up_reader(meeting)).place
        await silent.upsert(meeting, [1])
        assert numbers([await process.reader(meeting, place).next()]) == [1]

    @pytest.mark.parametrize("is_read", [False, True])
    async def test_a_cursor_ahead_of_the_meeting_is_an_error(self, process: Process, is_read: bool) -> None:
        meeting = await process.write.meeting(segments=2)
        if is_read:
            await process.caught_up_reader(meeting)
        with pytest.raises(InvalidInput, match="after"):
            await process.reader(meeting, Position(2, 0)).next()

    async def test_an_unknown_meeting_is_an_error_and_leaves_nothing_behind(self, process: Process) -> None:
        with pytest.raises(NotFound):
            await process.reader(some_meeting()).next()
        assert await process.keeps_nothing()


class TestDeletedMeetings:
    async def test_all_its_readers_come_to_their_end(self, process: Process) -> None:
        meeting = await process.write.meeting(segments=5)
        waiting = [process.spawn((await process.caught_up_reader(meeting)).ended()) for _ in range(3)]
        replaying = process.reader(meeting, batch_size=2)
        assert numbers([await replaying.next()]) == [1, 2]
        await process.write.delete_meeting(meeting)
        assert await soon(asyncio.gather(*waiting)) == [True] * 3
        assert await replaying.ended()
        with pytest.raises(NotFound):
            await process.reader(meeting).next()
        assert await process.keeps_nothing()

    async def test_one_that_comes_while_another_has_not_noticed_yet_is_told(self, process: Process) -> None:
        meeting = await process.write.meeting(segments=1)
        slow = await process.caught_up_reader(meeting)
        waiting = process.spawn((await process.caught_up_reader(meeting)).ended())
        await process.write.delete_meeting(meeting)
        assert await soon(waiting)
        with pytest.raises(NotFound):
            await process.reader(meeting).next()
        assert await slow.ended()
        assert await process.keeps_nothing()

    async def test_one_that_comes_before_its_ring_is_told(self, process: Process, silent: Writer) -> None:
        meeting = await silent.meeting(segments=1)
        waiting = await process.caught_up_reader(meeting)
        await silent.delete_meeting(meeting)
        with pytest.raises(NotFound):
            await process.reader(meeting).next()
        assert await waiting.ended()

    async def test_another_process_hears_of_it(self, start: Start) -> None:
        here, there = await start(with_bell=True), await start(with_bell=True)
        meeting = await here.write.meeting()
        reader = await there.caught_up_reader(meeting)
        await here.write.delete_meeting(meeting)
        assert await reader.ended()


class TestRings:
    async def test_the_writes_of_another_process_arrive_by_notification(self, start: Start) -> None:
        here, there = await start(with_bell=True), await start(with_bell=True)
        meeting = await here.write.meeting()
        reader = await there.caught_up_reader(meeting)
        for number in range(1, 4):
            await here.write.upsert(meeting, [number])
            assert numbers([await reader.next()]) == [number]
        await here.write.delete(meeting, [2])
        assert (await reader.next()).deleted_segment_ids == [2]

    async def test_a_lost_ring_is_made_up_for_by_the_look(
        self, start: Start, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub_module, "LOOK", 0.05)
        process = await start()
        meeting, doomed, agent = await silent.meeting(), await silent.meeting(), await silent.agent()
        reader, of_doomed = [await process.caught_up_reader(id) for id in (meeting, doomed)]
        configs = process.hub.resolved_config_updates(agent)
        await soon(anext(configs))
        for number in (1, 2):
            await silent.upsert(meeting, [number])
            assert numbers([await reader.next()]) == [number]
        await silent.configure(agent, model_name="other")
        assert (await soon(anext(configs))).model_name == "other"
        await silent.delete_meeting(doomed)
        assert await of_doomed.ended()
        await configs.aclose()

    async def test_what_is_written_while_the_bell_is_cut_off_arrives_when_it_is_back(
        self, start: Start, silent: Writer, ear: Ear, doors: Doors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bell_module, "HEARTBEAT", 0.05)
        process = await start(with_bell=True)
        meeting = await silent.meeting()
        reader = await process.caught_up_reader(meeting)
        await doors.close()
        await silent.upsert(meeting, [1])
        await doors.open()
        assert numbers([await reader.next()]) == [1]
        await silent.upsert(meeting, [2])
        await ear.connection.execute("SELECT pg_notify($1, $2)", CHANNEL, f'["m{meeting.hex}"]')
        assert numbers([await reader.next()]) == [2]

    async def test_a_hub_whose_database_goes_away_goes_on_when_it_is_back(
        self, process: Process, silent: Writer, doors: Doors
    ) -> None:
        meeting = await silent.meeting(segments=4)
        waiting, replaying = await process.caught_up_reader(meeting), process.reader(meeting, batch_size=1)
        assert numbers([await replaying.next()]) == [1]
        await doors.close()
        await silent.upsert(meeting, [5])
        process.look(meeting)
        tasks = [process.spawn(reader.catch_up()) for reader in (waiting, replaying, process.reader(meeting))]
        unknown = process.spawn(process.reader(some_meeting()).next())
        with first_record("rapporteur.hub") as complained:
            await soon(complained.wait())
        await doors.open()
        assert [numbers(batches) for batches in await soon(asyncio.gather(*tasks))] == [
            [5],
            [2, 3, 4, 5],
            [1, 2, 3, 4, 5],
        ]
        with pytest.raises(NotFound):
            await soon(unknown)

    @pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="there is no SIGSTOP")
    async def test_a_look_that_is_never_answered_is_given_up(self, start: Start, silent: Writer, ear: Ear) -> None:
        """As when the database's host is gone without a word: no statement ends then, nor does its connection."""
        process = await start(statement_timeout=0.5, connect_timeout=0.5)
        meeting = await silent.meeting()
        reader = await process.caught_up_reader(meeting)
        rows = await ear.connection.fetch("SELECT pid FROM pg_stat_activity WHERE usename = $1", ROLE)
        assert rows
        for row in rows:
            os.kill(row["pid"], signal.SIGSTOP)
        try:
            await silent.upsert(meeting, [1])
            process.look(meeting)
            assert numbers([await reader.next()]) == [1]
        finally:
            for row in rows:
                os.kill(row["pid"], signal.SIGCONT)

    async def test_a_meeting_that_cannot_be_read_is_no_trouble_for_the_others(
        self, process: Process, silent: Writer, ear: Ear, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub_module, "PART", 1)
        sick, healthy, new = [await silent.meeting() for _ in range(3)]
        of_sick, of_healthy = [await process.caught_up_reader(id) for id in (sick, healthy)]
        for meeting in (sick, healthy, new):
            await silent.upsert(meeting, [1])
        await ear.connection.execute(
            f"""
            CREATE FUNCTION readable(id uuid) RETURNS bool LANGUAGE plpgsql AS
                $$BEGIN IF id = '{sick}' THEN RAISE 'too long' USING ERRCODE = '57014'; END IF; RETURN true; END$$;
            CREATE POLICY sick ON segments TO {ROLE} USING (readable(meeting_id));
            ALTER TABLE segments ENABLE ROW LEVEL SECURITY
            """
        )
        try:
            process.look(sick, healthy)
            assert numbers([await of_healthy.next()]) == [1]
            assert numbers(await process.reader(new).catch_up()) == [1]
        finally:
            await ear.connection.execute(
                """
                ALTER TABLE segments DISABLE ROW LEVEL SECURITY;
                DROP POLICY sick ON segments;
                DROP FUNCTION readable(uuid)
                """
            )
        assert numbers([await of_sick.next()]) == [1]


class TestStatements:
    async def test_many_readers_of_a_meeting_cost_as_many_statements_as_one(
        self, process: Process, silent: Writer
    ) -> None:
        costs = []
        for count in (1, 50):
            meeting = await silent.meeting()
            readers = [await process.caught_up_reader(meeting) for _ in range(count)]
            waiting = [process.spawn(reader.next()) for reader in readers]
            with recorded(process.database.engine) as statements:
                await silent.upsert(meeting, [1, 2])
                process.look(meeting)
                batches = await soon(asyncio.gather(*waiting))
            assert all(batch is batches[0] for batch in batches)
            costs.append(len(statements))
        assert costs == [1, 1]

    async def test_many_readers_that_replay_side_by_side_cost_as_many_statements_as_one(
        self, process: Process, silent: Writer
    ) -> None:
        """As after a restart, when they all come back at once."""
        meeting = await silent.meeting(segments=7)
        costs = []
        for count in (1, 50):
            readers = [process.reader(meeting, batch_size=3) for _ in range(count)]
            with recorded(process.database.engine) as statements:
                replays = await soon(asyncio.gather(*(process.spawn(reader.catch_up()) for reader in readers)))
            assert all(numbers(batches) == list(range(1, 8)) for batches in replays)
            costs.append(len(statements))
            for reader in readers:
                await reader.stream.aclose()
        assert costs[1] == costs[0]

    async def test_a_look_at_many_meetings_is_one_statement(self, process: Process, silent: Writer) -> None:
        meetings = [await silent.meeting() for _ in range(10)]
        readers = [await process.caught_up_reader(meeting) for meeting in meetings for _ in range(3)]
        for meeting in meetings:
            await silent.upsert(meeting, [1, 2])
        with recorded(process.database.engine) as statements:
            process.look(*meetings)
            for reader in readers:
                assert numbers([await reader.next()]) == [1, 2]
        assert len(statements) == 1

    async def test_readers_that_come_together_share_the_look_they_begin_with(
        self, process: Process, silent: Writer
    ) -> None:
        meeting = await silent.meeting(segments=3)
        end = (await process.caught_up_reader(meeting)).place
        with recorded(process.database.engine) as statements:
            first = await soon(asyncio.gather(*(process.reader(meeting, end).next() for _ in range(10))))
        assert all(batch.caught_up for batch in first)
        assert len(statements) == 1

    async def test_rings_for_what_nobody_reads_here_cost_nothing(self, start: Start) -> None:
        here, there = await start(with_bell=True), await start(with_bell=True)
        meetings = [await here.write.meeting() for _ in range(4)]
        agents = [await here.write.agent() for _ in range(2)]
        readers = [await there.caught_up_reader(meeting) for meeting in meetings[:2]]
        configs = there.hub.resolved_config_updates(agents[0])
        await soon(anext(configs))
        with recorded(there.database.engine) as statements:
            for meeting in meetings[2:]:
                await here.write.upsert(meeting, [1])
            await here.write.configure(agents[1], model_name="other")
            await here.write.upsert(meetings[0], [1])
            await readers[0].next()
        assert len(statements) == 1
        await configs.aclose()

    async def test_a_look_at_many_agents_of_whom_one_has_changed_is_two_statements(
        self, process: Process, silent: Writer
    ) -> None:
        agents = [await silent.agent() for _ in range(5)]
        streams = [process.hub.resolved_config_updates(agent) for agent in agents for _ in range(3)]
        for stream in streams:
            await soon(anext(stream))
        await silent.configure(agents[0], model_name="other")
        with recorded(process.database.engine) as statements:
            process.hub.hear(Changes(agents=set(agents)))
            assert [(await soon(anext(stream))).model_name for stream in streams[:3]] == ["other"] * 3
        assert len(statements) == 2
        for stream in streams:
            await stream.aclose()


class TestLeaving:
    async def test_after_the_readers_have_left_nothing_is_kept(self, process: Process) -> None:
        meetings = [await process.write.meeting(segments=3) for _ in range(3)]
        agent = await process.write.agent()
        readers = [await process.caught_up_reader(meeting) for meeting in meetings for _ in range(2)]
        configs = [process.hub.resolved_config_updates(agent) for _ in range(2)]
        for stream in configs:
            await soon(anext(stream))
        assert {id: tail.readers for id, tail in process.hub._tails.items()} == dict.fromkeys(meetings, 2)
        assert {id: cell.readers for id, cell in process.hub._cells.items()} == {agent: 2}
        for reader in readers[1:]:
            await reader.stream.aclose()
        assert {id: tail.readers for id, tail in process.hub._tails.items()} == {meetings[0]: 1}
        await readers[0].stream.aclose()
        for stream in configs:
            await stream.aclose()
        assert await process.keeps_nothing()
        assert numbers(await process.reader(meetings[0]).catch_up()) == [1, 2, 3]

    async def test_one_that_leaves_costs_the_others_nothing(self, process: Process) -> None:
        meeting = await process.write.meeting()
        leaving, staying = [await process.caught_up_reader(meeting) for _ in range(2)]
        task = process.spawn(leaving.next())
        waiting = process.spawn(staying.next())
        await process.write.meeting()  # both wait by now
        task.cancel()
        await process.write.upsert(meeting, [1])
        assert numbers([await soon(waiting)]) == [1]
        assert task.cancelled()

    @pytest.mark.parametrize("is_read", [False, True])
    async def test_readers_cancelled_at_any_point_leave_the_counts_right(self, process: Process, is_read: bool) -> None:
        meeting, agent = await process.write.meeting(segments=5), await process.write.agent()
        if is_read:
            staying = await process.caught_up_reader(meeting)

        async def read(stream: AsyncIterator[object]) -> None:
            async for _ in stream:
                pass

        for steps in range(60):
            streams = [
                process.hub.segment_updates(meeting, START, 2),
                process.hub.segment_updates(some_meeting(), START, 2),
                process.hub.resolved_config_updates(agent),
            ]
            tasks = [process.spawn(read(stream)) for stream in streams]
            for _ in range(steps):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await soon(asyncio.gather(*tasks, return_exceptions=True))
            for stream in streams:
                await stream.aclose()
        assert {id: tail.readers for id, tail in process.hub._tails.items()} == ({meeting: 1} if is_read else {})
        assert not process.hub._cells
        assert numbers(await process.reader(meeting).catch_up()) == [1, 2, 3, 4, 5]
        if is_read:
            await process.write.upsert(meeting, [6])
            assert numbers([await staying.next()]) == [6]
        await process.has_all_its_connections()


class TestConfigurations:
    async def test_the_current_one_comes_at_once_and_then_each_change(self, process: Process) -> None:
        agent = await process.write.agent()
        variant = await process.write.variant(agent, model_name="variant's", temperature=0.1)
        async with Configs(process.hub, agent) as configs:
            assert (await configs.next()).model_name == "gpt"
            await process.write.configure(agent, model_name="base's")
            assert (await configs.next()).model_name == "base's"
            await process.write.activate(agent, variant)
            activated = await configs.next()
            assert (activated.variant_id, activated.model_name, activated.temperature) == (variant.id, "variant's", 0.1)
            await process.write.configure_variant(variant, temperature=0.2)
            assert (await configs.next()).temperature == 0.2
            await process.write.configure(agent, model_provider="other")
            assert (await configs.next()).model_provider == "other"
            await process.write.activate(agent, None)
            assert (await configs.next()).variant_id is None
        assert await process.keeps_nothing()

    async def test_a_change_that_alters_nothing_of_what_resolves_wakes_nobody(self, process: Process) -> None:
        agent = await process.write.agent()
        active = await process.write.variant(agent, model_name="variant's")
        await process.write.activate(agent, active)
        async with Configs(process.hub, agent) as configs:
            await configs.next()
            waiting = process.spawn(configs.next())
            await process.write.change_agent(agent, lambda agent: replace(agent, name="Renamed"))
            await process.write.configure(agent, model_name="overridden")
            inactive = await process.write.variant(agent, model_name="inactive")
            await process.write.configure_variant(inactive, model_name="still inactive")
            process.hub.hear(Changes(agents={agent}))
            await process.write.configure_variant(active, max_tokens=7)
            changed = await soon(waiting)
            assert (changed.model_name, changed.max_tokens) == ("variant's", 7)

    async def test_each_look_sees_the_changes_that_alter_nothing_without_announcing_them(
        self, process: Process, silent: Writer
    ) -> None:
        agent, other = await silent.agent(), await silent.agent()
        async with Configs(process.hub, agent) as configs, Configs(process.hub, other) as fence:
            await configs.next()
            await fence.next()
            news = process.hub._cells[agent].news
            waiting = process.spawn(news.wait())
            await silent.change_agent(agent, lambda agent: replace(agent, name="Renamed"))
            await silent.configure(other, model_name="other")
            process.hub.hear(Changes(agents={agent, other}))
            await fence.next()
            assert not waiting.done()
            await silent.configure(agent, model_name="other")
            process.hub.hear(Changes(agents={agent}))
            await soon(waiting)

    async def test_a_slow_reader_gets_the_newest_only_and_nothing_if_it_is_what_it_had(
        self, process: Process, silent: Writer
    ) -> None:
        agent = await silent.agent()
        async with Configs(process.hub, agent) as pilot, Configs(process.hub, agent) as slow:
            assert (await slow.next()).model_name == (await pilot.next()).model_name == "gpt"
            for name in ("one", "two", "gpt"):
                await silent.configure(agent, model_name=name)
                process.hub.hear(Changes(agents={agent}))
                assert (await pilot.next()).model_name == name
            waiting = process.spawn(slow.next())
            await silent.configure(agent, model_name="three")
            process.hub.hear(Changes(agents={agent}))
            assert (await soon(waiting)).model_name == "three"

    async def test_a_reader_begins_with_what_resolves_when_it_comes(self, process: Process, silent: Writer) -> None:
        """Also where others read already, and no ring has told of the change."""
        agent = await silent.agent()
        async with Configs(process.hub, agent) as early, Configs(process.hub, agent) as late:
            await early.next()
            await silent.configure(agent, model_name="other")
            assert (await late.next()).model_name == "other"

    async def test_a_deleted_agent_ends_the_stream(self, process: Process) -> None:
        agent = await process.write.agent()
        async with Configs(process.hub, agent) as waiting, Configs(process.hub, agent) as slow:
            for configs in (waiting, slow):
                await configs.next()
            end = process.spawn(waiting.ended())
            await process.write.delete_agent(agent)
            assert await soon(end)
            async with Configs(process.hub, agent) as late:
                with pytest.raises(NotFound):
                    await late.next()
            assert await slow.ended()
        assert await process.keeps_nothing()

    async def test_an_unknown_agent_is_an_error_and_leaves_nothing_behind(self, process: Process) -> None:
        async with Configs(process.hub, AgentId(new_id())) as configs:
            with pytest.raises(NotFound):
                await configs.next()
        assert await process.keeps_nothing()

    async def test_the_activation_in_another_process_arrives_by_notification(self, start: Start) -> None:
        here, there = await start(with_bell=True), await start(with_bell=True)
        agent = await here.write.agent()
        variant = await here.write.variant(agent, model_name="variant's")
        async with Configs(there.hub, agent) as configs:
            await configs.next()
            await here.write.activate(agent, variant)
            assert (await configs.next()).variant_id == variant.id
            await here.write.delete_agent(agent)
            assert await configs.ended()


@asynccontextmanager
async def ringing(bell: Bell) -> AsyncIterator[None]:
    task = asyncio.create_task(bell.run())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def refusing_to_notify(ear: Ear) -> AsyncIterator[None]:
    """The role finds another function of that name, which fails."""
    await ear.connection.execute(
        "CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$"
    )
    await ear.connection.execute(f"ALTER ROLE {ROLE} SET search_path = public, pg_catalog")
    yield
    await ear.connection.execute(f"ALTER ROLE {ROLE} RESET search_path; DROP FUNCTION public.pg_notify(text, text)")


@pytest.fixture
def bell(url_of_role: str) -> Bell:
    return Bell(url_of_role)


class TestBell:
    async def test_listeners_of_the_same_process_hear_it_at_once_and_only_once(self, bell: Bell, ear: Ear) -> None:
        heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        bell.listen(heard.put_nowait)
        ring = Changes({some_meeting()}, {AgentId(new_id())})
        bell.ring(ring)
        assert heard.get_nowait() == ring
        async with ringing(bell):
            assert await soon(heard.get()) is None  # it listens now
            pid, sent = await ear.next()
            assert sent == ring
            fence = some_meeting()
            await ear.connection.execute("SELECT pg_notify($1, $2)", CHANNEL, f'["m{fence.hex}"]')
            assert await soon(heard.get()) == Changes({fence})
            assert (await ear.next())[0] != pid

    async def test_rings_before_it_is_connected_go_out_together(self, bell: Bell, ear: Ear) -> None:
        rung = [Changes({some_meeting()}, {AgentId(new_id())}) for _ in range(20)]
        for ring in [*rung, *rung]:
            bell.ring(ring)
        async with ringing(bell):
            _, sent = await ear.next()
            assert sent == Changes(
                {id for ring in rung for id in ring.meetings}, {id for ring in rung for id in ring.agents}
            )
            fence = Changes({some_meeting()})
            bell.ring(fence)
            assert (await ear.next())[1] == fence

    @pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="there is no SIGSTOP")
    async def test_rings_while_a_notification_is_on_its_way_go_out_together(self, bell: Bell, ear: Ear) -> None:
        async with ringing(bell):
            pid = await ear.pid_of(bell)
            ids = {some_meeting() for _ in range(40)}
            os.kill(pid, signal.SIGSTOP)
            try:
                for id in ids:
                    bell.ring(Changes({id}))
                    await asyncio.sleep(0)
            finally:
                os.kill(pid, signal.SIGCONT)
            sent: list[Changes] = []
            while ids.difference(*(changes.meetings for changes in sent)):
                sent.append((await ear.next())[1])
            assert len(sent) <= 2

    async def test_more_ids_than_a_notification_holds_go_out_in_several(self, bell: Bell, ear: Ear) -> None:
        ring = Changes({some_meeting() for _ in range(2 * IDS_PER_NOTIFY)}, {AgentId(new_id())})
        bell.ring(ring)
        async with ringing(bell):
            parts = [(await ear.next())[1] for _ in range(3)]
        assert [len(part.meetings) + len(part.agents) for part in parts] == [IDS_PER_NOTIFY, IDS_PER_NOTIFY, 1]
        whole = Changes()
        for part in parts:
            whole.add(part)
        assert whole == ring

    @pytest.mark.parametrize(
        "payload",
        [
            "",
            "nonsense",
            "7",
            "null",
            "[7]",
            "[null]",
            '[""]',
            '["m"]',
            '["m123"]',
            '[["m"]]',
            '["everything"]',
            pytest.param('[{"meeting": 1}]', id="objects"),
            pytest.param('{"meetings": []}', id="an object"),
            pytest.param('["s019aa1b2c3d47e5f8a9b0c1d2e3f4a5b"]', id="a letter that is not known yet"),
        ],
    )
    async def test_a_payload_that_is_not_understood_means_look_everywhere(
        self, bell: Bell, ear: Ear, payload: str
    ) -> None:
        heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        bell.listen(heard.put_nowait)
        async with ringing(bell):
            assert await soon(heard.get()) is None
            for sent in (payload, f'["m{some_meeting().hex}"]'):
                await ear.connection.execute("SELECT pg_notify($1, $2)", CHANNEL, sent)
            assert await soon(heard.get()) is None
            assert await soon(heard.get()) is not None

    async def test_a_ring_while_it_is_cut_off_is_sent_when_it_is_back(self, bell: Bell, ear: Ear, doors: Doors) -> None:
        heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        bell.listen(heard.put_nowait)
        async with ringing(bell):
            pid = await ear.pid_of(bell)
            await doors.close()
            rung = Changes()
            for _ in range(3):
                ring = Changes({some_meeting()})
                bell.ring(ring)
                rung.add(ring)
            while heard.qsize():
                heard.get_nowait()
            await doors.open()
            assert await soon(heard.get()) is None  # its listeners look at everything
            sent = Changes()
            while sent != rung:
                sender, part = await ear.next()
                assert sender != pid
                sent.add(part)

    async def test_it_notices_by_itself_that_it_was_cut_off(
        self, bell: Bell, ear: Ear, doors: Doors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bell_module, "HEARTBEAT", 0.05)
        heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        bell.listen(heard.put_nowait)
        async with ringing(bell):
            assert await soon(heard.get()) is None
            pid = await ear.pid_of(bell)
            assert await soon(heard.get()) is not None
            await doors.end(pid)
            assert await soon(heard.get()) is None

    async def test_one_that_loses_each_connection_pauses_before_the_next(
        self, bell: Bell, refusing_to_notify: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It connects, and then what it asks is refused, as where it lands on a standby: that must not become a storm."""
        steps: list[str] = []
        connected_often = asyncio.Event()
        connect, sleep = asyncpg.connect, asyncio.sleep
        here = asyncio.get_running_loop()  # other tests' server runs in another thread

        async def recorded_connect(*arguments: Any, **options: Any) -> Any:
            if asyncio.get_running_loop() is not here:
                return await connect(*arguments, **options)
            steps.append("connect")
            if steps.count("connect") == 4:
                connected_often.set()
            return await connect(*arguments, **options)

        async def recorded_sleep(seconds: float) -> None:
            if seconds and asyncio.get_running_loop() is here:
                steps.append("pause")
            await sleep(seconds)

        monkeypatch.setattr(asyncpg, "connect", recorded_connect)
        monkeypatch.setattr(asyncio, "sleep", recorded_sleep)
        bell.ring(Changes({some_meeting()}))
        async with ringing(bell):
            await soon(connected_often.wait())
        assert steps == ["connect", "pause"] * 3 + ["connect"]
