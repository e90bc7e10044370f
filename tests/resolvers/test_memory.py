"""Checks that what a request and its operation have made is freed with the answer, without the garbage collector."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from db.unit_of_work import Repositories
from domain.agents import Agent
from domain.segments import Segment
from domain.variants import AgentVariant
from server.process.request_cycle import RequestCycle
from tests.harness.servers import Api, segment
from tests.harness.waiting import eventually


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def loaded() -> list[Any]:
    return [each for each in gc.get_objects() if isinstance(each, Segment | Agent | AgentVariant)]


@pytest.mark.usefixtures("uncollected")
def test_nothing_stays(api: Api) -> None:
    meeting = api.meeting("Forgotten", segments=30)
    api.variant(api.agent("Forgotten"), "One")
    before = len(loaded())
    for query in (
        f'{{ meeting(id: "{meeting["id"]}") {{ segments {{ totalCount nodes {{ id text meeting {{ title }} }} }} }} }}',
        "{ meetings { nodes { segments(first: 5) { edges { cursor node { text } } } speakers { speaker } } } }",
        "{ agents { nodes { variants { slug config { modelName } agent { slug } } resolvedConfig { modelName } } } }",
    ):
        for _ in range(3):
            assert "errors" not in api.post(query)
    eventually(lambda: len(loaded()) <= before)


def requests() -> list[Any]:
    return [each for each in gc.get_objects() if isinstance(each, RequestCycle | Repositories)]


@pytest.mark.usefixtures("uncollected")
def test_no_request_stays(api: Api) -> None:
    meeting = api.meeting("Forgotten")
    before = len(requests())
    for number in range(1, 4):
        assert api.http.get("/healthz").status_code == 200
        assert api.post("{ meetingCount }")["data"]
        assert api.post("{ unknown }")["errors"]
        api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(number)])
        api.meeting(f"Forgotten {number}")
    eventually(lambda: len(requests()) <= before)


@pytest.mark.usefixtures("uncollected")
def test_the_garbage_collector_has_nothing_to_do(api: Api) -> None:
    meeting = api.meeting("Kept", segments=30)
    api.agent("Kept")

    def run(times: int) -> None:
        for number in range(times):
            assert "errors" not in api.post("{ meetings { nodes { segments { nodes { text } } } } }")
            assert "errors" not in api.post("{ agents { nodes { variants { slug } resolvedConfig { modelName } } } }")
            api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(100 + number)])
            api.meeting("Another")

    run(2)  # validation leaves some of each new document
    gc.collect()
    run(25)
    assert gc.collect() < 100, "a request leaves reference cycles"
