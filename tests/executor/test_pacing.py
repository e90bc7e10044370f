"""Hands out the items of a long list little by little."""

import asyncio
import gc
from collections.abc import Awaitable

import pytest

from executor.pacing import ITEMS_PER_TURN, paced


async def value_of(item: Awaitable[object]) -> object:
    return await item


async def test_items_come_a_few_with_each_turn_of_the_event_loop() -> None:
    tasks = [asyncio.create_task(value_of(item)) for item in paced(range(3 * ITEMS_PER_TURN))]
    done_together = []
    while not all(task.done() for task in tasks):
        done_together.append(sum(task.done() for task in tasks))
        await asyncio.sleep(0)
    assert len(set(done_together)) > 2
    assert [task.result() for task in tasks] == list(range(3 * ITEMS_PER_TURN))


async def test_a_cancelled_item_cancels_none_of_the_others() -> None:
    first, *others = [asyncio.create_task(value_of(item)) for item in paced(range(3 * ITEMS_PER_TURN))]
    first.cancel()
    assert await asyncio.gather(*others) == list(range(1, 3 * ITEMS_PER_TURN))
    assert first.cancelled()


async def test_an_operation_that_ends_before_its_items_are_awaited_leaves_no_complaint(
    recwarn: pytest.WarningsRecorder,
) -> None:
    tasks = [asyncio.create_task(value_of(item)) for item in paced(range(3 * ITEMS_PER_TURN))]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    del tasks, task
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []
