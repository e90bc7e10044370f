"""Activation under concurrency: whoever looks, whenever, sees at most one active variant."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.concurrency import TIMEOUT_SECONDS, new_client, run_concurrently
from tests.harness.servers import Api

pytestmark = pytest.mark.slow

LOOK = """
query Look($id: ID!) {
  agent(id: $id) {
    version
    variants { id isActive }
    activeVariant { id }
    resolvedConfig { variantId }
  }
}
"""
READER_COUNT = 3
MIN_READS = 10
"""Different versions that the readers must have come across."""


def look(api: Api, id: str) -> Any:
    return api.post(LOOK, {"id": id})["data"]["agent"]


def active(looked: Any) -> list[str]:
    """The variants that say they are active."""
    return [variant["id"] for variant in looked["variants"] if variant["isActive"]]


def while_read(url: str, agent_id: str, jobs: Sequence[Callable[[Api], Any]]) -> tuple[list[list[Any]], list[Any]]:
    """Runs the jobs until readers have seen enough versions of the agent; returns results by round, and what was seen."""
    reading, finished = threading.Barrier(READER_COUNT + 1), threading.Event()
    seen: list[Any] = []

    def read() -> None:
        with new_client(url) as api:
            reading.wait(TIMEOUT_SECONDS)
            while not finished.is_set():
                seen.append(look(api, agent_id))
            seen.append(look(api, agent_id))

    rounds: list[list[Any]] = []
    with ThreadPoolExecutor(READER_COUNT) as threads:
        readers = [threads.submit(read) for _ in range(READER_COUNT)]
        try:
            reading.wait(TIMEOUT_SECONDS)
            while len({looked["version"] for looked in list(seen)}) < MIN_READS:
                assert len(rounds) < 50, "the readers do not get through"
                rounds.append(run_concurrently(url, jobs))
        finally:
            finished.set()
        for reader in readers:
            reader.result()
    return rounds, seen


def check_end(api: Api, id: str) -> Any:
    """Every field agrees on what is active."""
    end = look(api, id)
    only = next(iter(active(end)), None)
    assert active(end) == ([only] if only else [])
    assert end["activeVariant"] == (only and {"id": only})
    assert end["resolvedConfig"]["variantId"] == only
    return end


def test_of_32_concurrent_activations_one_is_left_and_no_reader_sees_two(api: Api) -> None:
    agent = api.agent()
    ids = [api.variant(agent)["id"] for _ in range(32)]

    def activate(id: str) -> Callable[[Api], Any]:
        return lambda api: api.run("ActivateVariant", id=id)

    rounds, seen = while_read(api.url, agent["id"], [activate(id) for id in ids])
    assert all(len(active(looked)) <= 1 for looked in seen)
    # At first, each activated another variant than was active, so each changed something.
    assert sorted(result["version"] for result in rounds[0]) == list(range(2, 34))
    end = check_end(api, agent["id"])
    assert {result["version"] for results in rounds for result in results} == set(range(2, end["version"] + 1))
    last = {id for id, result in zip(ids, rounds[-1], strict=True) if result["version"] == end["version"]}
    assert set(active(end)) == last


def test_of_concurrent_activations_of_one_variant_one_changes_something(api: Api) -> None:
    agent = api.agent()
    id = api.variant(agent)["id"]
    results = run_concurrently(api.url, [lambda api: api.run("ActivateVariant", id=id)] * 8)
    assert [result["version"] for result in results] == [2] * 8
    assert check_end(api, agent["id"])["version"] == 2


def test_activations_amid_all_other_changes_leave_a_consistent_agent(api: Api) -> None:
    agent = api.agent()
    ids = [api.variant(agent, temperature=1.0)["id"] for _ in range(12)]

    def activate(number: int) -> Callable[[Api], Any]:
        return lambda api: api.run("ActivateVariant", id=ids[number % 12])

    def deactivate(_: int) -> Callable[[Api], Any]:
        return lambda api: api.run("DeactivateVariant", agentId=agent["id"])

    def update(number: int) -> Callable[[Api], Any]:
        return lambda api: api.run("UpdateAgent", id=agent["id"], input={"name": f"Name {number} {uuid4()}"})

    def revise(number: int) -> Callable[[Api], Any]:
        return lambda api: api.run("UpdateVariant", id=ids[number], input={"description": f"Description {number}"})

    def clone(number: int) -> Callable[[Api], Any]:
        input = {"name": "Clone", "activate": True, "sourceVariantId": ids[number]}
        return lambda api: api.run("CloneVariant", agentId=agent["id"], input=input)

    def delete(number: int) -> Callable[[Api], Any]:
        return lambda api: api.run("DeleteVariant", id=ids[number])

    makers = {activate: 16, deactivate: 6, update: 6, revise: 6, clone: 6, delete: 6}
    # Interleaved: the first of each kind, then the second of each, and so on.
    plan = sorted((number, kind.__name__, kind) for kind, times in makers.items() for number in range(times))
    rounds, seen = while_read(api.url, agent["id"], [kind(number) for number, _, kind in plan])

    def results(maker: Callable[[int], Any]) -> list[Any]:
        return [result for each in rounds for result, (_, _, kind) in zip(each, plan, strict=True) if kind is maker]

    assert kinds(results(deactivate)) == kinds(results(update)) == {"done"}
    for maker in (activate, revise, clone):
        assert kinds(results(maker)) <= {"done", "NotFound"}  # a variant may be deleted by then
    assert kinds(results(delete)) <= {"done", "NotFound", "Conflict"}  # one may be active at the time

    assert all(len(active(looked)) <= 1 for looked in seen)
    end = check_end(api, agent["id"])
    deleted, cloned = done(results(delete)), done(results(clone))
    left = {*ids, *(variant["id"] for variant in cloned)} - {variant["id"] for variant in deleted}
    assert {variant["id"] for variant in end["variants"]} == left
    # A change is told to the one who made it, under a version of its own; a clone tells its variant's version.
    changed = {result["version"] for maker in (activate, deactivate, update) for result in done(results(maker))}
    assert len(changed - {1}) + len(cloned) == end["version"] - 1


def kinds(results: list[Any]) -> set[str]:
    return {result["__typename"] if "code" in result else "done" for result in results}


def done(results: list[Any]) -> list[Any]:
    return [result for result in results if "code" not in result]
