"""Checks the dataloader: a waiter that is cancelled takes no other with it, whenever that happens."""

import asyncio
import gc
from typing import Any

import pytest
import strawberry

from executor.dataloader import MAX_BATCH_KEYS, DataLoader
from tests.harness.unhandled_exceptions import no_unhandled_exceptions

GATE = 6
"""The turn of the event loop in which the gate opens. The batch has been waiting at the gate for some turns by then."""
TURNS = 12
"""The number of turns after which everything has ended."""


class Batches:
    """A load function that waits for its gate, and remembers the keys of each batch."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.gate = asyncio.Event()
        self.asked: list[list[str]] = []

    async def __call__(self, keys: list[str]) -> list[str]:
        self.asked.append(keys)
        await self.gate.wait()
        if self.error:
            raise self.error
        return [key.upper() for key in keys]


async def wait_for(loader: DataLoader[str, str], key: str) -> str:
    return await loader.load(key)


async def play(batches: Batches, waiters: list[asyncio.Task[str]], victims: list[int], turn: int) -> list[Any]:
    """Cancels the victims in that turn of the event loop, and returns the outcome of each waiter."""
    for now in range(TURNS):
        if now == turn:
            for victim in victims:
                waiters[victim].cancel()
        if now == GATE:
            batches.gate.set()
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        return await asyncio.gather(*waiters, return_exceptions=True)


# Turn 0 comes before the waiters ask, 1 before the batch is dispatched, 2 is when it is, and from 3 on the batch waits. With
# GATE it may go on, and the turns after it are those in which the values reach the waiters.
EVERY_TURN = pytest.mark.parametrize("turn", range(TURNS))
VICTIMS = pytest.mark.parametrize(
    "victims",
    [[0], [1], [2], [3], [0, 1], [0, 1, 2], [3, 4], [0, 1, 2, 3, 4]],
    ids=["first of a", "second of a", "third of a", "first of b", "two of a", "all of a", "all of b", "all"],
)


@EVERY_TURN
@VICTIMS
async def test_a_cancelled_waiter_takes_no_other_with_it(turn: int, victims: list[int]) -> None:
    with no_unhandled_exceptions():
        batches = Batches()
        loader = DataLoader(batches)
        waiters = [asyncio.create_task(wait_for(loader, key)) for key in "aaabb"]
        outcomes = await play(batches, waiters, victims, turn)

        for index, (outcome, value) in enumerate(zip(outcomes, "AAABB", strict=True)):
            assert outcome == value or (index in victims and isinstance(outcome, asyncio.CancelledError))
        if turn <= GATE:
            assert all(waiters[victim].cancelled() for victim in victims)

        async with asyncio.timeout(10):
            assert await asyncio.gather(*(loader.load(key) for key in "abc")) == ["A", "B", "C"]
        asked = [key for batch in batches.asked for key in batch]
        assert sorted(asked) == ["a", "b", "c"]


@EVERY_TURN
async def test_who_comes_after_a_cancellation_is_served(turn: int) -> None:
    """Checks it in the very turn of the cancellation, too, in the batch whose only waiter has just been cancelled."""
    with no_unhandled_exceptions():
        batches = Batches()
        loader = DataLoader(batches)
        waiter = asyncio.create_task(wait_for(loader, "a"))
        late: list[asyncio.Task[str]] = []
        for now in range(TURNS):
            if now == turn:
                waiter.cancel()
                late.append(asyncio.create_task(wait_for(loader, "a")))
                late.append(asyncio.create_task(wait_for(loader, "b")))
            if now == GATE:
                batches.gate.set()
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            assert await asyncio.gather(*late) == ["A", "B"]


@VICTIMS
async def test_a_failing_batch_fails_all_that_still_wait_and_nothing_is_said_of_the_others(victims: list[int]) -> None:
    async def fail(turn: int) -> None:
        error = LookupError("of the batch")
        batches = Batches(error)
        loader = DataLoader(batches)
        waiters = [asyncio.create_task(wait_for(loader, key)) for key in "aaabb"]
        outcomes = await play(batches, waiters, victims, turn)
        for index, outcome in enumerate(outcomes):
            expected = outcome is error or (index in victims and isinstance(outcome, asyncio.CancelledError))
            assert expected, f"in turn {turn} waiter {index} got {outcome!r}"
        batches.error = None
        async with asyncio.timeout(10):
            assert await loader.load("c") == "C"

    with no_unhandled_exceptions():
        for turn in range(TURNS):
            await fail(turn)
        gc.collect()  # a future says that its exception was never retrieved when it is collected


async def test_a_failing_batch_fails_waiters_that_come_later() -> None:
    error = LookupError("of the batch")
    with no_unhandled_exceptions():
        batches = Batches(error)
        batches.gate.set()
        loader = DataLoader(batches)
        for _ in range(2):
            with pytest.raises(LookupError) as raised:
                await loader.load("a")
            assert raised.value is error
        assert batches.asked == [["a"]]
        del loader, raised
        gc.collect()


async def test_many_keys_are_loaded_in_one_batch_with_those_of_others() -> None:
    batches = Batches()
    batches.gate.set()
    loader = DataLoader(batches)
    many, one, others = await asyncio.gather(loader.load_many("abca"), loader.load("d"), loader.load_many("db"))
    assert (many, one, others) == (["A", "B", "C", "A"], "D", ["D", "B"])
    assert [sorted(keys) for keys in batches.asked] == [["a", "b", "c", "d"]]
    assert await loader.load_many("cd") == ["C", "D"]
    assert await loader.load_many("") == []
    assert [sorted(keys) for keys in batches.asked] == [["a", "b", "c", "d"]]


@pytest.mark.slow
@EVERY_TURN
@pytest.mark.parametrize("victims", [[0], [1], [2], [0, 1], [0, 1, 2]])
@pytest.mark.parametrize("error", [None, LookupError("of the batch")], ids=["", "failing"])
async def test_who_waits_for_many_keys_takes_no_other_with_him(
    turn: int, victims: list[int], error: Exception | None
) -> None:
    async def wait_for_many(loader: DataLoader[str, str], keys: str) -> str:
        return "".join(await loader.load_many(keys))

    with no_unhandled_exceptions():
        batches = Batches(error)
        loader = DataLoader(batches)
        waiters = [
            asyncio.create_task(wait_for_many(loader, "ab")),
            asyncio.create_task(wait_for_many(loader, "bc")),
            asyncio.create_task(wait_for(loader, "b")),
        ]
        outcomes = await play(batches, waiters, victims, turn)
        for index, (outcome, value) in enumerate(zip(outcomes, ["AB", "BC", "B"], strict=True)):
            expected = value if error is None else error
            assert outcome == expected or (index in victims and isinstance(outcome, asyncio.CancelledError))
        batches.error = None
        async with asyncio.timeout(10):
            assert await loader.load_many("de") == ["D", "E"]
        del loader, waiters, outcomes
        gc.collect()


async def test_more_keys_than_a_batch_has_are_several_and_one_that_fails_is_told() -> None:
    asked: list[int] = []

    async def load(keys: list[int]) -> list[int]:
        asked.append(len(keys))
        for _ in range(len(asked)):
            await asyncio.sleep(0)
        if MAX_BATCH_KEYS in keys:
            raise LookupError("in the second batch")
        return keys

    with no_unhandled_exceptions():
        loader = DataLoader(load)
        with pytest.raises(LookupError):
            await loader.load_many(range(2 * MAX_BATCH_KEYS + 1))
        assert asked == [MAX_BATCH_KEYS, MAX_BATCH_KEYS, 1]
        assert await loader.load_many([*range(MAX_BATCH_KEYS), 2 * MAX_BATCH_KEYS]) == [
            *range(MAX_BATCH_KEYS),
            2 * MAX_BATCH_KEYS,
        ]
        del loader
        gc.collect()


@strawberry.type
class Item:
    """A field that waits for the loader, and one that fails beside it after some turns of the event loop."""

    @strawberry.field
    async def value(self, info: strawberry.Info[Any, None]) -> str:
        loader: DataLoader[str, str] = info.context["loader"]
        return await loader.load("a")

    @strawberry.field
    async def broken(self, turns: int) -> str:
        for _ in range(turns):
            await asyncio.sleep(0)
        raise LookupError("of the sibling")


@strawberry.type
class Query:
    @strawberry.field
    def item(self) -> Item | None:
        return Item()


SCHEMA = strawberry.Schema(Query)


@pytest.mark.parametrize("turns", range(TURNS))
async def test_a_field_that_fails_does_not_cancel_what_fields_of_other_objects_wait_for(turns: int) -> None:
    batches = Batches()
    loader = DataLoader(batches)
    query = f"{{ first: item {{ value broken(turns: {turns}) }} second: item {{ value }} third: item {{ value }} }}"

    async def open_the_gate() -> None:
        for _ in range(GATE):
            await asyncio.sleep(0)
        batches.gate.set()

    with no_unhandled_exceptions():
        async with asyncio.timeout(10):
            result, _ = await asyncio.gather(SCHEMA.execute(query, context_value={"loader": loader}), open_the_gate())
            assert result.data == {"first": None, "second": {"value": "A"}, "third": {"value": "A"}}
            assert [error.path for error in result.errors or []] == [["first", "broken"]]
            assert await loader.load("b") == "B"
    assert batches.asked == [["a"], ["b"]]
