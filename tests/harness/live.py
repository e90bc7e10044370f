"""Takes part in live updates: writers, readers, processes with a hub each, and a listener to notifications."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any, Self, TypeVar

import asyncpg
import pytest

from db import change_notifier
from db.change_notifier import ChangeNotifier, Changes
from db.connections import Session
from db.database import Database
from domain.agents import Agent, CreateAgent, ResolvedAgentConfig
from domain.change_stream import SegmentUpdates
from domain.configs import AgentConfig, ConfigOverrides
from domain.ids import DEFAULT_WORKSPACE_ID, AgentId, MeetingId, new_id
from domain.meetings import Meeting
from domain.segments import SegmentContent
from domain.stream_positions import START, Position
from domain.variants import AgentVariant, CreateVariant
from resolvers.live.hub import Hub

TIMEOUT_SECONDS = 20.0
LONGER_THAN_ANY_TEST_SECONDS = 3600.0
POOL_SIZE = 5
ROLE = "ordinary"
LAST = 99
T = TypeVar("T")


async def within_timeout(awaitable: Awaitable[T]) -> T:
    async with asyncio.timeout(TIMEOUT_SECONDS):
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
        """Reads the version and text of each segment from the table."""
        found = await self.database.repositories(DEFAULT_WORKSPACE_ID).segments.get_by_meeting(meeting_id)
        return {segment.segment_id: (segment.version, segment.text) for segment in found}

    async def agent(self) -> AgentId:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            agent = await uow.agents.create(CreateAgent("Scribe", AgentConfig("openai", "gpt")))
            await uow.commit()
        return agent.id

    async def variant(self, agent_id: AgentId, **overrides: Any) -> AgentVariant:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            agent = await uow.agents.get_for_update(agent_id)
            variant = await uow.variants.create(agent, CreateVariant("Variant", ConfigOverrides(**overrides)))
            await uow.commit()
        return variant

    async def change_agent(self, agent_id: AgentId, change: Callable[[Agent], Agent]) -> None:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            await uow.agents.update(change(await uow.agents.get_for_update(agent_id)))
            await uow.commit()

    async def configure(self, agent_id: AgentId, **values: Any) -> None:
        await self.change_agent(agent_id, lambda agent: replace(agent, config=replace(agent.config, **values)))

    async def activate(self, agent_id: AgentId, variant: AgentVariant | None) -> None:
        active = None if variant is None else variant.id
        await self.change_agent(agent_id, lambda agent: replace(agent, active_variant_id=active))

    async def configure_variant(self, variant: AgentVariant, **values: Any) -> None:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            current = await uow.variants.get_for_update(variant.id)
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
        batch = await within_timeout(anext(self.stream))
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
        """Reads batches up to the first that has caught up."""
        batches = [await self.next()]
        while not batches[-1].caught_up:
            batches.append(await self.next())
        return batches

    async def reach(self, place: Position) -> None:
        while self.place < place:
            await self.next()

    async def ended(self) -> bool:
        """Waits for the end, over the batches before it."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            async for _ in self.stream:
                pass
        return True


class ConfigReader:
    """Follows what an agent resolves to."""

    def __init__(self, hub: Hub, agent_id: AgentId) -> None:
        self._stream = hub.resolved_config_updates(agent_id)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stream.aclose()

    async def next(self) -> ResolvedAgentConfig:
        return await within_timeout(anext(self._stream))

    async def ended(self) -> bool:
        with pytest.raises(StopAsyncIteration):
            await self.next()
        return True


class Process:
    """A change notifier, a hub and their database, and what the notifier has told its listeners."""

    def __init__(self, url: str, **options: Any) -> None:
        self.database = Database(url, pool_size=POOL_SIZE, **options)
        self.hub = Hub(self.database, DEFAULT_WORKSPACE_ID)
        self.write = Writer(self.database)
        self.heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        self.database.notifier.subscribe(self.heard.put_nowait)
        self.readers: list[Reader] = []
        self.tasks: list[asyncio.Task[Any]] = []

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Starts a task that does not outlive the process."""
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

    def poll(self, *meeting_ids: MeetingId) -> None:
        """Has the hub poll them."""
        self.hub.request_poll(Changes(meetings=set(meeting_ids)))

    async def is_listening(self) -> None:
        while await within_timeout(self.heard.get()) is not None:
            pass

    async def keeps_nothing(self) -> bool:
        await self.has_all_its_connections()
        hub = self.hub
        return not (hub._meeting_feeds or hub._config_feeds or hub._list_feeds or hub._set_feeds)

    async def has_all_its_connections(self) -> None:
        """Takes them all at once, which fails if somebody keeps one."""
        async with AsyncExitStack() as stack:
            for _ in range(POOL_SIZE):
                await stack.enter_async_context(Session(self.database.pool))


@asynccontextmanager
async def running(url: str, *, with_notifier: bool, **options: Any) -> AsyncIterator[Process]:
    process = Process(url, **options)
    services = [process.spawn(process.hub.run())]
    if with_notifier:
        services.append(process.spawn(process.database.notifier.run()))
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


class NotificationListener:
    """Receives the notifications themselves, and who sent them."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.connection = connection
        self._received: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    def receive(self, _: object, pid: int, channel: str, payload: object) -> None:
        self._received.put_nowait((pid, str(payload)))

    async def next(self) -> tuple[int, Changes]:
        """Returns the next one's sender and content."""
        pid, payload = await within_timeout(self._received.get())
        assert len(payload.encode()) < 8000
        changes = change_notifier._decode(payload)
        assert changes is not None
        return pid, changes

    async def pid_of(self, notifier: ChangeNotifier) -> int:
        """Finds the backend that serves the notifier, by having it notify."""
        changes = Changes(meetings={some_meeting()})
        notifier.publish(changes)
        while (heard := await self.next())[1] != changes:
            pass
        return heard[0]


class ConnectionBlocker:
    """Blocks the connections of the role that is not a superuser, those that there are and new ones."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", database: str) -> None:
        self._connection = connection
        self._database = database

    async def allow(self) -> None:
        await self._connection.execute(f"ALTER DATABASE {self._database} CONNECTION LIMIT -1")

    async def block(self) -> None:
        """Ends the connections that there are, and refuses new ones."""
        await self._connection.execute(f"ALTER DATABASE {self._database} CONNECTION LIMIT 0")
        rows = await self._connection.fetch("SELECT pid FROM pg_stat_activity WHERE usename = $1", ROLE)
        for row in rows:
            assert await self._connection.fetchval("SELECT pg_terminate_backend($1, 10000)", row["pid"])

    async def terminate(self, pid: int) -> None:
        """Ends one connection, and waits until it has ended."""
        assert await self._connection.fetchval("SELECT pg_terminate_backend($1, 10000)", pid)


@contextmanager
def first_record(logger: str) -> Iterator[asyncio.Event]:
    """Yields an event that is set when something is logged there."""
    event = asyncio.Event()
    handler = logging.Handler()
    handler.emit = lambda record: event.set()  # type: ignore[method-assign]
    logging.getLogger(logger).addHandler(handler)
    try:
        yield event
    finally:
        logging.getLogger(logger).removeHandler(handler)


Start = Callable[..., Awaitable[Process]]


def some_meeting() -> MeetingId:
    return MeetingId(new_id())


def numbers(batches: Iterable[SegmentUpdates]) -> list[int]:
    return [segment.segment_id for batch in batches for segment in batch.segments]


def texts(batches: Iterable[SegmentUpdates]) -> list[str]:
    return [segment.text for batch in batches for segment in batch.segments]


@asynccontextmanager
async def running_notifier(notifier: ChangeNotifier) -> AsyncIterator[None]:
    task = asyncio.create_task(notifier.run())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
