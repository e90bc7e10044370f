"""Checks that an operation that is cancelled or fails leaves its loads to others."""

import asyncio
from typing import Any

import pytest
import strawberry

from executor import FastExecutor
from executor.dataloader import DataLoader
from tests.harness.executor.examples import BELOW, FAST
from tests.harness.executor.generated_values import copied, sound
from tests.harness.executor.sources import ExecutionData


class Gated(ExecutionData):
    """Loads wait for the gate."""

    def __init__(self) -> None:
        super().__init__(copied(sound("node", "node", "dog")).things)
        self.gate = asyncio.Event()
        self.loading = asyncio.Event()

    async def _load(self, keys: list[Any]) -> list[Any]:
        self.loading.set()
        await self.gate.wait()
        return await super()._load(keys)


TURNS = range(8)


@pytest.mark.parametrize("turn", TURNS)
async def test_a_cancelled_operation_leaves_its_loads_to_others(turn: int) -> None:
    """Whatever it was at."""
    context = Gated()
    operation = asyncio.create_task(FAST.execute(f"{{ nodes {{ {BELOW} }} }}", context_value=context))
    for _ in range(turn):
        await asyncio.sleep(0)
    operation.cancel()
    with pytest.raises(asyncio.CancelledError):
        await operation
    context.gate.set()
    async with asyncio.timeout(10):
        result = await FAST.execute(f"{{ nodes {{ {BELOW} }} }}", context_value=context)
    assert result.errors is None
    assert len([key for keys in context.loads for key in keys]) == len({key for keys in context.loads for key in keys})


async def test_a_failed_sibling_leaves_loads_to_others() -> None:
    """A field that fails takes the whole answer with it, while others are loading; who comes later gets what they loaded."""

    async def load_one(root: Any, info: strawberry.Info) -> str:
        return await info.context.load(root.key)  # type: ignore[no-any-return]

    async def load_all(roots: list[Any], info: strawberry.Info) -> list[str]:
        return await info.context.load_many(root.key for root in roots)  # type: ignore[no-any-return]

    load_one.batch = load_all  # type: ignore[attr-defined]

    @strawberry.type
    class Item:
        key: str
        value: str = strawberry.field(resolver=load_one)

    failing = asyncio.Event()

    @strawberry.type
    class Query:
        @strawberry.field
        def items(self) -> list[Item]:
            return [Item(key="a"), Item(key="b")]

        @strawberry.field
        async def fails(self) -> str:
            await failing.wait()
            raise ValueError("failed")

    loading, gate = asyncio.Event(), asyncio.Event()

    async def load(keys: list[str]) -> list[str]:
        loading.set()
        await gate.wait()
        return [key.upper() for key in keys]

    class Quiet(strawberry.Schema):
        def process_errors(self, errors: Any, execution_context: Any = None) -> None:
            pass

    schema = Quiet(Query, execution_context_class=FastExecutor)
    loader: DataLoader[str, str] = DataLoader(load)
    operation = asyncio.create_task(schema.execute("{ items { key value } fails }", context_value=loader))
    await loading.wait()
    failing.set()
    async with asyncio.timeout(10):
        result = await operation
        assert result.data is None
        assert [error.message for error in result.errors or ()] == ["failed"]
        gate.set()
        later = await schema.execute("{ items { key value } }", context_value=loader)
    assert later.data == {"items": [{"key": "a", "value": "A"}, {"key": "b", "value": "B"}]}
