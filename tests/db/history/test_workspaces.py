"""Checks that workspaces have separate histories, even for the same ids."""

from db.engine import SessionFactory
from db.unit_of_work import UnitOfWork
from domain.agents import Agent, CreateAgent
from domain.configs import AgentConfig, ConfigOverrides
from domain.history import Aggregate, Author, History
from domain.ids import WorkspaceId
from domain.meetings import Meeting
from domain.variants import AgentVariant, CreateVariant
from tests.harness.stored_agents import WHOLE_LIST, event_kinds, events_of, store_agent


async def assert_history_is_empty(
    factory: SessionFactory, workspace_id: WorkspaceId, agent: Agent, variant: AgentVariant, meeting: Meeting
) -> None:
    histories = [
        History(Aggregate.AGENT, agent.id),
        History(Aggregate.AGENT, agent.id, variant.id),
        History(Aggregate.MEETING, meeting.id),
    ]
    async with UnitOfWork(factory, workspace_id) as uow:
        pages = await uow.events.pages(histories, WHOLE_LIST)
        assert [page.nodes for page in pages.values()] == [[], [], []]
        assert await uow.events.counts(histories) == {}
        assert await uow.events.agent_revisions([(agent.id, 1)]) == {}
        assert await uow.events.variant_revisions([(variant.id, 1)]) == {}
        assert await uow.events.activations(agent.id) == []
        assert await uow.events.any_exist() is False


async def test_another_workspace_has_none_of_our_history(session_factory: SessionFactory, other: WorkspaceId) -> None:
    agent, (variant,) = await store_agent(session_factory)
    async with UnitOfWork(session_factory) as uow:
        meeting = await uow.meetings.create(Meeting.create("Weekly", agent_id=agent.id))
        await uow.agents.activate(variant.id)
        await uow.commit()
    async with UnitOfWork(session_factory) as uow:
        assert await uow.events.any_exist() is True
        assert len(await uow.events.activations(agent.id)) == 2
    await assert_history_is_empty(session_factory, other, agent, variant, meeting)


async def test_the_same_ids_in_two_workspaces_have_two_histories(
    session_factory: SessionFactory, other: WorkspaceId
) -> None:
    ours, (variant,) = await store_agent(session_factory)
    async with UnitOfWork(session_factory, other, author=Author("them")) as uow:
        theirs = await uow.agents.create(CreateAgent("Theirs", AgentConfig("theirs", "theirs"), id=ours.id))
        await uow.variants.create(theirs, CreateVariant("Theirs", ConfigOverrides(max_tokens=1), id=variant.id))
        await uow.agents.activate(variant.id)
        await uow.agents.delete(theirs.id)
        await uow.commit()
    async with UnitOfWork(session_factory) as uow:
        revision = (await uow.events.agent_revisions([(ours.id, 1)]))[ours.id, 1]
        assert (revision.name, revision.config, revision.event.actor) == (ours.name, ours.config, "anonymous")
        of_variant = (await uow.events.variant_revisions([(variant.id, 1)]))[variant.id, 1]
        assert of_variant.overrides == variant.overrides
        assert await uow.agents.get(ours.id) == ours
    assert await event_kinds(session_factory, ours) == ["CREATED", "CREATED"]
    events = await events_of(session_factory, Aggregate.AGENT, ours.id, other)
    assert [event.kind.value for event in events] == ["CREATED", "CREATED", "ACTIVATED", "DELETED", "DELETED"]
    assert {event.actor for event in events} == {"them"}
    async with UnitOfWork(session_factory, other) as uow:
        revision = (await uow.events.agent_revisions([(ours.id, 2)]))[ours.id, 2]
        assert (revision.name, revision.active_variant_id) == ("Theirs", variant.id)
