"""Checks that what an operation has loaded is freed with its answer, without the garbage collector."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from domain.agents import Agent
from domain.segments import Segment
from domain.variants import AgentVariant
from tests.harness.servers import Api
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
