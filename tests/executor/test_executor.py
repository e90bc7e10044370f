"""What the fast executor takes and what it leaves, what it keeps, and what becomes of loads when something fails."""

import asyncio
import gc
from collections.abc import AsyncIterator, Hashable
from typing import Any
from weakref import ref

import pytest
import strawberry
from graphql import ExecutionResult, create_source_event_stream, execute_subscription_event, parse
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from executor import ExecutionCounts, FastExecutor, InstancesOf, execution_counts
from executor.dataloader import DataLoader
from executor.operation import MAX_VALUES, Operation
from executor.plan import Selection
from executor.plan_cache import PlannedDocuments
from tests.harness.executor.examples import BELOW, FAST, SLOW, compare
from tests.harness.executor.world import Answer, World, answer, copied, schema_of, sound


@pytest.fixture(autouse=True)
def from_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("completed", "fell_back", "delegated", "inputs_fell_back"):
        monkeypatch.setattr(execution_counts, name, 0)


async def test_a_level_is_loaded_at_once() -> None:
    world = copied(sound("node", "node", "node"))
    result = await FAST.execute("{ nodes { boss { boss { name } friend { name } } } }", context_value=world)
    assert result.errors is None
    assert [sorted(keys) for keys in world.loads] == [[0, 1, 2], [None]]  # the second level is in the loader already
    assert execution_counts == ExecutionCounts(completed=1)


async def test_fields_of_one_level_share_a_batch() -> None:
    world = copied(sound("node", "node", "dog"))
    await FAST.execute(f"{{ nodes {{ {BELOW} }} }}", context_value=world)
    assert len(world.loads) == 1


async def test_only_values_with_fields_are_counted() -> None:
    await answer(FAST, "{ count __typename }", {}, sound("node"))
    assert execution_counts == ExecutionCounts()
    await answer(FAST, "{ __schema { queryType { name } } }", {}, sound("node"))
    assert execution_counts == ExecutionCounts(delegated=1)


async def test_what_is_handed_back_is_counted() -> None:
    data = sound("node", "node")
    data[1].leaves["number"] = "none"
    given = await answer(FAST, "{ nodes { number } first { number } }", {}, data)
    assert given.errors
    assert execution_counts == ExecutionCounts(completed=1, fell_back=1)


GIVEN = {
    "count": 1, "name": "n", "maybe": None, "surely": "s", "ratio": 1, "flag": None, "key": 7, "colour": "RED",
    "shades": ["DARK"], "at": "2026-01-01T00:00:00Z", "even": 2,
    "json": {"a": [1]}, "grid": [[1, None], None], "point": {"x": 1},
    "points": [{"x": 0.5, "y": 2, "of": "k"}], "spans": [{"start": 1, "end": None}], "choice": {"number": 1},
    "either": {"text": "t"}, "later": {"words": ["w"], "at": {"x": 1}},
}  # fmt: skip


async def test_usual_inputs_are_not_handed_back() -> None:
    for given in ({"count": 1}, GIVEN):
        for variables in ({"given": given}, {"given": given, "x": 2, "fail": "refused"}):
            await compare(
                """mutation ($given: Given!, $x: Float! = 1, $fail: String) {
                    take(given: $given, fail: $fail) { __typename }
                    other: take(given: {count: 2, points: [{x: $x}], colour: BLUE}) { __typename }
                    several(points: [{x: $x}, {x: 1}], hue: BLUE, choice: {text: "t"}) { __typename }
                }""",
                variables,
                sound("node"),
            )
    assert execution_counts.inputs_fell_back == execution_counts.fell_back == execution_counts.delegated == 0


async def test_what_is_wrong_with_inputs_is_counted() -> None:
    document = "query ($given: Given!) { take(given: $given) { __typename } }"
    for given in ({"count": 1}, {}):  # the first time, nothing is known of the operation
        await answer(FAST, document, {"given": given}, sound("node"))
    assert execution_counts == ExecutionCounts(completed=1, inputs_fell_back=1)
    await answer(FAST, "{ atOnce several(span: {start: 2, end: 1}) { __typename } }", {}, sound("node"))
    assert execution_counts == ExecutionCounts(completed=1, inputs_fell_back=2)


def test_operations_of_one_document() -> None:
    document = parse("query A($x: Int! = 1) { count @include(if: true) } query B($x: Int!) { b: count }")
    for _ in range(2):
        for name, variables, data in (
            ("A", {}, {"count": 3}),
            ("B", {"x": 1}, {"b": 3}),
            ("B", {}, None),
            ("C", {}, None),
            (None, {}, None),
        ):
            built = FastExecutor.build(FAST._schema, document, None, None, variables, name)
            assert (None if isinstance(built, list) else built.execute_operation().data) == data


async def test_requests_share_no_state() -> None:
    """But what is of the operation, and those that nobody changes."""
    document = parse("query ($at: Int) { node(at: $at) { id } }")
    _, one, other = (FastExecutor.build(FAST._schema, document, None, World([]), {"at": 1}) for _ in range(3))
    shared = {
        name for name, value in vars(one).items() if value is vars(other)[name] and not isinstance(value, Hashable)
    }
    assert shared == {"fragment_definitions", "fragments"}
    assert one.variable_values.coerced is not other.variable_values.coerced


async def test_an_executor_is_gone_when_it_is_done() -> None:
    document = parse("query ($at: Int) { nodes { id boss { id } } thing: nodes { name } }")

    async def executed() -> ref[Any]:
        executor: Any = FastExecutor.build(FAST._schema, document, context_value=World(sound("node", "dog")))
        result = executor.execute_operation()
        result = result if isinstance(result, ExecutionResult) else await result
        assert result.data
        assert not result.errors
        return ref(executor)

    gc.disable()
    try:
        assert [(await executed())() for _ in range(2)] == [None, None]
    finally:
        gc.enable()


async def test_extensions_that_resolve_fields_see_all_of_them() -> None:
    class Seeing(SchemaExtension):
        seen: list[str] = []  # noqa: RUF012

        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            self.seen.append(info.field_name)
            return _next(root, info, *args, **kwargs)

    schema = schema_of(FastExecutor, extensions=[Seeing])
    given = await answer(schema, "{ first { name } }", {}, sound("node"))
    assert given.errors == []
    assert Seeing.seen == ["first", "name"]
    assert execution_counts == ExecutionCounts(delegated=1)


async def test_what_is_deferred_or_streamed_is_left() -> None:
    config = StrawberryConfig(enable_experimental_incremental_execution=True)

    @strawberry.type
    class Item:
        name: str
        other: str = "o"

    @strawberry.type
    class Items:
        first: Item = strawberry.field(resolver=lambda: Item(name="a"))
        all: list[Item] = strawberry.field(resolver=lambda: [Item(name="a"), Item(name="b")])

    async def parts(executor: Any, document: str) -> list[Any]:
        schema = strawberry.Schema(Items, config=config, execution_context_class=executor)
        result: Any = await schema.execute(document, {"yes": True, "no": False})
        if not hasattr(result, "initial_result"):
            return [result.data]
        return [result.initial_result.data, *[str(each) async for each in result.subsequent_results]]

    for document, done in (
        ("{ first { name ... @defer { other } } }", ExecutionCounts(delegated=1)),
        ("{ ... @defer { first { name } } all { name } }", ExecutionCounts(delegated=2)),
        ("{ first { name } ... @defer { first { other } } }", ExecutionCounts(delegated=1)),
        ("{ first { name } ... @defer { first { name } second: first { other } } }", ExecutionCounts(delegated=2)),
        ("{ all @stream(initialCount: 1) { name } }", ExecutionCounts(delegated=1)),
        ("query ($no: Boolean!) { first { name ... @defer(if: $no) { other } } }", ExecutionCounts(completed=1)),
        ("query ($yes: Boolean!) { first { name ... @defer(if: $yes) { other } } }", ExecutionCounts(delegated=1)),
    ):
        execution_counts.completed = execution_counts.delegated = 0
        assert await parts(FastExecutor, document) == await parts(None, document)
        assert execution_counts == done, document


def test_what_is_there_needs_no_event_loop() -> None:
    document = "{ all { name square spec { size } } pets { __typename } }"
    given, expected = (
        schema.execute_sync(document, context_value=copied(sound("node", "dog"))) for schema in (FAST, SLOW)
    )
    assert Answer.of(given) == Answer.of(expected)
    assert execution_counts == ExecutionCounts(completed=2)


async def test_events_of_a_subscription() -> None:
    """Each in one step, if nothing has to be loaded."""

    @strawberry.type
    class Event:
        name: str
        length: int = strawberry.field(resolver=lambda root: len(root.name))

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def events(self) -> AsyncIterator[Event]:
            for name in ("a", "bb", None):
                yield Event(name=name)  # type: ignore[arg-type]

    @strawberry.type
    class Query:
        none: int

    schema = strawberry.Schema(Query, subscription=Subscription, execution_context_class=FastExecutor)
    executor = FastExecutor.build(schema._schema, parse("subscription { events { name length } }"))
    results: list[ExecutionResult] = []
    async for event in await create_source_event_stream(executor):  # type: ignore[misc]
        result = execute_subscription_event(executor.build_per_event_executor(event))
        assert isinstance(result, ExecutionResult)
        results.append(result)
    assert [result.data for result in results] == [
        {"events": {"name": "a", "length": 1}},
        {"events": {"name": "bb", "length": 2}},
        None,
    ]
    assert [bool(result.errors) for result in results] == [False, False, True]
    assert execution_counts == ExecutionCounts(completed=2, fell_back=1)


@strawberry.interface
class Animal:
    name: str


class Wolf:
    name = "Wolf"


class Husky(Wolf):
    name = "Husky"


class Lynx:
    name = "Lynx"


@strawberry.type
class Dog(Animal):
    is_type_of = InstancesOf(Wolf)


@strawberry.type
class Cat(Animal):
    is_type_of = InstancesOf(Lynx)


def zoo(seen: list[int]) -> Any:
    return [(Wolf(), Husky(), Lynx(), None, object())[each] for each in seen]


@strawberry.type
class Zoo:
    dogs: list[Any] = strawberry.field(resolver=zoo, graphql_type=list[Dog | None])
    animals: list[Any] = strawberry.field(resolver=zoo, graphql_type=list[Animal | None])


@pytest.mark.parametrize("seen", [[], [0], [0, 1, 0], [1, 3], [3], [0, 2, 1], [2], [1, 2, 3, 4]])
@pytest.mark.parametrize("field", ["dogs", "animals"])
async def test_types_that_are_known_by_classes(seen: list[int], field: str) -> None:
    answers = []
    for executor in (FastExecutor, None):
        schema = strawberry.Schema(Zoo, types=[Dog, Cat], execution_context_class=executor)
        schema.process_errors = lambda *_, **__: None  # type: ignore[method-assign]
        document = f"{{ {field}(seen: {seen}) {{ __typename name }} }}"
        result = await schema.execute(document)
        answers.append((result.data, [error.formatted for error in result.errors or ()]))
    assert answers[0] == answers[1]


class TestPlans:
    DOCUMENT = "query ($a: Boolean!) { nodes { id @skip(if: $a) boss { id } } }"

    async def execute(self, document: Any, **variables: Any) -> None:
        context = copied(sound("node"))
        executor = FastExecutor.build(FAST._schema, document, None, context, variables)
        assert (await executor.execute_operation()).errors is None

    async def test_they_are_made_once_for_the_same_values(self) -> None:
        document = parse(self.DOCUMENT)
        made = []
        for a in (True, True, False, False, True):
            before = Selection.made
            await self.execute(document, a=a)
            made.append(Selection.made - before)
        assert made == [2, 0, 2, 0, 0]

    def planned(self, names: list[str]) -> Any:
        variables = ", ".join(f"${name}: Boolean!" for name in names)
        fields = " ".join(f"{name}: id @include(if: ${name})" for name in names)
        return parse(f"query ({variables}) {{ nodes {{ {fields} }} }}")

    def executor(self, document: Any, **variables: bool) -> Any:
        return FastExecutor.build(FAST._schema, document, None, None, variables)

    def test_those_of_one_document_are_bounded(self) -> None:
        names = ["a", "b", "c", "d", "e"]
        document = self.planned(names)
        variables: dict[str, bool] = dict.fromkeys(names, False)
        planned = Operation(self.executor(document, **variables), tuple(names))
        for number in range(2 * MAX_VALUES):
            variables = {name: bool(number & 1 << n) for n, name in enumerate(names)}
            planned.roots(self.executor(document, **variables))
            assert len(planned._roots) == min(number + 1, MAX_VALUES)

    def test_they_go_with_their_document(self) -> None:
        planned = PlannedDocuments()
        document = self.planned(["a"])
        planned.of(document)
        assert len(planned._documents) == 1
        del document
        gc.collect()
        assert len(planned._documents) == 0

    def test_all_together_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        planned = PlannedDocuments()
        documents = [self.planned(["a"]) for _ in range(3)]
        for document in documents[:2]:
            planned.of(document)
        monkeypatch.setattr(Selection, "made", Selection.made + 10_001)
        planned.of(documents[2])
        assert len(planned._documents) == 1


class Gated(World):
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
    world = Gated()
    operation = asyncio.create_task(FAST.execute(f"{{ nodes {{ {BELOW} }} }}", context_value=world))
    for _ in range(turn):
        await asyncio.sleep(0)
    operation.cancel()
    with pytest.raises(asyncio.CancelledError):
        await operation
    world.gate.set()
    async with asyncio.timeout(10):
        result = await FAST.execute(f"{{ nodes {{ {BELOW} }} }}", context_value=world)
    assert result.errors is None
    assert len([key for keys in world.loads for key in keys]) == len({key for keys in world.loads for key in keys})


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
