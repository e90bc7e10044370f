"""Nothing changes without its event: whoever writes, at once with whomever, from whatever revision of the database."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from db.engine import create_engine, create_session_factory
from db.migrate import migrate
from db.unit_of_work import UnitOfWork
from db.workspaces import ensure_workspace
from domain.agents import Agent, CreateAgent
from domain.configs import AgentConfig, ConfigOverrides
from domain.errors import Conflict, NotFound
from domain.history import ACTIVE_VARIANT, Aggregate, Author, Event, EventKind, History
from domain.ids import DEFAULT_WORKSPACE_ID, AgentId, MeetingId, VariantId, WorkspaceId, new_id
from domain.meetings import Meeting, MeetingState, change_state
from domain.pagination import PageRequest
from domain.variants import AgentVariant, CreateVariant
from server.wire.graphql_files import OPERATIONS, operation
from tests.harness.concurrency import at_once
from tests.harness.conditions import someone_waits_for_a_lock
from tests.harness.databases import TestPostgres
from tests.harness.histories import history, present, replayed
from tests.harness.recorded_statements import recorded
from tests.harness.servers import Api, RunningServer, running_server, segment

Factory = async_sessionmaker[AsyncSession]
EVERYTHING = PageRequest(limit=100)


async def stored(factory: Factory, variants: int = 1, author: Author | None = None) -> tuple[Agent, list[AgentVariant]]:
    async with UnitOfWork(factory, author=author) as uow:
        agent = await uow.agents.create(CreateAgent(name="Scribe", config=AgentConfig("openai", "gpt")))
        found = [await uow.variants.create(agent, CreateVariant(f"V{n}", ConfigOverrides())) for n in range(variants)]
        await uow.commit()
    return agent, found


async def events_of(
    factory: Factory, aggregate: Aggregate, id: Any, workspace_id: WorkspaceId = DEFAULT_WORKSPACE_ID
) -> list[Event]:
    """Oldest first, with their changes."""
    key = History(aggregate, id)
    async with UnitOfWork(factory, workspace_id) as uow:
        found = (await uow.events.pages([key], EVERYTHING))[key].nodes[::-1]
        changes = await uow.events.changes([(event.entity_id, event.version) for event in found])
    return [replace(event, changes=changes[event.entity_id, event.version]) for event in found]


async def kinds(factory: Factory, agent: Agent) -> list[str]:
    return [event.kind.value for event in await events_of(factory, Aggregate.AGENT, agent.id)]


# Every statement that writes

WRITES = re.compile(
    r"\b(INSERT INTO|UPDATE|DELETE FROM) (agents|agent_variants|meetings)\b(?: SET (.*?)(?: FROM| WHERE))?"
)


def written(statement: str) -> set[tuple[str, str]]:
    """What a statement does to tables that have a history. Counters of a meeting's segments are no part of that."""
    found = set()
    for match in WRITES.finditer(" ".join(statement.split())):
        verb, table, assignments = match.groups()
        columns = set(re.findall(r"(?:^|, )(\w+)\s*=", assignments or ""))
        if not (columns and columns <= {"change_seq", "last_segment_id"}):
            found.add((verb, table))
    return found


def everything(api: Api) -> Iterator[tuple[str, dict[str, Any]]]:
    """Calls that together use every mutation, and change something each."""
    config = {"modelProvider": "openai", "modelName": "gpt"}
    yield "CreateAgent", {"input": {"name": "Other", "config": config}}
    agent, other = api.agent(), api.agent()
    yield "UpdateAgent", {"id": agent["id"], "input": {"name": "New"}}
    yield "RevertAgent", {"id": agent["id"], "toVersion": 1}
    yield "CreateVariant", {"agentId": agent["id"], "input": {"name": "Another"}}
    variant = api.variant(agent)
    yield "CloneVariant", {"agentId": agent["id"], "input": {"name": "Clone", "activate": True}}
    yield "UpdateVariant", {"id": variant["id"], "input": {"overrides": {"maxTokens": 1}}}
    yield "RevertVariant", {"id": variant["id"], "toVersion": 1}
    yield "ActivateVariant", {"id": variant["id"]}
    yield "RollbackActivation", {"agentId": agent["id"]}
    yield "DeactivateVariant", {"agentId": agent["id"]}
    yield "DeleteVariant", {"id": variant["id"]}
    yield "CreateMeeting", {"input": {"title": "Weekly", "agentId": agent["id"]}}
    meeting = api.meeting(agentId=agent["id"])
    yield "UpdateMeeting", {"id": meeting["id"], "input": {"state": "RECORDING"}}
    yield "UpsertSegments", {"meetingId": meeting["id"], "segments": [segment(1), segment(2)]}
    yield "DeleteSegments", {"meetingId": meeting["id"], "segmentIds": [1]}
    yield "DeleteAgent", {"id": agent["id"]}
    yield "DeleteMeeting", {"id": meeting["id"]}
    yield "ApplyAgents", {"agents": [{"slug": "applied", "name": "Applied", "config": config}]}
    yield "DeleteAgent", {"id": other["id"]}


ROWS = """
SELECT 'agents', id, version FROM agents UNION ALL SELECT 'agent_variants', id, version FROM agent_variants
UNION ALL SELECT 'meetings', id, version FROM meetings
"""
SEQUENCES = """
SELECT count(*) FROM (
    SELECT version, kind, row_number() OVER same AS expected, lag(kind) OVER same AS earlier
    FROM events WINDOW same AS (PARTITION BY workspace_id, entity_id ORDER BY number)
) AS numbered WHERE version <> expected OR (kind = 'CREATED') <> (expected = 1) OR earlier = 'DELETED'
"""


async def test_each_statement_that_changes_something_with_a_history_writes_the_event(
    fresh_server: RunningServer, database_url: str
) -> None:
    api = fresh_server.api
    seen: set[tuple[str, str]] = set()
    names = set()
    for name, variables in everything(api):
        with recorded(fresh_server.database.engine) as statements:
            result = api.run(name, **variables)
        assert "code" not in result, result
        names.add(name)
        writing = [statement for statement in statements if written(statement)]
        for statement in writing:
            assert "INSERT INTO events" in statement
            seen |= written(statement)
        assert bool(writing) is not name.endswith("Segments")
    mutations = {path.stem for path in OPERATIONS.glob("*.graphql") if f"mutation {path.stem}" in path.read_text()}
    assert names == mutations - {"CreateApiKey", "RevokeApiKey"}  # keys have no history
    verbs, tables = ("INSERT INTO", "UPDATE", "DELETE FROM"), ("agents", "agent_variants", "meetings")
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
async def test_a_version_without_its_event_is_refused(session_factory: Factory, table: str) -> None:
    agent, _ = await stored(session_factory)
    async with UnitOfWork(session_factory) as uow:
        await uow.meetings.create(Meeting.create("Weekly", agent_id=agent.id))
        await uow.commit()
    async with session_factory() as session:
        with pytest.raises(Exception, match=f"{table}_event_fkey"):
            await session.execute(text(f"UPDATE {table} SET version = version + 1"))


# Transactions


async def test_what_is_rolled_back_leaves_no_event(session_factory: Factory) -> None:
    agent, (variant,) = await stored(session_factory)
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


async def test_a_stale_update_writes_no_event(session_factory: Factory) -> None:
    agent, (variant,) = await stored(session_factory)
    async with UnitOfWork(session_factory) as uow:
        for refused in (
            uow.agents.update(replace(agent, name="Stale", version=7)),
            uow.variants.update(replace(variant, name="Stale", version=7)),
            uow.agents.activate(variant.id, expected_version=7),
        ):
            with pytest.raises(Conflict):
                await refused
        await uow.commit()
    assert await kinds(session_factory, agent) == ["CREATED", "CREATED"]


async def test_events_have_the_author_of_their_unit_of_work(session_factory: Factory) -> None:
    agent, _ = await stored(session_factory, author=Author("ada", "to begin"))
    async with UnitOfWork(session_factory) as uow:
        await uow.agents.update(replace(agent, name="Other"))
        await uow.commit()
    events = await events_of(session_factory, Aggregate.AGENT, agent.id)
    assert [(event.actor, event.reason) for event in events] == [("ada", "to begin")] * 2 + [("anonymous", None)]
    assert events[0].created_at <= events[-1].created_at


# At once


async def waiting(
    factory: Factory, database_url: str, first: Callable[[UnitOfWork], Awaitable[Any]], then: Callable[[], Any]
) -> Any:
    """What `then` gives or raises, which must come to wait for a lock that `first` holds, until this is committed."""
    watcher = await asyncpg.connect(database_url)
    try:
        async with UnitOfWork(factory) as uow:
            await first(uow)
            second = asyncio.create_task(then())
            while not await someone_waits_for_a_lock(watcher):
                assert not second.done()
            await uow.commit()
        return (await asyncio.gather(second, return_exceptions=True))[0]
    finally:
        await watcher.close()


def activation(factory: Factory, id: VariantId, expected_version: int | None = None) -> Callable[[], Any]:
    async def activate() -> Agent:
        async with UnitOfWork(factory) as uow:
            agent = await uow.agents.activate(id, expected_version=expected_version)
            await uow.commit()
        return agent

    return activate


async def test_an_activation_that_waited_for_an_update_of_the_variant_does_not_activate_what_was_not_seen(
    session_factory: Factory, database_url: str
) -> None:
    agent, (variant,) = await stored(session_factory)

    async def update(uow: UnitOfWork) -> None:
        await uow.variants.update(replace(variant, name="Changed"))

    outcome = await waiting(session_factory, database_url, update, activation(session_factory, variant.id, 1))
    assert isinstance(outcome, Conflict)
    assert outcome.current_version == 2
    assert await kinds(session_factory, agent) == ["CREATED", "CREATED", "UPDATED"]


async def test_an_activation_that_waited_for_the_deletion_of_its_variant_finds_none(
    session_factory: Factory, database_url: str
) -> None:
    agent, (variant,) = await stored(session_factory)

    async def delete(uow: UnitOfWork) -> None:
        await uow.variants.get_for_update(variant.id)
        await uow.variants.delete(variant.id)

    outcome = await waiting(session_factory, database_url, delete, activation(session_factory, variant.id))
    assert isinstance(outcome, NotFound)
    assert await kinds(session_factory, agent) == ["CREATED", "CREATED", "DELETED"]


async def test_an_activation_that_waited_for_the_deletion_of_its_agent_finds_none(
    session_factory: Factory, database_url: str
) -> None:
    agent, (variant,) = await stored(session_factory)

    async def delete(uow: UnitOfWork) -> None:
        await uow.agents.get_for_delete(agent.id)
        await uow.agents.delete(agent.id)

    outcome = await waiting(session_factory, database_url, delete, activation(session_factory, variant.id))
    assert isinstance(outcome, NotFound)
    assert await kinds(session_factory, agent) == ["CREATED", "CREATED", "DELETED", "DELETED"]
    assert (await events_of(session_factory, Aggregate.AGENT, agent.id))[-1].entity_id == agent.id


async def test_an_activation_that_waited_for_another_one_tells_what_it_found(
    session_factory: Factory, database_url: str
) -> None:
    """And changes nothing if the other has activated the same."""
    agent, (one, other) = await stored(session_factory, variants=2)

    async def activate(uow: UnitOfWork) -> None:
        await uow.agents.update(replace(agent, name="Renamed meanwhile"))
        await uow.agents.activate(one.id)

    same = await waiting(session_factory, database_url, activate, activation(session_factory, one.id))
    assert (same.version, same.name, same.active_variant_id) == (3, "Renamed meanwhile", one.id)

    async def activate_again(uow: UnitOfWork) -> None:
        await uow.agents.update(replace(same, name="And again", active_variant_id=None))

    after = await waiting(session_factory, database_url, activate_again, activation(session_factory, other.id))
    assert (after.version, after.name, after.active_variant_id) == (5, "And again", other.id)
    last = (await events_of(session_factory, Aggregate.AGENT, agent.id))[-1]
    assert [(change.field, change.before, change.after) for change in last.changes or []] == [
        (ACTIVE_VARIANT, None, str(other.id))
    ]


async def test_a_meeting_that_comes_to_an_agent_while_this_is_deleted_does_not_stay_with_it(
    session_factory: Factory, database_url: str
) -> None:
    agent, _ = await stored(session_factory)
    async with UnitOfWork(session_factory) as uow:
        meeting = await uow.meetings.create(Meeting.create("Weekly"))
        await uow.commit()

    async def assign(uow: UnitOfWork) -> None:
        await uow.meetings.update(replace(meeting, agent_id=agent.id))

    async def delete() -> None:
        async with UnitOfWork(session_factory) as uow:
            await uow.agents.get_for_delete(agent.id)
            await uow.meetings.unassign_agents(agent.id)
            await uow.agents.delete(agent.id)
            await uow.commit()

    assert await waiting(session_factory, database_url, assign, delete) is None
    events = await events_of(session_factory, Aggregate.MEETING, meeting.id)
    assert [(event.kind, event.version) for event in events] == [
        (EventKind.CREATED, 1),
        (EventKind.UPDATED, 2),
        (EventKind.UPDATED, 3),
    ]
    async with UnitOfWork(session_factory) as uow:
        found = await uow.meetings.get(meeting.id)
    assert found
    assert (found.agent_id, found.version) == (None, 3)


def changing(api: Api, agent: Any, variants: list[Any], meeting: Any, round: int) -> list[tuple[str, dict[str, Any]]]:
    """Calls to be made at once, of every kind that there is; what is deleted differs from round to round."""
    id = agent["id"]
    calls: list[tuple[str, dict[str, Any]]] = []
    for number, variant in enumerate(variants):
        calls += [
            ("ActivateVariant", {"id": variant["id"]}),
            ("ActivateVariant", {"id": variant["id"], "expectedVersion": 1 + round}),
            ("UpdateVariant", {"id": variant["id"], "input": {"name": f"In round {round}"}}),
            ("RevertVariant", {"id": variant["id"], "toVersion": 1}),
            ("UpdateAgent", {"id": id, "input": {"description": f"{round}, {number}"}}),
            ("RollbackActivation", {"agentId": id}),
        ]
    calls += [
        ("RevertAgent", {"id": id, "toVersion": 1}),
        ("DeactivateVariant", {"agentId": id}),
        ("DeleteVariant", {"id": variants[round]["id"]}),
        ("CloneVariant", {"agentId": id, "input": {"name": "Clone", "activate": True}}),
        ("CreateVariant", {"agentId": id, "input": {"name": "New"}}),
        ("UpdateMeeting", {"id": meeting["id"], "input": {"agentId": id if round % 2 else None}}),
    ]
    return calls


def run(api: Api, name: str, variables: dict[str, Any]) -> Any:
    return api.run(name, **variables)


def kind_of(api: Api, name: str, variables: dict[str, Any]) -> str:
    """The type of what a call gives, of which nothing else is asked for: it may be gone by then."""
    head, call, *_ = (line for line in operation(name).splitlines() if not line.startswith("#"))
    answer = api.post(f"{head}\n{call} __typename }} }}", variables, name)
    assert "errors" not in answer, answer
    (value,) = answer["data"].values()
    kind: str = value["__typename"]
    return kind


def run_at_once(
    url: str, calls: list[tuple[str, dict[str, Any]]], label: str, run: Callable[..., Any] = run
) -> dict[str, Any]:
    """What each call gives, under the reason that it gave."""

    def job(number: int, name: str, variables: dict[str, Any]) -> Callable[[Api], tuple[str, Any]]:
        reason = f"{label} {number}"
        return lambda api: (reason, run(api, name, variables | {"reason": reason}))

    return dict(at_once(url, [job(number, *call) for number, call in enumerate(calls)]))


def test_whatever_changes_at_once_each_change_has_its_event_in_order(api: Api) -> None:
    agent = api.agent()
    variants = [api.variant(agent, f"Variant {number}") for number in range(5)]
    meeting = api.meeting(agentId=agent["id"])
    results: dict[str, Any] = {}
    plan: dict[str, str] = {}
    for round in range(4):
        calls = changing(api, agent, variants, meeting, round)
        plan |= {f"Round {round} {number}": name for number, (name, _) in enumerate(calls)}
        results |= run_at_once(api.url, calls, f"Round {round}")
    calls = [*changing(api, agent, variants, meeting, 4), ("DeleteAgent", {"id": agent["id"]})]
    deleting = len(calls) - 1

    events = history(api, agent["id"])
    assert replayed(events) == present(api, agent["id"])
    by_reason: dict[str, list[Any]] = {}
    for event in events:
        by_reason.setdefault(event["reason"], []).append(event)
    for reason, result in results.items():
        wrote = [(event["kind"], event["version"]) for event in by_reason.get(reason, [])]
        if "__typename" in result:
            assert result["__typename"] in {"Conflict", "NotFound"}, result
            assert wrote == []
            continue
        match plan[reason]:
            case "UpdateAgent":
                assert wrote == [("UPDATED", result["version"])]
            case "RollbackActivation":
                assert wrote == [("ROLLED_BACK", result["version"])]
            case "ActivateVariant":
                assert wrote in ([("ACTIVATED", result["version"])], [])
            case "CloneVariant":
                assert [kind for kind, _ in wrote] == ["CREATED", "ACTIVATED"]
            case "DeleteVariant":
                assert [kind for kind, _ in wrote] == ["DELETED"]
            case "CreateVariant":
                assert wrote == [("CREATED", 1)]

    found = run_at_once(api.url, calls, "Last", kind_of)
    assert found[f"Last {deleting}"] == "Deleted"
    refused = {"Conflict", "NotFound", "InvalidInput"}  # the last of the meeting that was to have the agent
    assert set(found.values()) <= {"Agent", "AgentVariant", "Meeting", "Deleted"} | refused
    end = history(api, agent["id"])
    assert end[: len(events)] == events
    assert replayed(end) == present(api, agent["id"]) == {}
    assert end[-1]["id"].startswith(agent["id"])
    assert end[-1]["reason"] == f"Last {deleting}"
    assert api.run("Meeting", id=meeting["id"])["agent"] is None


def test_what_is_activated_is_what_was_seen(api: Api) -> None:
    """Of an activation with expectedVersion and an update at once, the activation comes first or is refused."""
    agent = api.agent()
    variant = api.variant(agent)
    for number in range(1, 16):
        calls: list[tuple[str, dict[str, Any]]] = [
            ("ActivateVariant", {"id": variant["id"], "expectedVersion": number}),
            ("UpdateVariant", {"id": variant["id"], "input": {"overrides": {"maxTokens": number}}}),
        ]
        activated, updated = run_at_once(api.url, calls, f"Race {number}").values()
        assert updated["version"] == number + 1
        reasons = [event["reason"] for event in history(api, agent["id"])]
        if "__typename" in activated:
            assert (activated["__typename"], activated["currentVersion"]) == ("Conflict", number + 1)
            assert f"Race {number} 0" not in reasons
        else:
            assert reasons.index(f"Race {number} 0") < reasons.index(f"Race {number} 1")
        api.run("DeactivateVariant", agentId=agent["id"])


def test_an_activation_amid_deletions_finds_its_variant_or_not(api: Api) -> None:
    for name in ("DeleteVariant", "DeleteAgent"):
        for number in range(8):
            agent = api.agent()
            variant = api.variant(agent)
            deleted = variant["id"] if name == "DeleteVariant" else agent["id"]
            calls: list[tuple[str, dict[str, Any]]] = [
                ("ActivateVariant", {"id": variant["id"]}),
                (name, {"id": deleted}),
                ("RollbackActivation", {"agentId": agent["id"]}),
            ]
            activated, gone, rolled_back = run_at_once(api.url, calls, str(number), kind_of).values()
            if name == "DeleteVariant":
                assert (activated, gone) in {("Agent", "Conflict"), ("NotFound", "Deleted"), ("Agent", "Deleted")}
            else:
                assert gone == "Deleted"
                assert activated in {"Agent", "NotFound"}
            assert rolled_back in {"Agent", "Conflict", "NotFound"}
            assert replayed(history(api, agent["id"])) == present(api, agent["id"])


# Workspaces


@pytest.fixture
async def other(engine: AsyncEngine) -> WorkspaceId:
    id = WorkspaceId(new_id())
    await ensure_workspace(engine, id, "other")
    return id


async def assert_history_is_empty(
    factory: Factory, workspace_id: WorkspaceId, agent: Agent, variant: AgentVariant, meeting: Meeting
) -> None:
    histories = [
        History(Aggregate.AGENT, agent.id),
        History(Aggregate.AGENT, agent.id, variant.id),
        History(Aggregate.MEETING, meeting.id),
    ]
    async with UnitOfWork(factory, workspace_id) as uow:
        pages = await uow.events.pages(histories, EVERYTHING)
        assert [page.nodes for page in pages.values()] == [[], [], []]
        assert await uow.events.counts(histories) == {}
        assert await uow.events.agent_revisions([(agent.id, 1)]) == {}
        assert await uow.events.variant_revisions([(variant.id, 1)]) == {}
        assert await uow.events.activations(agent.id) == []
        assert await uow.events.any_exist() is False


async def test_another_workspace_has_none_of_our_history(session_factory: Factory, other: WorkspaceId) -> None:
    agent, (variant,) = await stored(session_factory)
    async with UnitOfWork(session_factory) as uow:
        meeting = await uow.meetings.create(Meeting.create("Weekly", agent_id=agent.id))
        await uow.agents.activate(variant.id)
        await uow.commit()
    async with UnitOfWork(session_factory) as uow:
        assert await uow.events.any_exist() is True
        assert len(await uow.events.activations(agent.id)) == 2
    await assert_history_is_empty(session_factory, other, agent, variant, meeting)


async def test_the_same_ids_in_two_workspaces_have_two_histories(session_factory: Factory, other: WorkspaceId) -> None:
    ours, (variant,) = await stored(session_factory)
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
    assert await kinds(session_factory, ours) == ["CREATED", "CREATED"]
    events = await events_of(session_factory, Aggregate.AGENT, ours.id, other)
    assert [event.kind.value for event in events] == ["CREATED", "CREATED", "ACTIVATED", "DELETED", "DELETED"]
    assert {event.actor for event in events} == {"them"}
    async with UnitOfWork(session_factory, other) as uow:
        revision = (await uow.events.agent_revisions([(ours.id, 2)]))[ours.id, 2]
        assert (revision.name, revision.active_variant_id) == ("Theirs", variant.id)


# The migration

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
async def of_old(empty_url: str) -> AsyncIterator[AsyncEngine]:
    """A database at revision 0001 with agents, variants of which one is active, and a meeting."""
    engine = create_engine(empty_url)
    await migrate(engine, "0001")
    async with engine.begin() as connection:
        for statement in OF_OLD:
            await connection.exec_driver_sql(statement)
    yield engine
    await engine.dispose()


TABLES = ("workspaces", "agents", "agent_variants", "meetings")


async def contents(engine: AsyncEngine) -> list[list[tuple[Any, ...]]]:
    async with engine.connect() as connection:
        return [
            [tuple(row) for row in await connection.execute(text(f"SELECT * FROM {table} ORDER BY id"))]
            for table in TABLES
        ]


async def test_history_begins_with_what_was_there(of_old: AsyncEngine) -> None:
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
        values: dict[Any, Any] = {}
        for event in await events_of(factory, aggregate, id):
            for change in event.changes or []:
                assert values.get((event.entity_id, change.field)) == change.before != change.after
                values[event.entity_id, change.field] = change.after
        assert set(values.values()) == {None}


async def test_what_was_active_when_history_began_is_the_last_to_be_gone_back_to(
    of_old: AsyncEngine, empty_url: str
) -> None:
    def use() -> None:
        with running_server(empty_url) as server:  # which migrates
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

    await asyncio.to_thread(use)


async def test_the_migration_steps_down_to_what_was_there(of_old: AsyncEngine) -> None:
    before = await contents(of_old)
    await migrate(of_old)
    await migrate(of_old, "0001")
    assert await contents(of_old) == before
    async with of_old.begin() as connection:  # as it was then
        await connection.exec_driver_sql(f"DELETE FROM agents WHERE id = '{AGENT}'")
        left = (await connection.exec_driver_sql("SELECT agent_id, version FROM meetings")).one()
    assert tuple(left) == (None, 5)
    await migrate(of_old)
