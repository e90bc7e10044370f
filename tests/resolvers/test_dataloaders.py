"""Checks the loaders on the database: one statement for keys asked for together, and no connection kept."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import asyncpg
import pytest

from db.connections import Session
from db.database import Database
from domain.agents import Agent, CreateAgent
from domain.configs import AgentConfig, ConfigOverrides
from domain.errors import ServiceUnavailable
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import AgentId, MeetingId, VariantId, WorkspaceId, new_id
from domain.meetings import Meeting
from domain.ordering import SegmentOrder
from domain.pagination import PageRequest
from domain.principals import local
from domain.segments import SegmentContent
from domain.transcripts import TranscriptFormat
from domain.variants import AgentVariant, CreateVariant
from executor.dataloader import MAX_BATCH_KEYS, DataLoader
from resolvers.agents import load_active_variants, load_agents, load_resolved_configs, load_variants_of_agents
from resolvers.dataloaders import Loaders
from resolvers.meetings import load_meetings
from resolvers.operation_budget import OperationBudget
from resolvers.segments import load_segment_counts, load_segment_pages, load_segments, load_speakers
from resolvers.transcripts import write_transcripts
from resolvers.variants import load_variants
from tests.harness.recorded_statements import recorded
from tests.harness.unhandled_exceptions import no_unhandled_exceptions
from tests.harness.waiting import until_lock_is_awaited

pytestmark = pytest.mark.slow


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=5)
    yield database
    await database.close()


class Stored:
    """Three agents, each with a variant that is active and one that is not, and three meetings with a segment each."""

    def __init__(self) -> None:
        self.agents: list[Agent] = []
        self.active: list[AgentVariant] = []
        self.meetings: list[Meeting] = []

    @property
    def agent_ids(self) -> list[AgentId]:
        return [agent.id for agent in self.agents]

    @property
    def variant_ids(self) -> list[VariantId]:
        return [variant.id for variant in self.active]

    @property
    def meeting_ids(self) -> list[MeetingId]:
        return [meeting.id for meeting in self.meetings]


@pytest.fixture
async def stored(database: Database) -> Stored:
    stored = Stored()
    async with database.unit_of_work(WORKSPACE) as uow:
        for number in range(3):
            agent = await uow.agents.create(CreateAgent(f"Agent {number}", AgentConfig("openai", "gpt")))
            active = await uow.variants.create(
                agent, CreateVariant("Active", ConfigOverrides(model_name=f"gpt-{number}"))
            )
            await uow.variants.create(agent, CreateVariant("Other", ConfigOverrides()))
            agent.active_variant_id = active.id
            stored.agents.append(await uow.agents.update(agent))
            active.is_active = True
            stored.active.append(active)
            meeting = await uow.meetings.create(Meeting.create(f"Meeting {number}"))
            content = SegmentContent(f"Text {number}", 0, 1, speaker="ann")
            stored.meetings.append((await uow.segments.upsert(meeting.id, [content])).meeting)
        await uow.commit()
    return stored


Kind = Callable[[Loaders, Stored], tuple[DataLoader[Any, Any], list[Any], Callable[[Any], Any], list[Any]]]
"""A loader, the keys to ask it for, what to look at of each value, and what that must be."""

PAGE = PageRequest(limit=10)
PRINCIPAL = local(WORKSPACE)
KINDS: dict[str, Kind] = {
    "agents": lambda loaders, stored: (loaders.of(load_agents), stored.agent_ids, lambda agent: agent, stored.agents),
    "resolved configs": lambda loaders, stored: (
        *(loaders.of(load_resolved_configs), stored.agent_ids),
        *(lambda config: (config.variant_id, config.model_name), [(stored.active[n].id, f"gpt-{n}") for n in range(3)]),
    ),
    "variants": lambda loaders, stored: (
        loaders.of(load_variants),
        stored.variant_ids,
        lambda variant: variant,
        stored.active,
    ),
    "variants of agents": lambda loaders, stored: (
        *(loaders.of(load_variants_of_agents, None), stored.agent_ids),
        *(lambda variants: [variant.slug for variant in variants], [["active", "other"]] * 3),
    ),
    "active variants": lambda loaders, stored: (
        *(loaders.of(load_active_variants), stored.agent_ids),
        *(lambda variant: variant, stored.active),
    ),
    "meetings": lambda loaders, stored: (
        loaders.of(load_meetings, PRINCIPAL),
        stored.meeting_ids,
        lambda meeting: meeting,
        stored.meetings,
    ),
    "segments": lambda loaders, stored: (
        *(loaders.of(load_segments, PRINCIPAL), [(id, 1) for id in stored.meeting_ids]),
        *(lambda segment: segment.text, ["Text 0", "Text 1", "Text 2"]),
    ),
    "transcripts": lambda loaders, stored: (
        loaders.of_many(write_transcripts, TranscriptFormat.TEXT, False, OperationBudget()),
        [(id, "") for id in stored.meeting_ids],
        *(lambda text: text, [f"[00:00:00] ann: Text {n}\n" for n in range(3)]),
    ),
    "speakers": lambda loaders, stored: (
        *(loaders.of(load_speakers), stored.meeting_ids),
        *(lambda speakers: [stats.speaker for stats in speakers], [["ann"]] * 3),
    ),
    "segment pages": lambda loaders, stored: (
        *(loaders.of(load_segment_pages, PAGE, "ann", None, SegmentOrder()), stored.meeting_ids),
        *(lambda page: [segment.text for segment in page.nodes], [["Text 0"], ["Text 1"], ["Text 2"]]),
    ),
    "segment counts": lambda loaders, stored: (
        *(loaders.of(load_segment_counts, "ann"), stored.meeting_ids),
        *(lambda count: count, [1, 1, 1]),
    ),
}
EVERY_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


@EVERY_KIND
async def test_keys_that_are_asked_for_together_are_one_statement_and_asked_again_none(
    database: Database, stored: Stored, kind: Kind
) -> None:
    loader, keys, look, expected = kind(Loaders(database, WORKSPACE), stored)
    with recorded(database.engine) as statements:
        values = await asyncio.gather(*(loader.load(key) for key in [*keys, *reversed(keys)]))
        assert [look(value) for value in values] == [*expected, *reversed(expected)]
        assert len(statements) == 1
        assert [look(await loader.load(key)) for key in keys] == expected
        assert len(statements) == 1
    assert checked_out(database) == 0


@EVERY_KIND
async def test_what_is_not_there_is_none_or_empty_beside_what_is(
    database: Database, stored: Stored, kind: Kind
) -> None:
    loader, keys, look, expected = kind(Loaders(database, WORKSPACE), stored)
    unknown = (MeetingId(new_id()), *keys[0][1:]) if isinstance(keys[0], tuple) else new_id()
    nothing, *values = await asyncio.gather(*(loader.load(key) for key in [unknown, *keys]))
    assert not getattr(nothing, "nodes", nothing)
    assert [look(value) for value in values] == expected


@EVERY_KIND
async def test_another_workspace_is_given_nothing(database: Database, stored: Stored, kind: Kind) -> None:
    loader, keys, *_ = kind(Loaders(database, WorkspaceId(new_id())), stored)
    for value in await asyncio.gather(*(loader.load(key) for key in keys)):
        assert not getattr(value, "nodes", value)


async def test_different_loaders_and_different_arguments_are_statements_of_their_own(
    database: Database, stored: Stored
) -> None:
    loaders = Loaders(database, WORKSPACE)
    with recorded(database.engine) as statements:
        await asyncio.gather(
            *(loaders.of(load_agents).load(id) for id in stored.agent_ids),
            *(loaders.of(load_meetings, PRINCIPAL).load(id) for id in stored.meeting_ids),
            *(
                loaders.of(load_segment_counts, speaker).load(id)
                for speaker in (None, "ann")
                for id in stored.meeting_ids
            ),
            *(
                loaders.of(load_segment_pages, PageRequest(n), None, None, SegmentOrder()).load(id)
                for n in (1, 2)
                for id in stored.meeting_ids
            ),
        )
    assert len(statements) == 6


async def test_more_keys_than_a_batch_takes_are_several_statements(database: Database, stored: Stored) -> None:
    loader = Loaders(database, WORKSPACE).of(load_agents)
    unknown = [AgentId(new_id()) for _ in range(MAX_BATCH_KEYS)]
    with recorded(database.engine) as statements:
        values = await asyncio.gather(*(loader.load(id) for id in [*unknown, *stored.agent_ids]))
    assert values == [None] * MAX_BATCH_KEYS + stored.agents
    assert len(statements) == 2


async def test_a_fresh_set_of_loaders_sees_what_was_written_since(database: Database, stored: Stored) -> None:
    before = Loaders(database, WORKSPACE)
    (id, *_) = stored.meeting_ids
    assert await before.of(load_segment_counts, None).load(id) == 1
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.segments.delete(id, [1])
        await uow.commit()
    assert await before.of(load_segment_counts, None).load(id) == 1
    assert await Loaders(database, WORKSPACE).of(load_segment_counts, None).load(id) is None


def checked_out(database: Database) -> int:
    return database.pool.checkedout()


@asynccontextmanager
async def blocked(database_url: str, table: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A table that nobody can read within the block; gives what waits until a statement waits for it."""
    locker, observer = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    try:
        async with locker.transaction():
            await locker.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield partial(until_lock_is_awaited, observer)
    finally:
        await locker.close()
        await observer.close()


async def test_a_waiter_cancelled_while_the_statement_runs_leaves_the_others_their_values_and_no_connection_taken(
    database: Database, database_url: str, stored: Stored
) -> None:
    loader = Loaders(database, WORKSPACE).of(load_meetings, PRINCIPAL)
    meeting = stored.meetings[0]

    async def ask() -> Meeting | None:
        return await loader.load(meeting.id)

    with recorded(database.engine) as statements:
        async with blocked(database_url, "meetings") as until_somebody_waits:
            first, second, third = (asyncio.create_task(ask()) for _ in range(3))
            await until_somebody_waits()
            first.cancel()
            await asyncio.wait([first])
        assert first.cancelled()
        assert [await second, await third] == [meeting, meeting]
    assert len(statements) == 1
    assert checked_out(database) == 0


async def test_a_batch_that_finds_no_connection_is_unavailability_for_all_its_waiters(
    database_url: str, stored: Stored
) -> None:
    database = Database(database_url, pool_size=1, pool_timeout=0.5)
    loader = Loaders(database, WORKSPACE).of(load_meetings, PRINCIPAL)
    with no_unhandled_exceptions():
        async with Session(database.pool):
            outcomes = await asyncio.gather(*(loader.load(id) for id in stored.meeting_ids), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ServiceUnavailable] * 3
        assert (
            await Loaders(database, WORKSPACE).of(load_meetings, PRINCIPAL).load(stored.meeting_ids[0])
            == stored.meetings[0]
        )
    await database.close()
