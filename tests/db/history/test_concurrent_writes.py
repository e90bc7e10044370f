"""Checks that concurrent changes have their events in order, and that an activation never uses what it has not seen."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from db.engine import SessionFactory
from db.unit_of_work import UnitOfWork
from domain.agents import Agent
from domain.errors import Conflict, NotFound
from domain.history import ACTIVE_VARIANT, Aggregate, EventKind
from domain.ids import VariantId
from domain.meetings import Meeting
from server.wire.graphql_files import operation
from tests.harness.concurrency import run_concurrently
from tests.harness.histories import history, present, replayed
from tests.harness.servers import Api
from tests.harness.stored_agents import event_kinds, events_of, store_agent
from tests.harness.waiting import is_lock_awaited

pytestmark = pytest.mark.slow


def activation(factory: SessionFactory, id: VariantId, expected_version: int | None = None) -> Callable[[], Any]:
    async def activate() -> Agent:
        async with UnitOfWork(factory) as uow:
            agent = await uow.agents.activate(id, expected_version=expected_version)
            await uow.commit()
        return agent

    return activate


async def test_an_activation_that_waited_for_an_update_of_the_variant_does_not_activate_what_was_not_seen(
    session_factory: SessionFactory, database_url: str
) -> None:
    agent, (variant,) = await store_agent(session_factory)

    async def update(uow: UnitOfWork) -> None:
        await uow.variants.update(replace(variant, name="Changed"))

    outcome = await waiting(session_factory, database_url, update, activation(session_factory, variant.id, 1))
    assert isinstance(outcome, Conflict)
    assert outcome.current_version == 2
    assert await event_kinds(session_factory, agent) == ["CREATED", "CREATED", "UPDATED"]


async def test_an_activation_that_waited_for_the_deletion_of_its_variant_finds_none(
    session_factory: SessionFactory, database_url: str
) -> None:
    agent, (variant,) = await store_agent(session_factory)

    async def delete(uow: UnitOfWork) -> None:
        await uow.variants.get_for_update(variant.id)
        await uow.variants.delete(variant.id)

    outcome = await waiting(session_factory, database_url, delete, activation(session_factory, variant.id))
    assert isinstance(outcome, NotFound)
    assert await event_kinds(session_factory, agent) == ["CREATED", "CREATED", "DELETED"]


async def test_an_activation_that_waited_for_the_deletion_of_its_agent_finds_none(
    session_factory: SessionFactory, database_url: str
) -> None:
    agent, (variant,) = await store_agent(session_factory)

    async def delete(uow: UnitOfWork) -> None:
        await uow.agents.get_for_delete(agent.id)
        await uow.agents.delete(agent.id)

    outcome = await waiting(session_factory, database_url, delete, activation(session_factory, variant.id))
    assert isinstance(outcome, NotFound)
    assert await event_kinds(session_factory, agent) == ["CREATED", "CREATED", "DELETED", "DELETED"]
    assert (await events_of(session_factory, Aggregate.AGENT, agent.id))[-1].entity_id == agent.id


async def test_an_activation_that_waited_for_another_one_tells_what_it_found(
    session_factory: SessionFactory, database_url: str
) -> None:
    """Checks that it changes nothing if the other has activated the same variant."""
    agent, (one, other) = await store_agent(session_factory, variants=2)

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
    session_factory: SessionFactory, database_url: str
) -> None:
    agent, _ = await store_agent(session_factory)
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
    """Returns the result of each call by the reason that it gave."""

    def job(number: int, name: str, variables: dict[str, Any]) -> Callable[[Api], tuple[str, Any]]:
        reason = f"{label} {number}"
        return lambda api: (reason, run(api, name, variables | {"reason": reason}))

    return dict(run_concurrently(url, [job(number, *call) for number, call in enumerate(calls)]))


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
        if "code" in result:
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
    """Checks that an activation with expectedVersion either precedes a concurrent update or is refused."""
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
        if "code" in activated:
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


async def waiting(
    factory: SessionFactory, database_url: str, first: Callable[[UnitOfWork], Awaitable[Any]], then: Callable[[], Any]
) -> Any:
    """Returns the result or the error of `then`, which must wait for a lock that `first` holds until this is committed."""
    watcher = await asyncpg.connect(database_url)
    try:
        async with UnitOfWork(factory) as uow:
            await first(uow)
            second = asyncio.create_task(then())
            while not await is_lock_awaited(watcher):
                assert not second.done()
            await uow.commit()
        return (await asyncio.gather(second, return_exceptions=True))[0]
    finally:
        await watcher.close()
