"""Checks that every statement that changes something with a history writes its event, and that failures write none."""

import re
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import text

from db.engine import SessionFactory
from db.tables import COLUMNS_WITHOUT_EVENTS
from db.unit_of_work import UnitOfWork
from domain.errors import Conflict
from domain.history import Aggregate, Author, History
from domain.meetings import Meeting
from tests.harness.operation_variables import SizedWorkspace, variables_of
from tests.harness.recorded_statements import recorded
from tests.harness.servers import RunningServer
from tests.harness.stored_agents import event_kinds, events_of, store_agent
from tests.harness.suggested_variables import MUTATIONS

# Every statement that writes

WRITES = re.compile(
    r"\b(INSERT INTO|UPDATE|DELETE FROM) (agents|agent_variants|meetings|webhooks)\b(?: SET (.*?)(?: FROM| WHERE))?"
)


def written(statement: str) -> set[tuple[str, str]]:
    """Returns what a statement does to tables that have a history, without the columns whose changes are no events."""
    found = set()
    for match in WRITES.finditer(" ".join(statement.split())):
        verb, table, assignments = match.groups()
        columns = set(re.findall(r"(?:^|, )(\w+)\s*=", assignments or ""))
        if not (columns and columns <= COLUMNS_WITHOUT_EVENTS):
            found.add((verb, table))
    return found


ROWS = """
SELECT 'agents', id, version FROM agents UNION ALL SELECT 'agent_variants', id, version FROM agent_variants
UNION ALL SELECT 'meetings', id, version FROM meetings UNION ALL SELECT 'webhooks', id, version FROM webhooks
"""
SEQUENCES = """
SELECT count(*) FROM (
    SELECT version, kind, row_number() OVER same AS expected, lag(kind) OVER same AS earlier
    FROM events WINDOW same AS (PARTITION BY workspace_id, entity_id ORDER BY number)
) AS numbered WHERE version <> expected OR (kind = 'CREATED') <> (expected = 1) OR earlier = 'DELETED'
"""


@pytest.mark.slow
async def test_each_statement_that_changes_something_with_a_history_writes_the_event(
    fresh_server: RunningServer, database_url: str
) -> None:
    api = fresh_server.api
    seen: set[tuple[str, str]] = set()
    workspace = SizedWorkspace(api, 2)
    # Keys and deliveries have no history.
    for name in set(MUTATIONS) - {"CreateApiKey", "RevokeApiKey", "TestWebhook", "Redeliver"}:
        variables = variables_of(name, workspace, api)
        if name == "ApplyAgents":  # of agents as they are
            variables = {"agents": [agent | {"name": "Applied"} for agent in variables["agents"]]}
        with recorded(fresh_server.database.engine) as statements:
            result = api.run(name, **variables)
        assert "code" not in result, result
        writing = [statement for statement in statements if written(statement)]
        for statement in writing:
            assert "INSERT INTO events" in statement
            seen |= written(statement)
        assert bool(writing) is not name.endswith("Segments"), name
    verbs, tables = ("INSERT INTO", "UPDATE", "DELETE FROM"), ("agents", "agent_variants", "meetings", "webhooks")
    assert seen == {(verb, table) for verb in verbs for table in tables}

    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval(SEQUENCES) == 0
        last = {row["entity_id"]: row for row in await connection.fetch(LAST_EVENTS)}
        rows = {row["id"]: row["version"] for row in await connection.fetch(ROWS)}
    finally:
        await connection.close()
    assert rows == {id: event["version"] for id, event in last.items() if event["kind"] != "DELETED"}


LAST_EVENTS = "SELECT DISTINCT ON (entity_id) entity_id, version, kind FROM events ORDER BY entity_id, version DESC"


def test_a_statement_past_the_recording_would_be_noticed() -> None:
    assert written("UPDATE agents SET name = 'x' WHERE id = 1") == {("UPDATE", "agents")}
    assert written("UPDATE meetings SET change_seq=(m.change_seq + 1), title='x' FROM m") == {("UPDATE", "meetings")}
    assert written("UPDATE meetings SET change_seq=(m.change_seq + 1), last_segment_id=3 FROM m WHERE x") == set()
    assert written("WITH a AS (DELETE\nFROM agent_variants) SELECT 1") == {("DELETE FROM", "agent_variants")}
    assert written("SELECT agents.id FROM agents FOR NO KEY UPDATE OF agents") == set()


@pytest.mark.parametrize("table", ["agents", "agent_variants", "meetings"])
async def test_a_version_without_its_event_is_refused(session_factory: SessionFactory, table: str) -> None:
    agent, _ = await store_agent(session_factory)
    async with UnitOfWork(session_factory) as uow:
        await uow.meetings.create(Meeting.create("Weekly", agent_id=agent.id))
        await uow.commit()
    async with session_factory() as session:
        with pytest.raises(Exception, match=f"{table}_event_fkey"):
            await session.rows(text(f"UPDATE {table} SET version = version + 1"), {})


# Transactions


async def test_what_is_rolled_back_leaves_no_event(session_factory: SessionFactory) -> None:
    agent, (variant,) = await store_agent(session_factory)
    before = await events_of(session_factory, Aggregate.AGENT, agent.id)
    async with UnitOfWork(session_factory) as uow:
        updated = await uow.agents.update(replace(agent, name="Undone"))
        await uow.variants.update(replace(variant, name="Undone"))
        await uow.agents.activate(variant.id)
        key = History(Aggregate.AGENT, agent.id)
        assert (await uow.events.counts([key]))[key] == len(before) + 3
        assert updated.version == 2
    assert await events_of(session_factory, Aggregate.AGENT, agent.id) == before
    async with UnitOfWork(session_factory) as uow:
        assert (await uow.agents.update(replace(agent, name="Done"))).version == 2
        await uow.rollback()
        assert await uow.agents.get(agent.id) == agent
    assert await events_of(session_factory, Aggregate.AGENT, agent.id) == before


async def test_a_stale_update_writes_no_event(session_factory: SessionFactory) -> None:
    agent, (variant,) = await store_agent(session_factory)
    async with UnitOfWork(session_factory) as uow:
        for refused in (
            uow.agents.update(replace(agent, name="Stale", version=7)),
            uow.variants.update(replace(variant, name="Stale", version=7)),
            uow.agents.activate(variant.id, expected_version=7),
        ):
            with pytest.raises(Conflict):
                await refused
        await uow.commit()
    assert await event_kinds(session_factory, agent) == ["CREATED", "CREATED"]


async def test_events_have_the_author_of_their_unit_of_work(session_factory: SessionFactory) -> None:
    agent, _ = await store_agent(session_factory, author=Author("ada", "to begin"))
    async with UnitOfWork(session_factory) as uow:
        await uow.agents.update(replace(agent, name="Other"))
        await uow.commit()
    events = await events_of(session_factory, Aggregate.AGENT, agent.id)
    assert [(event.actor, event.reason) for event in events] == [("ada", "to begin")] * 2 + [("anonymous", None)]
    assert events[0].created_at <= events[-1].created_at
