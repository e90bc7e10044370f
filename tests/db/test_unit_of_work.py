"""The unit of work: all or nothing, one winner among concurrent writers, and nothing across workspaces."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

import pytest
from sqlalchemy import QueuePool, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from db.engine import create_engine, create_session_factory
from db.unit_of_work import UnitOfWork
from db.workspaces import ensure_workspace
from domain.agents import Agent, CreateAgent
from domain.configs import AgentConfig, ConfigOverrides
from domain.errors import Conflict, InvalidInput, NotFound
from domain.filters import AgentFilter, MeetingFilter
from domain.ids import DEFAULT_WORKSPACE_ID, AgentId, MeetingId, WorkspaceId, new_id
from domain.meetings import Meeting, MeetingState
from domain.pagination import PageRequest
from domain.segments import Segment, SegmentContent
from domain.variants import AgentVariant, CreateVariant

Factory = async_sessionmaker[AsyncSession]
EVERYTHING = PageRequest(limit=100)


@pytest.fixture
async def other(engine: AsyncEngine) -> WorkspaceId:
    """A second workspace."""
    id = WorkspaceId(new_id())
    await ensure_workspace(engine, id, "other")
    return id


async def stored(factory: Factory, state: MeetingState = MeetingState.CREATED) -> Meeting:
    """A meeting that is in the database."""
    async with UnitOfWork(factory) as uow:
        meeting = await uow.meetings.create(replace(Meeting.create(title="Weekly"), state=state))
        await uow.commit()
    return meeting


async def titles(factory: Factory) -> list[str]:
    """The titles that a new session sees, sorted."""
    async with UnitOfWork(factory) as uow:
        return sorted(meeting.title for meeting in (await uow.meetings.page(EVERYTHING, MeetingFilter())).nodes)


def checked_out(engine: AsyncEngine) -> int:
    assert isinstance(engine.pool, QueuePool)
    return engine.pool.checkedout()


def utterance(meeting: Meeting, number: int) -> Segment:
    return Segment(
        meeting_id=MeetingId(meeting.id),
        segment_id=number,
        text=f"Text {number}",
        start_time=number,
        end_time=number + 1,
    )


async def test_leaving_without_commit_rolls_back(engine: AsyncEngine, session_factory: Factory) -> None:
    async with UnitOfWork(session_factory) as uow:
        await uow.meetings.create(Meeting.create(title="Lost"))
        assert await uow.meetings.count_by_state() == 1
    assert await titles(session_factory) == []
    assert checked_out(engine) == 0


async def test_rollback_undoes_and_the_unit_can_go_on(session_factory: Factory) -> None:
    async with UnitOfWork(session_factory) as uow:
        await uow.meetings.create(Meeting.create(title="Undone"))
        await uow.rollback()
        assert await uow.meetings.count_by_state() == 0
        await uow.meetings.create(Meeting.create(title="Done"))
        await uow.commit()
    assert await titles(session_factory) == ["Done"]


async def test_commit_persists_and_what_follows_it_needs_its_own(session_factory: Factory) -> None:
    async with UnitOfWork(session_factory) as uow:
        created = await uow.meetings.create(Meeting.create(title="Kept", metadata={"room": 3}))
        await uow.commit()
        await uow.meetings.create(Meeting.create(title="Lost"))
    async with UnitOfWork(session_factory) as uow:
        assert await uow.meetings.get(created.id) == created
    assert await titles(session_factory) == ["Kept"]


async def test_another_session_sees_nothing_before_the_commit(session_factory: Factory) -> None:
    async with UnitOfWork(session_factory) as uow:
        await uow.meetings.create(Meeting.create(title="Soon"))
        assert await titles(session_factory) == []
        await uow.commit()
        assert await titles(session_factory) == ["Soon"]


@pytest.mark.parametrize("kind", [LookupError, ValueError, OSError, FileNotFoundError, TimeoutError])
async def test_an_exception_inside_rolls_back_and_passes_through(
    engine: AsyncEngine, session_factory: Factory, kind: type[Exception]
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
    assert await titles(session_factory) == ["Kept"]
    assert checked_out(engine) == 0


@pytest.mark.parametrize("committed", [True, False])
async def test_a_cancelled_block_gives_its_connection_back(
    engine: AsyncEngine, session_factory: Factory, committed: bool
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
    assert await titles(session_factory) == (["Weekly"] if committed else [])


async def test_a_block_cancelled_at_any_step_gives_its_connection_back_and_is_done_wholly_or_not_at_all(
    engine: AsyncEngine, session_factory: Factory
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

    found = await titles(session_factory)
    assert [title[:-1] for title in found if title.endswith("a")] == [
        title[:-1] for title in found if title.endswith("b")
    ]


async def test_of_concurrent_updates_that_read_the_same_version_exactly_one_succeeds(
    database_url: str, session_factory: Factory
) -> None:
    meeting = await stored(session_factory)
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
    session_factory: Factory,
) -> None:
    meeting = await stored(session_factory)
    async with UnitOfWork(session_factory) as uow:
        first = await uow.meetings.update(replace(meeting, title="First"))
        with pytest.raises(ValueError, match="modified concurrently"):
            await uow.meetings.update(replace(meeting, title="Second"))
        await uow.commit()
    async with UnitOfWork(session_factory) as uow:
        assert await uow.meetings.get(meeting.id) == first
        with pytest.raises(NotFound):
            await uow.meetings.update(Meeting.create(title="Never stored"))


async def test_fifty_segments_added_at_once_are_all_there_in_order(session_factory: Factory) -> None:
    meeting = await stored(session_factory)
    segments = [utterance(meeting, number) for number in range(1, 51)]
    async with UnitOfWork(session_factory) as uow:
        await uow.segments.add_many(meeting.id, reversed(segments))
        await uow.commit()
    await assert_stored(session_factory, meeting, segments)


async def test_fifty_segments_added_one_by_one_are_all_there_in_order(session_factory: Factory) -> None:
    meeting = await stored(session_factory)
    segments = [utterance(meeting, number) for number in range(1, 51)]
    async with UnitOfWork(session_factory) as uow:
        for segment in reversed(segments):
            await uow.segments.add(meeting.id, segment)
        assert len(await uow.segments.get_by_meeting(meeting.id)) == 50
        await uow.commit()
    await assert_stored(session_factory, meeting, segments)


async def assert_stored(factory: Factory, meeting: Meeting, segments: list[Segment]) -> None:
    async with UnitOfWork(factory) as uow:
        found = await uow.segments.get_by_meeting(meeting.id)
    for segment in found:  # when it was stored is the database's to say
        segment.created_at = segment.updated_at = segments[0].created_at
    assert found == segments


async def test_segments_that_are_not_committed_are_not_there(session_factory: Factory) -> None:
    meeting = await stored(session_factory)
    async with UnitOfWork(session_factory) as uow:
        await uow.segments.add(meeting.id, utterance(meeting, 1))
    async with UnitOfWork(session_factory) as uow:
        assert await uow.segments.get_by_meeting(meeting.id) == []
        assert await uow.meetings.get(meeting.id) == meeting


async def test_meetings_are_counted_by_state(session_factory: Factory) -> None:
    for state, number in ((MeetingState.CREATED, 3), (MeetingState.RECORDING, 2), (MeetingState.ERROR, 1)):
        for _ in range(number):
            await stored(session_factory, state=state)
    async with UnitOfWork(session_factory) as uow:
        counts = {state: await uow.meetings.count_by_state(state) for state in MeetingState}
        assert {state: count for state, count in counts.items() if count} == {
            MeetingState.CREATED: 3,
            MeetingState.RECORDING: 2,
            MeetingState.ERROR: 1,
        }
        assert await uow.meetings.count_by_state() == 6


async def test_a_workspace_is_made_once_and_renamed(engine: AsyncEngine, other: WorkspaceId) -> None:
    await ensure_workspace(engine, other, "renamed")
    await ensure_workspace(engine, other, "renamed")
    async with engine.connect() as connection:
        names = (await connection.execute(text("SELECT name FROM workspaces ORDER BY name"))).scalars().all()
    assert names == ["default", "renamed"]


class Belongings:
    """One of everything, in one workspace."""

    def __init__(self, agent: Agent, variant: AgentVariant, meeting: Meeting) -> None:
        self.agent = agent
        self.variant = variant
        self.meeting = meeting


async def belongings(factory: Factory, workspace_id: WorkspaceId, like: Belongings | None = None) -> Belongings:
    """Store one of everything, with the ids of `like` where it is given."""
    new_agent = CreateAgent(name="Scribe", slug="scribe", config=AgentConfig("openai", str(workspace_id)))
    new_variant = CreateVariant(name="Terse", slug="terse", overrides=ConfigOverrides(prompt_version=str(workspace_id)))
    new_meeting = Meeting.create(title=f"Of {workspace_id}")
    if like is not None:
        new_agent.id, new_variant.id, new_meeting.id = like.agent.id, like.variant.id, like.meeting.id
    async with UnitOfWork(factory, workspace_id) as uow:
        agent = await uow.agents.create(new_agent)
        variant = await uow.variants.create(agent, new_variant)
        agent.active_variant_id = variant.id
        agent = await uow.agents.update(agent)
        new_meeting.agent_id = agent.id
        meeting = await uow.meetings.create(new_meeting)
        await uow.segments.upsert(
            meeting.id, [SegmentContent(f"Of {workspace_id}", 0, 1, 1, speaker=str(workspace_id))]
        )
        await uow.commit()
    return Belongings(agent, variant, meeting)


async def test_another_workspace_sees_nothing_of_ours_and_can_change_none_of_it(
    session_factory: Factory, other: WorkspaceId
) -> None:
    ours = await belongings(session_factory, DEFAULT_WORKSPACE_ID)
    agent, variant, meeting = ours.agent, ours.variant, ours.meeting
    async with UnitOfWork(session_factory, other) as uow:
        assert await uow.agents.get(agent.id) is None
        assert await uow.agents.by_slug(agent.slug) is None
        assert await uow.agents.resolved([agent.id]) == {}
        assert await uow.agents.count(AgentFilter()) == 0
        assert (await uow.agents.page(EVERYTHING, AgentFilter())).nodes == []
        assert await uow.variants.get(variant.id) is None
        assert await uow.variants.by_agents([agent.id]) == {}
        assert await uow.variants.active_by_agents([agent.id]) == {}
        assert await uow.meetings.get(meeting.id) is None
        assert await uow.meetings.count_by_state() == 0
        assert (await uow.meetings.page(EVERYTHING, MeetingFilter())).nodes == []
        assert await uow.segments.get_by_meeting(meeting.id) == []
        assert (await uow.segments.pages([meeting.id], EVERYTHING))[meeting.id].nodes == []
        assert await uow.segments.by_keys([(meeting.id, 1)]) == {}
        assert await uow.segments.counts([meeting.id]) == {}
        assert await uow.segments.speakers([meeting.id]) == {}

        refused: list[Awaitable[object]] = [
            uow.agents.get_for_update(agent.id),
            uow.variants.get_for_update(variant.id),
            uow.meetings.get_for_update(meeting.id),
            uow.meetings.update(replace(meeting, title="Stolen")),
            uow.segments.upsert(meeting.id, [SegmentContent("Stolen", 0, 1, 1)]),
            uow.segments.delete(meeting.id, [1]),
        ]
        for attempt in refused:
            with pytest.raises(NotFound):
                await attempt
        with pytest.raises(Conflict):
            await uow.agents.update(agent)
        with pytest.raises(Conflict):
            await uow.variants.update(variant)
        await uow.variants.delete(variant.id)
        await uow.agents.delete(agent.id)
        await uow.meetings.delete(meeting.id)
        await uow.commit()
    await assert_untouched(session_factory, DEFAULT_WORKSPACE_ID, ours)


async def test_the_same_ids_in_two_workspaces_are_two_things(session_factory: Factory, other: WorkspaceId) -> None:
    ours = await belongings(session_factory, DEFAULT_WORKSPACE_ID)
    theirs = await belongings(session_factory, other, like=ours)
    assert theirs.meeting.id == ours.meeting.id
    await assert_untouched(session_factory, DEFAULT_WORKSPACE_ID, ours)
    await assert_untouched(session_factory, other, theirs)

    async with UnitOfWork(session_factory, other) as uow:
        await uow.segments.upsert(ours.meeting.id, [SegmentContent("Revised", 0, 1, 1)])
        await uow.segments.delete(ours.meeting.id, [1])
        await uow.meetings.update(replace(theirs.meeting, title="Changed"))
        await uow.meetings.delete(theirs.meeting.id)
        agent = await uow.agents.update(replace(theirs.agent, name="Changed", active_variant_id=None))
        await uow.variants.update(replace(theirs.variant, name="Changed"))
        await uow.variants.delete(theirs.variant.id)
        await uow.agents.delete(agent.id)
        await uow.commit()
    await assert_untouched(session_factory, DEFAULT_WORKSPACE_ID, ours)
    async with UnitOfWork(session_factory, other) as uow:
        assert await uow.meetings.count_by_state() == 0
        assert await uow.agents.count(AgentFilter()) == 0


async def assert_untouched(factory: Factory, workspace_id: WorkspaceId, mine: Belongings) -> None:
    """Every way to read the workspace gives exactly what was stored there."""
    agent, variant, meeting = mine.agent, mine.variant, mine.meeting
    active = replace(variant, is_active=True)
    async with UnitOfWork(factory, workspace_id) as uow:
        assert (await uow.agents.page(EVERYTHING, AgentFilter())).nodes == [agent]
        assert await uow.agents.by_slug("scribe") == agent
        assert await uow.agents.count(AgentFilter()) == 1
        resolved = (await uow.agents.resolved([agent.id]))[agent.id]
        assert (resolved.model_name, resolved.prompt_version) == (str(workspace_id), str(workspace_id))
        assert await uow.variants.get(variant.id) == active
        assert await uow.variants.by_agents([agent.id]) == {agent.id: [active]}
        assert await uow.variants.active_by_agents([agent.id]) == {agent.id: active}
        (found,) = (await uow.meetings.page(EVERYTHING, MeetingFilter())).nodes
        assert found == replace(meeting, change_seq=1)
        assert await uow.meetings.count_by_state() == 1
        (segment,) = await uow.segments.get_by_meeting(meeting.id)
        assert (segment.text, segment.version) == (f"Of {workspace_id}", 1)
        assert (await uow.segments.pages([meeting.id], EVERYTHING))[meeting.id].nodes == [segment]
        assert await uow.segments.by_keys([(meeting.id, 1)]) == {(meeting.id, 1): segment}
        assert await uow.segments.counts([meeting.id]) == {meeting.id: 1}
        assert [stats.speaker for stats in (await uow.segments.speakers([meeting.id]))[meeting.id]] == [
            str(workspace_id)
        ]


async def test_a_meeting_cannot_name_an_agent_of_another_workspace(
    session_factory: Factory, other: WorkspaceId
) -> None:
    ours = await belongings(session_factory, DEFAULT_WORKSPACE_ID)
    theirs = await belongings(session_factory, other)

    async def create() -> None:
        async with UnitOfWork(session_factory, other) as uow:
            await uow.meetings.create(Meeting.create(title="Theirs", agent_id=ours.agent.id))

    async def update() -> None:
        async with UnitOfWork(session_factory, other) as uow:
            await uow.meetings.update(replace(theirs.meeting, agent_id=ours.agent.id))

    for attempt in (create, update):
        with pytest.raises(InvalidInput) as refused:
            await attempt()
        assert [problem.path for problem in refused.value.fields] == ["input.agent_id"]
    await assert_untouched(session_factory, other, theirs)


async def test_a_refused_write_is_an_error_of_the_domain_where_it_is_awaited(session_factory: Factory) -> None:
    async with UnitOfWork(session_factory) as uow:
        with pytest.raises(InvalidInput):
            await uow.meetings.create(Meeting.create(title="Weekly", agent_id=AgentId(new_id())))
        await uow.rollback()
        await uow.agents.create(CreateAgent(name="Scribe", slug="scribe", config=AgentConfig("openai", "gpt")))
        with pytest.raises(Conflict):
            await uow.agents.create(CreateAgent(name="Scribe", slug="scribe", config=AgentConfig("openai", "gpt")))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO meetings (workspace_id, id, title, state, agent_id) VALUES (:theirs, :new, 'x', 'CREATED', :agent)",
        "UPDATE meetings SET agent_id = :agent WHERE workspace_id = :theirs",
        "UPDATE meetings SET workspace_id = :theirs WHERE workspace_id = :ours",
        """INSERT INTO agent_variants (workspace_id, id, agent_id, slug, name, description)
            VALUES (:theirs, :new, :agent, 'x', 'x', '')""",
        "UPDATE agent_variants SET agent_id = :agent WHERE workspace_id = :theirs",
        "UPDATE agent_variants SET workspace_id = :theirs WHERE workspace_id = :ours",
        "UPDATE agents SET active_variant_id = :variant WHERE workspace_id = :theirs",
        "UPDATE agents SET workspace_id = :theirs, slug = 'x' WHERE workspace_id = :ours",
        """INSERT INTO segments (
            workspace_id, meeting_id, segment_id, text, speaker, start_time, end_time, is_final, change_seq
        ) VALUES (:theirs, :meeting, 1, 'x', '', 0, 1, true, 1)""",
        "UPDATE segments SET meeting_id = :meeting WHERE workspace_id = :theirs",
        "UPDATE segments SET workspace_id = :theirs WHERE workspace_id = :ours",
        "UPDATE meetings SET workspace_id = :new",
    ],
)
async def test_the_database_refuses_whatever_crosses_workspaces(
    session_factory: Factory, other: WorkspaceId, statement: str
) -> None:
    ours = await belongings(session_factory, DEFAULT_WORKSPACE_ID)
    await belongings(session_factory, other)
    ids = {
        "ours": DEFAULT_WORKSPACE_ID,
        "theirs": other,
        "agent": ours.agent.id,
        "variant": ours.variant.id,
        "meeting": ours.meeting.id,
        "new": new_id(),
    }
    used = {name: id for name, id in ids.items() if f":{name}" in statement}
    async with session_factory() as session:
        with pytest.raises(IntegrityError, match="foreign key constraint"):
            await session.execute(text(statement), used)


async def test_agents_that_are_locked_by_slugs_can_be_referred_to(session_factory: Factory) -> None:
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
