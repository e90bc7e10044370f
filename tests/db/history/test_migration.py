"""Checks that histories begin with what the database held before it had any, and that the migration can be undone."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from db.engine import Engine, create_engine, create_session_factory
from db.migrate import migrate
from db.unit_of_work import UnitOfWork
from domain.configs import ConfigOverrides
from domain.history import Aggregate, EventKind
from domain.ids import DEFAULT_WORKSPACE_ID, AgentId, MeetingId, VariantId
from domain.meetings import MeetingState, change_state
from tests.harness.databases import TestPostgres
from tests.harness.histories import history
from tests.harness.servers import running_server
from tests.harness.stored_agents import events_of

pytestmark = pytest.mark.slow

AGENT, VARIANT, SECOND, IDLE = (f"01900000-0000-7000-8000-0000000000{number}" for number in ("a1", "b1", "b2", "a2"))
MEETING = "01900000-0000-7000-8000-0000000000c1"
ONE_AGENT = """
INSERT INTO agents (
    workspace_id, id, slug, name, description, version, model_provider, model_name, system_prompt, user_prompt_template,
    prompt_version, temperature, max_tokens, context_window, input_token_limit, token_budget, timeout_seconds, max_retries
) VALUES ('{0}', '{1}', '{2}', 'Agent', '', {3}, 'openai', 'gpt', 'Say "null"', '', '1', 0.1, 1, 1, 1, 1, 1, 0)"""
ONE_VARIANT = """
INSERT INTO agent_variants (workspace_id, agent_id, id, slug, name, description, version, temperature, system_prompt)
VALUES ('{0}', '{1}', '{2}', '{3}', 'Variant', 'Of old', {4}, {5}, NULL)"""
OF_OLD = [
    ONE_AGENT.format(DEFAULT_WORKSPACE_ID, AGENT, "agent", 7),
    ONE_AGENT.format(DEFAULT_WORKSPACE_ID, IDLE, "idle", 4),
    ONE_VARIANT.format(DEFAULT_WORKSPACE_ID, AGENT, VARIANT, "variant", 3, "0.30000000000000004"),
    ONE_VARIANT.format(DEFAULT_WORKSPACE_ID, AGENT, SECOND, "second", 1, "NULL"),
    f"UPDATE agents SET active_variant_id = '{VARIANT}' WHERE id = '{AGENT}'",
    f"""INSERT INTO meetings (workspace_id, id, title, state, agent_id, version, metadata, started_at, change_seq)
        VALUES ('{DEFAULT_WORKSPACE_ID}', '{MEETING}', 'Meeting', 'RECORDING', '{AGENT}', 5, '{{"null": null, "a": []}}',
        '2026-01-01 12:00:00.5+02', 3)""",
]


@pytest.fixture
def empty_url(postgres: TestPostgres) -> Iterator[str]:
    with postgres.database(template="template0") as url:
        yield url


@pytest.fixture
async def of_old(empty_url: str) -> AsyncIterator[Engine]:
    """A database at revision 0001 with agents, variants of which one is active, and a meeting."""
    engine = create_engine(empty_url)
    await migrate(engine, "0001")
    async with engine.begin() as connection:
        for statement in OF_OLD:
            await connection.exec_driver_sql(statement)
    yield engine
    await engine.dispose()


TABLES = ("workspaces", "agents", "agent_variants", "meetings")


async def contents(engine: Engine) -> list[list[tuple[Any, ...]]]:
    async with engine.connect() as connection:
        return [
            [tuple(row) for row in await connection.execute(text(f"SELECT * FROM {table} ORDER BY id"))]
            for table in TABLES
        ]


async def test_history_begins_with_what_was_there(of_old: Engine) -> None:
    before = await contents(of_old)
    await migrate(of_old, "0002")
    assert await contents(of_old) == before
    await migrate(of_old)

    factory = create_session_factory(of_old)
    agent_id, variant_id, meeting_id = AgentId(UUID(AGENT)), VariantId(UUID(VARIANT)), MeetingId(UUID(MEETING))
    of_agent = await events_of(factory, Aggregate.AGENT, agent_id)
    of_meeting = await events_of(factory, Aggregate.MEETING, meeting_id)
    assert [(str(event.entity_id), event.version) for event in of_agent] == [(AGENT, 7), (VARIANT, 3), (SECOND, 1)]
    assert [(str(event.entity_id), event.version) for event in of_meeting] == [(MEETING, 5)]
    for event in (*of_agent, *of_meeting):
        assert (event.kind, event.actor, event.restored_version) == (EventKind.CREATED, "migration", None)
        assert all(change.before is None and change.after is not None for change in event.changes or [])

    async with UnitOfWork(factory) as uow:
        agent, variant, meeting = (
            await uow.agents.get(agent_id),
            await uow.variants.get(variant_id),
            await uow.meetings.get(meeting_id),
        )
        assert agent
        assert variant
        assert meeting
        was = await uow.events.agent_revisions([(agent_id, 7), (agent_id, 6), (agent_id, 1)])
        assert list(was) == [(agent_id, 7)]
        revision = was[agent_id, 7]
        assert (revision.config, revision.active_variant_id) == (agent.config, variant_id)
        of_variant = (await uow.events.variant_revisions([(variant_id, 3)]))[variant_id, 3]
        assert (of_variant.overrides, of_variant.description) == (variant.overrides, "Of old")

        # And goes on: in the same form as if it had always been written.
        await uow.agents.update(replace(agent, name="Other", active_variant_id=None))
        await uow.variants.update(replace(variant, overrides=ConfigOverrides(max_tokens=0)))
        await uow.meetings.update(replace(change_state(meeting, MeetingState.STOPPED), metadata={"a": [1]}))
        await uow.meetings.unassign_agents(agent_id)
        await uow.agents.delete(agent_id)
        await uow.meetings.delete(meeting_id)
        await uow.commit()
    for aggregate, id in ((Aggregate.AGENT, agent_id), (Aggregate.MEETING, meeting_id)):
        # What a column holds that came later, of rows that were there before it.
        later = {"speaker_names", "parameters"}
        values: dict[Any, Any] = {(meeting_id, "speaker_names"): {}, (agent_id, "parameters"): {}}
        for event in await events_of(factory, aggregate, id):
            for change in event.changes or []:
                assert values.get((event.entity_id, change.field)) == change.before != change.after
                values[event.entity_id, change.field] = change.after
        assert {value for key, value in values.items() if key[1] not in later} == {None}


async def test_what_was_active_when_history_began_is_the_last_to_be_gone_back_to(
    of_old: Engine, empty_url: str
) -> None:
    def use() -> None:
        with running_server(empty_url) as server:
            api = server.api
            assert api.run("RollbackActivation", agentId=AGENT)["__typename"] == "Conflict"
            assert api.run("RollbackActivation", agentId=IDLE)["__typename"] == "Conflict"
            api.run("ActivateVariant", id=SECOND)
            assert api.run("RollbackActivation", agentId=AGENT)["activeVariant"]["id"] == VARIANT
            last = history(api, AGENT)[-1]
            assert (last["kind"], last["version"], last["restoredVersion"]) == ("ROLLED_BACK", 9, 7)
            assert api.run("RollbackActivation", agentId=AGENT)["__typename"] == "Conflict"
            active = api.variant({"id": IDLE})
            api.run("ActivateVariant", id=active["id"])
            assert api.run("RollbackActivation", agentId=IDLE)["activeVariant"] is None
            assert history(api, IDLE)[-1]["restoredVersion"] == 4
            refused = api.run("RevertAgent", id=AGENT, toVersion=6)
            assert refused["fields"][0]["path"] == "toVersion"

    await migrate(of_old)
    await asyncio.to_thread(use)


async def test_the_migration_steps_down_to_what_was_there(of_old: Engine) -> None:
    before = await contents(of_old)
    await migrate(of_old)
    await migrate(of_old, "0001")
    assert await contents(of_old) == before
    async with of_old.begin() as connection:  # as it was then
        await connection.exec_driver_sql(f"DELETE FROM agents WHERE id = '{AGENT}'")
        left = (await connection.exec_driver_sql("SELECT agent_id, version FROM meetings")).one()
    assert tuple(left) == (None, 5)
    await migrate(of_old)
