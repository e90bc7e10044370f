"""Stores agents through a unit of work, and reads the events of their histories."""

from dataclasses import replace
from typing import Any

from db.engine import SessionFactory
from db.unit_of_work import UnitOfWork
from domain.agents import Agent, CreateAgent
from domain.configs import AgentConfig, ConfigOverrides
from domain.history import Aggregate, Author, Event, History
from domain.ids import DEFAULT_WORKSPACE_ID, WorkspaceId
from domain.pagination import PageRequest
from domain.variants import AgentVariant, CreateVariant

WHOLE_LIST = PageRequest(limit=100)


async def store_agent(
    factory: SessionFactory, variants: int = 1, author: Author | None = None
) -> tuple[Agent, list[AgentVariant]]:
    async with UnitOfWork(factory, author=author) as uow:
        agent = await uow.agents.create(CreateAgent(name="Scribe", config=AgentConfig("openai", "gpt")))
        found = [await uow.variants.create(agent, CreateVariant(f"V{n}", ConfigOverrides())) for n in range(variants)]
        await uow.commit()
    return agent, found


async def events_of(
    factory: SessionFactory, aggregate: Aggregate, id: Any, workspace_id: WorkspaceId = DEFAULT_WORKSPACE_ID
) -> list[Event]:
    """Returns the events, oldest first, with their changes."""
    key = History(aggregate, id)
    async with UnitOfWork(factory, workspace_id) as uow:
        found = (await uow.events.pages([key], WHOLE_LIST))[key].nodes[::-1]
        changes = await uow.events.changes([(event.entity_id, event.version) for event in found])
    return [replace(event, changes=changes[event.entity_id, event.version]) for event in found]


async def event_kinds(factory: SessionFactory, agent: Agent) -> list[str]:
    return [event.kind.value for event in await events_of(factory, Aggregate.AGENT, agent.id)]
