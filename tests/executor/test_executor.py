"""Checks what the fast executor completes itself and what it leaves to graphql-core, and that it keeps nothing of a request."""

import gc
from collections.abc import AsyncIterator, Hashable
from typing import Any
from weakref import ref

import strawberry
from graphql import ExecutionResult, create_source_event_stream, execute_subscription_event, parse
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from executor import ExecutionCounts, FastExecutor, execution_counts
from executor.batching import batch_resolver_unless_read
from tests.harness.executor.comparison import Answer, answer, build_executor
from tests.harness.executor.examples import BELOW, FAST, SLOW, compare
from tests.harness.executor.generated_values import copied, sound
from tests.harness.executor.schema import schema_of
from tests.harness.executor.sources import ExecutionData


async def test_a_level_is_loaded_at_once() -> None:
    context = copied(sound("node", "node", "node"))
    result = await FAST.execute("{ nodes { boss { boss { name } friend { name } } } }", context_value=context)
    assert result.errors is None
    assert [sorted(keys) for keys in context.loads] == [[0, 1, 2], [None]]  # the second level is in the loader by then
    assert execution_counts == ExecutionCounts(completed=1)


async def test_fields_of_one_level_share_a_batch() -> None:
    context = copied(sound("node", "node", "dog"))
    await FAST.execute(f"{{ nodes {{ {BELOW} }} }}", context_value=context)
    assert len(context.loads) == 1


async def test_values_that_were_read_with_their_objects_are_not_asked_for() -> None:
    asked: list[list[str]] = []

    @batch_resolver_unless_read("read")
    async def value_of(roots: list[Any], info: strawberry.Info) -> list[str]:
        asked.append([root.name for root in roots])
        return [f"loaded for {root.name}" for root in roots]

    @strawberry.type
    class Item:
        name: str
        read: strawberry.Private[str | None]
        value: str = strawberry.field(resolver=value_of)
        broken: int | None = None

    @strawberry.type
    class Query:
        @strawberry.field
        def items(self, info: strawberry.Info) -> list[Item]:
            return info.context  # type: ignore[no-any-return]

    schema = strawberry.Schema(Query, execution_context_class=FastExecutor)
    a, b, unread = Item(name="a", read="A"), Item(name="b", read=""), Item(name="c", read=None)
    for items, values, loads in (
        ([a, b], ["A", ""], []),
        ([a, unread], ["loaded for a", "loaded for c"], [["a", "c"]]),
        ([], [], []),
    ):
        asked.clear()
        result = await schema.execute("{ items { value } }", context_value=items)
        assert result.data == {"items": [{"value": value} for value in values]}
        assert asked == loads
    asked.clear()
    wrong = Item(name="d", read="D", broken="no number")  # type: ignore[arg-type]
    result = await schema.execute("{ items { value broken } }", context_value=[a, wrong, unread])
    assert [error.path for error in result.errors or ()] == [["items", 1, "broken"]]
    assert [item["value"] for item in (result.data or {})["items"]] == ["A", "D", "loaded for c"]
    assert asked == [["c"]]  # by graphql-core, one object at a time


async def test_only_values_with_subfields_are_counted() -> None:
    await answer(FAST, "{ count __typename }", {}, sound("node"))
    assert execution_counts == ExecutionCounts()
    await answer(FAST, "{ __schema { queryType { name } } }", {}, sound("node"))
    assert execution_counts == ExecutionCounts(delegated=1)


async def test_fallbacks_are_counted() -> None:
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


async def test_usual_inputs_need_no_fallback() -> None:
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


async def test_fallbacks_of_inputs_are_counted() -> None:
    document = "query ($given: Given!) { take(given: $given) { __typename } }"
    for given in ({"count": 1}, {}):  # graphql-core builds the executor the first time
        await answer(FAST, document, {"given": given}, sound("node"))
    assert execution_counts == ExecutionCounts(completed=1, inputs_fell_back=1)
    await answer(FAST, "{ atOnce several(span: {start: 2, end: 1}) { __typename } }", {}, sound("node"))
    assert execution_counts == ExecutionCounts(completed=1, inputs_fell_back=2)


def test_an_executor_has_all_that_graphql_core_makes_once_it_is_asked_for() -> None:
    document = parse("{ count }")
    built, *planned = [FastExecutor.build(FAST._schema, document) for _ in range(40)]
    assert isinstance(built, FastExecutor)
    for name, executor in zip(vars(built), planned, strict=False):
        assert type(getattr(executor, name)) is type(getattr(built, name)), name


def test_operations_of_one_document() -> None:
    document = parse("query A($x: Int! = 1) { count @include(if: true) } query B($x: Int!) { b: count }")
    for _ in range(2):
        cases: list[tuple[str | None, dict[str, object], dict[str, object] | None]] = [
            ("A", {}, {"count": 3}),
            ("B", {"x": 1}, {"b": 3}),
            ("B", {}, None),
            ("C", {}, None),
            (None, {}, None),
        ]
        for name, variables, data in cases:
            built = FastExecutor.build(FAST._schema, document, None, None, variables, name)
            if isinstance(built, list):
                assert data is None
            else:
                result = built.execute_operation()
                assert isinstance(result, ExecutionResult)
                assert result.data == data


async def test_requests_share_no_state() -> None:
    """Executors of one operation share only what belongs to the operation, and objects that nobody changes."""
    document = parse("query ($at: Int) { node(at: $at) { id } }")
    _, one, other = (
        build_executor(FAST, document, context_value=ExecutionData([]), raw_variable_values={"at": 1}) for _ in range(3)
    )
    assert one.fragments is other.fragments  # which makes of each what graphql-core's constructor makes
    values = {name: getattr(one, name) for name in {*vars(one), *type(one).__slots__}}
    shared = {
        name for name, value in values.items() if value is getattr(other, name) and not isinstance(value, Hashable)
    }
    assert shared == {"fragment_definitions", "fragments"}
    assert one.variable_values.coerced is not other.variable_values.coerced


async def test_an_executor_is_in_no_reference_cycle_when_it_has_finished() -> None:
    document = parse("query ($at: Int) { nodes { id boss { id } } thing: nodes { name } }")

    async def executed() -> ref[Any]:
        executor = build_executor(FAST, document, context_value=ExecutionData(sound("node", "dog")))
        result: Any = executor.execute_operation()
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


async def test_deferred_and_streamed_fields_are_delegated() -> None:
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


def test_an_operation_without_loads_needs_no_event_loop() -> None:
    document = "{ all { name square spec { size } } pets { __typename } }"
    given, expected = (
        schema.execute_sync(document, context_value=copied(sound("node", "dog"))) for schema in (FAST, SLOW)
    )
    assert Answer.of(given) == Answer.of(expected)
    assert execution_counts == ExecutionCounts(completed=2)


async def test_events_of_a_subscription() -> None:
    """Checks that an event is executed at once if nothing has to be loaded."""

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
    executor = build_executor(schema, parse("subscription { events { name length } }"))
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
