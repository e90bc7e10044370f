"""A schema with all that an executor meets, over data in which much is wrong, and a comparison of two executors on it."""

import asyncio
import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NewType
from uuid import UUID

import strawberry
from graphql import GraphQLError, GraphQLInputObjectType, Undefined
from hypothesis import strategies as st
from strawberry import UNSET
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionResult

from executor.batching import batch_resolver
from executor.dataloader import DataLoader


class Text(str):
    """A string that is not exactly one."""


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class OtherColour(Enum):
    RED = "red"


class Shade(Enum):
    DARK = 1
    LIGHT = 2


strawberry.enum(Colour)
strawberry.enum(Shade)


def _even(value: Any) -> Any:
    """0 has no serialisation, and what is odd raises."""
    if value % 2:
        raise ValueError(f"{value} is odd")
    return f"even {value}" if value else None


def _even_given(value: Any) -> Any:
    """0 is none, 6 is what is no value, and what is odd raises."""
    if value % 2:
        raise ValueError(f"{value} is odd")
    return {0: None, 6: Undefined}.get(value, value)


Even = NewType("Even", int)


@dataclass(eq=False)
class Thing:
    """What the resolvers give. Its leaves can be anything; `related` are indexes of other things, or what is none."""

    kind: str
    leaves: dict[str, Any]
    related: dict[str, Any]
    spec: Any = None
    specs: Any = None

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, "leaves")
        if name in found:
            value = found[name]
            if isinstance(value, Raising):
                raise value.error
            return value.again() if isinstance(value, Awaited) else value
        return object.__getattribute__(self, name)


@dataclass
class Raising:
    """An attribute that raises."""

    error: Exception


@dataclass
class Awaited:
    """An attribute that has to be awaited."""

    value: Any

    def again(self) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().create_future()
        future.set_result(self.value)
        return future


@dataclass
class Spec:
    size: Any
    label: Any


@dataclass(frozen=True)
class Pets:
    """A key: one of the pets."""

    index: int


class World:
    """The data of one execution, with loaders of its own."""

    def __init__(self, things: Sequence[Thing]) -> None:
        self.received: list[str] = []
        """What resolvers that take inputs were called with."""
        self.things = list(things)
        self.pets = [thing for thing in things if thing.kind != "node"]
        self.loads: list[list[Any]] = []
        self.loader: DataLoader[Any, Any] = DataLoader(self._load)

    async def _load(self, keys: list[Any]) -> list[Any]:
        self.loads.append(keys)
        await asyncio.sleep(0)
        return [self.found(key) for key in keys]

    def found(self, key: Any) -> Any:
        if isinstance(key, int):
            return self.things[key % len(self.things)]
        if isinstance(key, Pets):
            return self.pets[key.index % len(self.pets)] if self.pets else None
        return LookupError(key) if isinstance(key, str) else key


Info = strawberry.Info[World, None]


def _related(name: str) -> Any:
    @batch_resolver
    async def related(roots: list[Any], info: Info) -> list[Any]:
        return await info.context.loader.load_many(root.related.get(name) for root in roots)

    return related


def _all_related(name: str) -> Any:
    @batch_resolver
    async def related(roots: list[Any], info: Info) -> list[Any]:
        async def of(root: Any) -> Any:
            keys = root.related.get(name)
            return await info.context.loader.load_many(keys) if isinstance(keys, list) else keys

        return await asyncio.gather(*(of(root) for root in roots))

    return related


@batch_resolver
async def _chosen(roots: list[Any], info: Info, of: str, index: int = 0) -> list[Any]:
    if index > 2:
        raise ValueError(f"{index} is too much")
    found = []
    for root in roots:
        children = root.related.get("children")
        if not isinstance(children, list) or not children:
            raise LookupError(f"no {of} at {index}")
        found.append(info.context.found(children[index % len(children)]))
    return found


@strawberry.interface
class Named:
    name: str | None
    number: int

    @strawberry.field
    def loud(self) -> str:
        return f"{self.name.upper()}!"  # type: ignore[union-attr]


@strawberry.type(name="Spec")
class GraphQLSpec:
    size: int
    label: str | None


LazyNode = Annotated["Node", strawberry.lazy("tests.harness.executor.world")]


@strawberry.type
class Dog(Named):
    flag: bool
    owner: Any = strawberry.field(resolver=_related("boss"), graphql_type=LazyNode)

    @classmethod
    def is_type_of(cls, source: Any, info: Any) -> bool:
        return source.kind == "dog"  # type: ignore[no-any-return]


@strawberry.type
class Cat(Named):
    flag: bool
    colour: Colour

    @classmethod
    def is_type_of(cls, source: Any, info: Any) -> bool:
        return source.kind == "cat"  # type: ignore[no-any-return]


Pet = Annotated[Dog | Cat, strawberry.union("Pet")]


@strawberry.type
class Node(Named):
    id: strawberry.ID
    maybe_id: strawberry.ID | None
    flag: bool
    ratio: float
    maybe_ratio: float | None
    colour: Colour
    maybe_shade: Shade | None
    at: datetime
    even: Even | None
    json: JSON
    tags: list[str]
    maybe_tags: list[str | None] | None
    grid: list[list[int]] | None
    spec: GraphQLSpec
    maybe_spec: GraphQLSpec | None
    specs: list[GraphQLSpec | None] | None
    friend: Any = strawberry.field(resolver=_related("friend"), graphql_type=LazyNode | None)
    boss: Any = strawberry.field(resolver=_related("boss"), graphql_type=LazyNode)
    children: Any = strawberry.field(resolver=_all_related("children"), graphql_type=list[LazyNode | None] | None)
    all_children: Any = strawberry.field(resolver=_all_related("children"), graphql_type=list[LazyNode])
    chosen: Any = strawberry.field(resolver=_chosen, graphql_type=LazyNode | None)
    pet: Any = strawberry.field(resolver=_related("pet"), graphql_type=Pet | None)
    pets: Any = strawberry.field(resolver=_all_related("pets"), graphql_type=list[Pet] | None)
    named: Any = strawberry.field(resolver=_all_related("children"), graphql_type=list[Named | None] | None)
    companion: Any = strawberry.field(resolver=_related("pet"), graphql_type=Named | None)

    @strawberry.field
    def square(self, times: int = 1) -> int:
        return self.number * self.number * times

    @strawberry.field
    async def later(self, plus: float | None = None) -> float | None:
        await asyncio.sleep(0)
        if plus is not None and plus < 0:
            raise ValueError("less")
        return None if plus is None else self.ratio + plus

    @strawberry.field
    async def later_boss(self, info: Info) -> LazyNode:
        return await info.context.loader.load(self.related.get("boss"))  # type: ignore[no-any-return, attr-defined]

    @strawberry.field
    def where(self, info: Info) -> str:
        return f"{info.field_name} {info.python_name} {info.return_type} {len(info.selected_fields)}"

    @strawberry.field
    def hidden_later(self) -> int:
        return _soon(self.number)  # type: ignore[return-value]

    @classmethod
    def is_type_of(cls, source: Any, info: Any) -> bool:
        return source.kind == "node"  # type: ignore[no-any-return]


async def _soon(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


class RefusedError(Exception):
    """Of the domain: there is a type for it."""


@strawberry.type
class Taken:
    count: int


@strawberry.type
class Refused:
    why: str


class Handler(strawberry.ExceptionHandler[RefusedError, Refused]):
    def handle(self, exception: RefusedError, *, field: Any, info: Any) -> Any:
        match str(exception):
            case "later":
                return _soon(Refused(why="later"))
            case "declined":
                return None
            case "broken":
                raise LookupError("the handler")
        return Refused(why=f"{exception} by {info.field_name}")


@strawberry.input
class Point:
    x: float
    y: float = 0.5
    of: strawberry.ID | None = UNSET


IDS: Any = (strawberry.ID("d"),)
POINTS: Any = (Point(x=1), Point(x=2, of=strawberry.ID("k")))
"""A default: resolvers get a list."""


@strawberry.input
class Span:
    start: int
    end: int | None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError("ends before it starts") if self.end else RefusedError("refused")


@strawberry.input(one_of=True)
class Choice:
    number: int | None = UNSET
    text: str | None = UNSET
    span: Span | None = UNSET


@strawberry.input(one_of=True)
class Either:
    """Strawberry looks after its being `@oneOf`, and graphql-core after that of Choice."""

    number: strawberry.Maybe[int]
    text: strawberry.Maybe[str]


@strawberry.input
class Tree:
    value: int
    below: list["Tree"] | None = None


@strawberry.input
class Given:
    count: int
    title: str = strawberry.field(name="name", default="untitled")
    maybe: strawberry.Maybe[int | None]
    surely: strawberry.Maybe[str]
    ratio: float | None = None
    flag: bool | None
    key: strawberry.ID | None = UNSET
    colour: Colour = Colour.BLUE
    shades: list[Shade] = strawberry.field(default_factory=list)
    at: datetime | None = None
    even: Even | None
    json: JSON | None
    grid: list[list[int | None] | None] | None = None
    point: Point | None = strawberry.field(default_factory=lambda: Point(x=1.5))
    points: list[Point] | None = None
    spans: strawberry.Maybe[list[Span] | None]
    choice: Choice | None
    either: Either | None
    later: Annotated["Later", strawberry.lazy("tests.harness.executor.world")] | None = None


@strawberry.input
class Later:
    words: list[str]
    at: strawberry.Maybe[Point]


def _received(info: Info, **arguments: Any) -> None:
    """Notes them, and changes what can be changed of them: nobody else must see that."""
    variables = info.variable_values
    info.context.received.append(f"{info.path.key} {info.field_name} {arguments!r} {list(variables)} {variables!r}")
    for value in arguments.values():
        for each in (value, *(vars(value).values() if hasattr(value, "__strawberry_definition__") else ())):
            if type(each) is list:
                each.append("changed")


def _fail(how: str | None) -> None:
    match how:
        case None | "":
            return
        case "plain":
            raise ValueError("plain")
        case "graphql":
            raise GraphQLError("of GraphQL", extensions={"code": "C"})
        case _:
            raise RefusedError(how)


@strawberry.type
class Inputs:
    """Resolvers that take inputs, and fail if they are told so: as queries and as mutations."""

    @strawberry.field(graphql_type=Annotated[Taken | Refused, strawberry.union("Result")])
    async def take(self, info: Info, given: Given, fail: str | None = None) -> Any:
        _received(info, self=self, given=given, fail=fail)
        _fail(fail)
        await asyncio.sleep(0)
        return Taken(count=given.count)

    @strawberry.field(graphql_type=Annotated[Taken | Refused, strawberry.union("Result")] | None)
    async def several(
        root: Any,  # noqa: N805
        info: Info,
        points: list[Point] = POINTS,
        ids: list[strawberry.ID | None] | None = IDS,
        choice: Choice | None = None,
        span: strawberry.Maybe[Span] = None,
        colour: Annotated[Colour, strawberry.argument(name="hue")] = Colour.RED,
        at: datetime | None = UNSET,
        ratio: float = 1,
        fail: str = "",
    ) -> Any:
        _received(info, root=root, points=points, ids=ids, choice=choice, span=span, colour=colour, at=at, ratio=ratio)
        await asyncio.sleep(0)
        _fail(fail)
        return None if fail == "" and ratio < 0 else Taken(count=len(points))

    @strawberry.field
    async def plant(self, info: Info, tree: Tree) -> int:
        _received(info, tree=tree)
        return tree.value

    @strawberry.field
    async def echo(self, json: JSON, even: Even | None = None, fail: str | None = None) -> JSON:
        _fail(fail)
        return [json, even]  # type: ignore[return-value]

    @strawberry.field
    def at_once(self, info: Info, span: Span | None = None, fail: str | None = None) -> int:
        _received(info, span=span)
        _fail(fail)
        return 1


@strawberry.type
class Query(Inputs):
    count: int = strawberry.field(resolver=lambda: 3)

    @strawberry.field(graphql_type=list[Node])
    async def nodes(self, info: Info) -> Any:
        return [thing for thing in info.context.things if thing.kind == "node"]

    @strawberry.field(graphql_type=list[Node | None] | None)
    def all(self, info: Info) -> Any:
        return [thing if thing.kind == "node" else None for thing in info.context.things]

    @strawberry.field(graphql_type=Node | None)
    async def node(self, info: Info, at: int = 0) -> Any:
        return await info.context.loader.load(at)

    @strawberry.field(graphql_type=Node)
    def first(self, info: Info) -> Any:
        return info.context.things[0]

    @strawberry.field(graphql_type=list[Pet | None])
    def pets(self, info: Info) -> Any:
        return [*info.context.pets, None]

    @strawberry.field(graphql_type=list[Named])
    async def named(self, info: Info) -> Any:
        return tuple(info.context.things)

    @strawberry.field(graphql_type=list[list[Named | None] | None] | None)
    def rows(self, info: Info) -> Any:
        things = info.context.things
        return [things[:1], None, things, []]


@strawberry.type
class Mutation(Inputs):
    @strawberry.mutation(graphql_type=Node | None)
    async def touch(self, info: Info, at: int = 0) -> Any:
        thing = info.context.things[at % len(info.context.things)]
        thing.leaves["number"] = at
        info.context.loader = DataLoader(info.context._load)
        return thing


class QuietSchema(strawberry.Schema):
    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        """What is wrong here is meant to be."""


def schema_of(executor: Any = None, extensions: Sequence[Any] = ()) -> strawberry.Schema:
    """The schema, executed by a class; None: by graphql-core."""
    config = StrawberryConfig(
        scalar_map={Even: strawberry.scalar(name="Even", serialize=_even, parse_value=_even_given)}
    )
    schema = QuietSchema(
        Query,
        Mutation,
        types=[Node, Dog, Cat],
        config=config,
        execution_context_class=executor,
        exception_handlers=[Handler()],
        extensions=[ParserCache, ValidationCache, *extensions],
    )
    choice = schema._schema.type_map["Choice"]
    assert isinstance(choice, GraphQLInputObjectType)
    choice.is_one_of, choice.out_type = True, GraphQLInputObjectType.out_type  # type: ignore[method-assign]
    return schema


SOUND: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["a", "b", "é"]),
    "number": st.integers(-3, 3),
    "id": st.one_of(st.just("x"), st.uuids(version=4)),
    "maybe_id": st.sampled_from(["y", UUID(int=7), None]),
    "flag": st.booleans(),
    "ratio": st.floats(-2, 2),
    "maybe_ratio": st.one_of(st.none(), st.floats(-2, 2)),
    "colour": st.sampled_from(Colour),
    "maybe_shade": st.one_of(st.none(), st.sampled_from(Shade)),
    "at": st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    "even": st.sampled_from([2, 4, None]),
    "json": st.sampled_from([{"a": [1]}, [], "s", 1, True]),
    "tags": st.lists(st.sampled_from(["t", "u"]), max_size=2),
    "maybe_tags": st.one_of(st.none(), st.lists(st.sampled_from(["t", None]), max_size=2)),
    "grid": st.one_of(st.none(), st.lists(st.lists(st.integers(0, 3), max_size=2), max_size=2)),
    "spec": st.builds(Spec, st.integers(0, 3), st.sampled_from(["l", None])),
    "maybe_spec": st.one_of(st.none(), st.builds(Spec, st.integers(0, 3), st.sampled_from(["l", None]))),
    "specs": st.lists(st.one_of(st.none(), st.builds(Spec, st.integers(0, 3), st.just("l"))), max_size=2),
}
WRONG: list[Any] = [
    None, 1, 0, -1, 2**31, -(2**31), 2**31 - 1, 2**40, True, False, 1.5, 2.0, math.inf, -math.inf, math.nan,
    "", "1", "red", "RED", Text("sub"), b"bytes", [], [1], [None], ["t", 1], (1, 2), {}, {1}, frozenset([2]), {"t"},
    {"a": None}, Decimal(1), Decimal("1.5"), UUID(int=1), Colour.RED, OtherColour.RED, Shade.DARK,
    ValueError("a value"), GraphQLError("of the data"), KeyError("k"), Raising(ValueError("raised")),
    Raising(AttributeError("raised")), Awaited("soon"), Awaited(None), Awaited(Spec(1, "l")), Undefined, strawberry.UNSET,
    object, Spec("wrong", 1), Spec(None, None), Spec(2**31, Text("l")), [[None]], [[1], None], [["1"]], [Spec(1, 2), 3],
    [ValueError("an item")], ["t", Awaited],
]  # fmt: skip
"""Of leaves and of what has no resolver: each is right for some, and wrong for most."""
WRONG_KEYS: list[Any] = [
    "missing", None, 1.5, 2, ValueError("given"), [0, None], ["missing", 1], [0, "missing"], [], [Pets(0)], Pets(0),
    "text", [[0]], (0,), {0: 1}, [0, 1.5],
]  # fmt: skip
"""Of what is related."""


@st.composite
def things(draw: st.DrawFn) -> list[Thing]:
    """At least one, most of them sound."""
    wrongs = draw(st.sampled_from([0, 0, 0, 1, 2]))
    made: list[Thing] = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["node"] * 3 + ["dog", "cat"])) if made else "node"
        leaves = {name: draw(sound) for name, sound in SOUND.items()}
        key = st.integers(0, 3)
        pet = st.builds(Pets, st.integers(0, 2))
        related: dict[str, Any] = {
            "friend": draw(st.one_of(key, st.none())),
            "boss": draw(key),
            "pet": draw(st.one_of(st.none(), pet)),
            "children": draw(st.lists(key, max_size=3)),
            "pets": draw(st.lists(pet, max_size=2)),
        }
        made.append(Thing(kind, leaves, related))
    nodes = [index for index, thing in enumerate(made) if thing.kind == "node"]
    for thing in made:  # to nodes, where nothing is wrong
        for name in ("friend", "boss"):
            if thing.related[name] is not None:
                thing.related[name] = nodes[thing.related[name] % len(nodes)]
        thing.related["children"] = [nodes[each % len(nodes)] for each in thing.related["children"]]
    for _ in range(wrongs):
        thing = draw(st.sampled_from(made))
        if draw(st.integers(0, 3)):
            thing.leaves[draw(st.sampled_from(sorted(SOUND)))] = draw(st.sampled_from(WRONG))
        else:
            name = draw(st.sampled_from(sorted(thing.related)))
            thing.related[name] = draw(st.sampled_from(WRONG_KEYS))
        if not draw(st.integers(0, 5)):
            thing.kind = draw(st.sampled_from(["dog", "cat", "rock"]))
    return made


def sound(*kinds: str) -> list[Thing]:
    """Things in which nothing is wrong, each with others than the next."""
    nodes = [index for index, kind in enumerate(kinds) if kind == "node"]
    made: list[Thing] = []
    for n, kind in enumerate(kinds):
        leaves: dict[str, Any] = {
            "name": f"n{n}", "number": n, "id": UUID(int=n), "maybe_id": None, "flag": n % 2 == 0, "ratio": n / 2,
            "maybe_ratio": None if n % 2 else 0.5, "colour": list(Colour)[n % 2], "maybe_shade": None if n % 2 else Shade.DARK,
            "at": datetime(2026, 1, 1 + n, tzinfo=UTC), "even": 2 * n + 2, "json": {"n": n}, "tags": [f"t{n}"] * n,
            "maybe_tags": None if n % 2 else ["t", None], "grid": [[n], [], [1, 2]], "spec": Spec(n, None),
            "maybe_spec": None if n % 2 else Spec(n, "l"), "specs": [Spec(n, "l"), None] if n % 2 else None,
        }  # fmt: skip
        key = nodes[n % len(nodes)]
        related = {"friend": None if n % 2 else key, "boss": nodes[(n + 1) % len(nodes)], "pet": Pets(n)}
        made.append(Thing(kind, leaves, {**related, "children": [*nodes[n:], key], "pets": [Pets(n), Pets(n + 1)]}))
    return made


def copied(data: Sequence[Thing]) -> World:
    """A world of its own."""
    return World([Thing(each.kind, dict(each.leaves), dict(each.related)) for each in data])


@dataclass
class Answer:
    """What can be seen of a result."""

    data: Any
    errors: list[tuple[str, Any, Any]] = field(default_factory=list)
    received: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, result: ExecutionResult, received: Sequence[str] = ()) -> "Answer":
        errors = [
            (error.message, tuple(error.path or ()), tuple((each.line, each.column) for each in error.locations or ()))
            for error in result.errors or ()
        ]
        return cls(_seen(result.data), sorted(errors, key=repr), list(received))


def _seen(value: Any) -> Any:
    """With the order of keys, and the exact class of each leaf."""
    if type(value) is dict:
        return {"keys": list(value), "values": [_seen(each) for each in value.values()]}
    if type(value) is list:
        return [_seen(each) for each in value]
    return (type(value).__name__, repr(value))


async def answer(schema: strawberry.Schema, document: str, variables: dict[str, Any], data: Sequence[Thing]) -> Answer:
    world = copied(data)
    async with asyncio.timeout(5):
        return Answer.of(await schema.execute(document, deepcopy(variables), world, "the root"), world.received)
