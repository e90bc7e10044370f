"""The unit of work: all or nothing, one winner among concurrent writers, and nothing across workspaces."""

import asyncio
from dataclasses import replace

import pytest

from db.engine import Engine, SessionFactory, create_engine, create_session_factory
from db.unit_of_work import UnitOfWork
from domain.agents import CreateAgent
from domain.configs import AgentConfig
from domain.errors import Conflict, InvalidInput, NotFound
from domain.ids import AgentId, new_id
from domain.meetings import Meeting, MeetingState
from domain.segments import Segment
from tests.harness.stored_meetings import new_segment, store_meeting, stored_titles


def checked_out(engine: Engine) -> int:
    return engine.pool.checkedout()


async def test_leaving_without_commit_rolls_back(engine: Engine, session_factory: SessionFactory) -> None:
    async with UnitOfWork(session_factory) as uow:
        await uow.meetings.create(Meeting.create(title="Lost"))
        assert await uow.meetings.count_by_state() == 1
    assert await stored_titles(session_factory) == []
    assert checked_out(engine) == 0


async def test_rollback_undoes_and_the_unit_can_go_on(session_factory: SessionFactory) -> None:
    async with UnitOfWork(session_factory) as uow:
        await uow.meetings.create(Meeting.create(title="Undone"))
        await uow.rollback()
        assert await uow.meetings.count_by_state() == 0
        await uow.meetings.create(Meeting.create(title="Done"))
        await uow.commit()
    assert await stored_titles(session_factory) == ["Done"]


async def test_commit_persists_and_what_follows_it_needs_its_own(session_factory: SessionFactory) -> None:
    async with UnitOfWork(session_factory) as uow:
        created = await uow.meetings.create(Meeting.create(title="Kept", metadata={"room": 3}))
        await uow.commit()
        await uow.meetings.create(Meeting.create(title="Lost"))
    async with UnitOfWork(session_factory) as uow:
        assert await uow.meetings.get(created.id) == created
    assert await stored_titles(session_factory) == ["Kept"]


async def test_another_session_sees_nothing_before_the_commit(session_factory: SessionFactory) -> None:
    async with UnitOfWork(session_factory) as uow:
        await uow.meetings.create(Meeting.create(title="Soon"))
        assert await stored_titles(session_factory) == []
        await uow.commit()
        assert await stored_titles(session_factory) == ["Soon"]


@pytest.mark.parametrize("kind", [LookupError, ValueError, OSError, FileNotFoundError, TimeoutError])
async def test_an_exception_inside_rolls_back_and_passes_through(
    engine: Engine, session_factory: SessionFactory, kind: type[Exception]
) -> None:
    """Also one of the kinds that a database may fail with: this one is not the database's."""
    error = kind("of the caller")

    async def failing() -> None:
        async with UnitOfWork(session_factory) as uow:
            await uow.meetings.create(Meeting.create(title="Kept"))
            await uow.commit()
            await uow.meetings.create(Meeting.create(title="Lost"))
            raise error

    with pytest.raises(kind) as raised:
        await failing()
    assert raised.value is error
    assert await stored_titles(session_factory) == ["Kept"]
    assert checked_out(engine) == 0


@pytest.mark.parametrize("committed", [True, False])
async def test_a_cancelled_block_gives_its_connection_back(
    engine: Engine, session_factory: SessionFactory, committed: bool
) -> None:
    inside = asyncio.Event()

    async def block() -> None:
        async with UnitOfWork(session_factory) as uow:
            await uow.meetings.create(Meeting.create(title="Weekly"))
            if committed:
                await uow.commit()
                await uow.meetings.count_by_state()
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(block())
    await inside.wait()
    assert checked_out(engine) == 1
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert checked_out(engine) == 0
    assert await stored_titles(session_factory) == (["Weekly"] if committed else [])


@pytest.mark.slow
async def test_a_block_cancelled_at_any_step_gives_its_connection_back_and_is_done_wholly_or_not_at_all(
    engine: Engine, session_factory: SessionFactory
) -> None:
    async def block(number: int) -> None:
        async with UnitOfWork(session_factory) as uow:
            await uow.meetings.create(Meeting.create(title=f"{number} a"))
            await uow.meetings.create(Meeting.create(title=f"{number} b"))
            await uow.commit()

    cancelled = 0
    for steps in range(80):
        task = asyncio.create_task(block(steps))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        cancelled += task.cancelled()
        assert checked_out(engine) == 0
    assert cancelled > 5

    found = await stored_titles(session_factory)
    assert [title[:-1] for title in found if title.endswith("a")] == [
        title[:-1] for title in found if title.endswith("b")
    ]


@pytest.mark.slow
async def test_of_concurrent_updates_that_read_the_same_version_exactly_one_succeeds(
    database_url: str, session_factory: SessionFactory
) -> None:
    meeting = await store_meeting(session_factory)
    all_have_read = asyncio.Barrier(20)
    engine = create_engine(database_url, pool_size=20)
    factory = create_session_factory(engine)

    async def retitle(number: int) -> Meeting:
        async with UnitOfWork(factory) as uow:
            read = await uow.meetings.get(meeting.id)
            assert read == meeting
            await all_have_read.wait()
            updated = await uow.meetings.update(replace(read, title=f"Title {number}"))
            await uow.commit()
            return updated

    outcomes = await asyncio.gather(*(retitle(number) for number in range(20)), return_exceptions=True)
    await engine.dispose()

    (winner,) = [outcome for outcome in outcomes if isinstance(outcome, Meeting)]
    losers = [outcome for outcome in outcomes if not isinstance(outcome, Meeting)]
    assert len(losers) == 19
    for error in losers:
        assert isinstance(error, ValueError)
        assert isinstance(error, Conflict)
        assert "modified concurrently" in str(error)
        assert error.current_version == 2
    assert winner.version == 2
    async with UnitOfWork(session_factory) as uow:
        assert await uow.meetings.get(meeting.id) == winner


async def test_a_stale_update_changes_nothing_and_one_of_a_missing_meeting_is_not_found(
    session_factory: SessionFactory,
) -> None:
    meeting = await store_meeting(session_factory)
    async with UnitOfWork(session_factory) as uow:
        first = await uow.meetings.update(replace(meeting, title="First"))
        with pytest.raises(ValueError, match="modified concurrently"):
            await uow.meetings.update(replace(meeting, title="Second"))
        await uow.commit()
    async with UnitOfWork(session_factory) as uow:
        assert await uow.meetings.get(meeting.id) == first
        with pytest.raises(NotFound):
            await uow.meetings.update(Meeting.create(title="Never stored"))


async def test_fifty_segments_added_at_once_are_all_there_in_order(session_factory: SessionFactory) -> None:
    meeting = await store_meeting(session_factory)
    segments = [new_segment(meeting, number) for number in range(1, 51)]
    async with UnitOfWork(session_factory) as uow:
        await uow.segments.add_many(meeting.id, reversed(segments))
        await uow.commit()
    await assert_stored(session_factory, meeting, segments)


async def test_fifty_segments_added_one_by_one_are_all_there_in_order(session_factory: SessionFactory) -> None:
    meeting = await store_meeting(session_factory)
    segments = [new_segment(meeting, number) for number in range(1, 51)]
    async with UnitOfWork(session_factory) as uow:
        for segment in reversed(segments):
            await uow.segments.add(meeting.id, segment)
        assert len(await uow.segments.get_by_meeting(meeting.id)) == 50
        await uow.commit()
    await assert_stored(session_factory, meeting, segments)


async def assert_stored(factory: SessionFactory, meeting: Meeting, segments: list[Segment]) -> None:
    async with UnitOfWork(factory) as uow:
        found = await uow.segments.get_by_meeting(meeting.id)
    for segment in found:  # when it was stored is the database's to say
        segment.created_at = segment.updated_at = segments[0].created_at
    assert found == segments


async def test_segments_that_are_not_committed_are_not_there(session_factory: SessionFactory) -> None:
    meeting = await store_meeting(session_factory)
    async with UnitOfWork(session_factory) as uow:
        await uow.segments.add(meeting.id, new_segment(meeting, 1))
    async with UnitOfWork(session_factory) as uow:
        assert await uow.segments.get_by_meeting(meeting.id) == []
        assert await uow.meetings.get(meeting.id) == meeting


async def test_meetings_are_counted_by_state(session_factory: SessionFactory) -> None:
    for state, number in ((MeetingState.CREATED, 3), (MeetingState.RECORDING, 2), (MeetingState.ERROR, 1)):
        for _ in range(number):
            await store_meeting(session_factory, state=state)
    async with UnitOfWork(session_factory) as uow:
        counts = {state: await uow.meetings.count_by_state(state) for state in MeetingState}
        assert {state: count for state, count in counts.items() if count} == {
            MeetingState.CREATED: 3,
            MeetingState.RECORDING: 2,
            MeetingState.ERROR: 1,
        }
        assert await uow.meetings.count_by_state() == 6


async def test_a_refused_write_is_an_error_of_the_domain_where_it_is_awaited(session_factory: SessionFactory) -> None:
    async with UnitOfWork(session_factory) as uow:
        with pytest.raises(InvalidInput):
            await uow.meetings.create(Meeting.create(title="Weekly", agent_id=AgentId(new_id())))
        await uow.rollback()
        await uow.agents.create(CreateAgent(name="Scribe", slug="scribe", config=AgentConfig("openai", "gpt")))
        with pytest.raises(Conflict):
            await uow.agents.create(CreateAgent(name="Scribe", slug="scribe", config=AgentConfig("openai", "gpt")))


async def test_agents_that_are_locked_by_slugs_can_be_referred_to(session_factory: SessionFactory) -> None:
    """Whoever gives a meeting to one of them does not wait, and so they do not wait for each other."""
    config = AgentConfig(model_provider="openai", model_name="gpt")
    async with UnitOfWork(session_factory) as uow:
        agents = [await uow.agents.create(CreateAgent(name, config, slug=name)) for name in ("a", "b")]
        meeting = await uow.meetings.create(Meeting.create(title="Weekly", agent_id=agents[0].id))
        await uow.commit()
    async with UnitOfWork(session_factory) as applying, UnitOfWork(session_factory) as assigning, asyncio.timeout(10):
        await assigning.meetings.get_for_update(meeting.id)
        locked = await applying.agents.list_for_update(None)
        assert [agent.id for agent in locked] == [agent.id for agent in agents]
        await assigning.meetings.update(replace(meeting, agent_id=agents[1].id))
        await assigning.commit()
        await applying.meetings.unassign_agents(*(agent.id for agent in agents))
        await applying.commit()
    async with UnitOfWork(session_factory) as uow:
        left = await uow.meetings.get(meeting.id)
        assert left
        assert left.agent_id is None
