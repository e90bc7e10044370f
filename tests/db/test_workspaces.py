"""Checks that nothing of a workspace is seen or changed from another."""

from collections.abc import Awaitable
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.engine import Engine, SessionFactory
from db.unit_of_work import UnitOfWork
from db.workspaces import ensure_workspace
from domain.agents import Agent, CreateAgent
from domain.configs import AgentConfig, ConfigOverrides
from domain.errors import Conflict, InvalidInput, NotFound
from domain.filters import AgentFilter, MeetingFilter
from domain.ids import DEFAULT_WORKSPACE_ID, WorkspaceId, new_id
from domain.meetings import Meeting
from domain.segments import SegmentContent
from domain.variants import AgentVariant, CreateVariant
from tests.harness.stored_agents import WHOLE_LIST


async def test_a_workspace_is_made_once_and_renamed(engine: Engine, other: WorkspaceId) -> None:
    await ensure_workspace(engine, other, "renamed")
    await ensure_workspace(engine, other, "renamed")
    async with engine.connect() as connection:
        names = (await connection.execute(text("SELECT name FROM workspaces ORDER BY name"))).scalars().all()
    assert names == ["default", "renamed"]


class Belongings:
    """Holds an agent, a variant and a meeting of one workspace."""

    def __init__(self, agent: Agent, variant: AgentVariant, meeting: Meeting) -> None:
        self.agent = agent
        self.variant = variant
        self.meeting = meeting


async def belongings(factory: SessionFactory, workspace_id: WorkspaceId, like: Belongings | None = None) -> Belongings:
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
    session_factory: SessionFactory, other: WorkspaceId
) -> None:
    ours = await belongings(session_factory, DEFAULT_WORKSPACE_ID)
    agent, variant, meeting = ours.agent, ours.variant, ours.meeting
    async with UnitOfWork(session_factory, other) as uow:
        assert await uow.agents.get(agent.id) is None
        assert await uow.agents.by_slug(agent.slug) is None
        assert await uow.agents.resolved([agent.id]) == {}
        assert await uow.agents.count(AgentFilter()) == 0
        assert (await uow.agents.page(WHOLE_LIST, AgentFilter())).nodes == []
        assert await uow.variants.get(variant.id) is None
        assert not (await uow.variants.by_agents([agent.id]))[agent.id]
        assert await uow.variants.active_by_agents([agent.id]) == {}
        assert await uow.meetings.get(meeting.id) is None
        assert await uow.meetings.count_by_state() == 0
        assert (await uow.meetings.page(WHOLE_LIST, MeetingFilter())).nodes == []
        assert await uow.segments.get_by_meeting(meeting.id) == []
        assert not (await uow.segments.pages([meeting.id], WHOLE_LIST))[meeting.id].nodes
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


async def test_the_same_ids_in_two_workspaces_are_two_things(
    session_factory: SessionFactory, other: WorkspaceId
) -> None:
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


async def assert_untouched(factory: SessionFactory, workspace_id: WorkspaceId, mine: Belongings) -> None:
    """Every way to read the workspace gives exactly what was stored there."""
    agent, variant, meeting = mine.agent, mine.variant, mine.meeting
    active = replace(variant, is_active=True)
    async with UnitOfWork(factory, workspace_id) as uow:
        assert (await uow.agents.page(WHOLE_LIST, AgentFilter())).nodes == [agent]
        assert await uow.agents.by_slug("scribe") == agent
        assert await uow.agents.count(AgentFilter()) == 1
        resolved = (await uow.agents.resolved([agent.id]))[agent.id]
        assert (resolved.model_name, resolved.prompt_version) == (str(workspace_id), str(workspace_id))
        assert await uow.variants.get(variant.id) == active
        assert list((await uow.variants.by_agents([agent.id]))[agent.id]) == [active]
        assert await uow.variants.active_by_agents([agent.id]) == {agent.id: active}
        (found,) = (await uow.meetings.page(WHOLE_LIST, MeetingFilter())).nodes
        assert found == replace(meeting, change_seq=1)
        assert await uow.meetings.count_by_state() == 1
        (segment,) = await uow.segments.get_by_meeting(meeting.id)
        assert (segment.text, segment.version) == (f"Of {workspace_id}", 1)
        assert list((await uow.segments.pages([meeting.id], WHOLE_LIST))[meeting.id].nodes) == [segment]
        assert await uow.segments.by_keys([(meeting.id, 1)]) == {(meeting.id, 1): segment}
        assert await uow.segments.counts([meeting.id]) == {meeting.id: 1}
        assert [stats.speaker for stats in (await uow.segments.speakers([meeting.id]))[meeting.id]] == [
            str(workspace_id)
        ]


async def test_a_meeting_cannot_name_an_agent_of_another_workspace(
    session_factory: SessionFactory, other: WorkspaceId
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


@pytest.mark.slow
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
    engine: Engine, session_factory: SessionFactory, other: WorkspaceId, statement: str
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
    async with engine.connect() as connection:
        with pytest.raises(IntegrityError, match="foreign key constraint"):
            await connection.execute(text(statement), used)
