"""Defines inputs of every kind, and resolvers that take them and fail if they are told to."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry import UNSET
from strawberry.scalars import JSON

from executor import in_columns
from tests.harness.executor.sources import Colour, ExecutionData, Shade

Even = NewType("Even", int)


Info = strawberry.Info[ExecutionData, None]


async def resolved_later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


class RefusedError(Exception):
    """An error of the domain, which an exception handler turns into data."""


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
                return resolved_later(Refused(why="later"))
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
    later: Annotated["Later", strawberry.lazy("tests.harness.executor.input_types")] | None = None


@strawberry.input
class Later:
    words: list[str]
    at: strawberry.Maybe[Point]


@in_columns
@strawberry.input
class Mark:
    at: int
    label: str
    weight: strawberry.Maybe[float | None]
    is_open: strawberry.Maybe[bool | None]
    near: strawberry.Maybe[list[Point] | None]


def _columns(marks: Sequence[Mark]) -> dict[str, list[Any]]:
    """Returns what is given of each field, also where only the executor has it in columns."""
    given = getattr(marks, "columns", None)
    if given is None:
        columns = {name: [getattr(mark, name) for mark in marks] for name in Mark.__annotations__}
        given = {
            name: [value.value if isinstance(value, strawberry.Some) else value for value in values]
            for name, values in columns.items()
        }
    return {name: list(values) for name, values in sorted(given.items()) if any(value is not None for value in values)}


def _sorted(value: Any) -> Any:
    """Sorts the fields of input objects, which have no order."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _received(info: Info, **arguments: Any) -> None:
    """Notes them, and changes what can be changed of them: nobody else must see that."""
    variables = info.variable_values
    received = f"{info.path.key} {info.field_name} {arguments!r} {list(variables)} {_sorted(variables)!r}"
    info.context.received.append(received)
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
    async def mark(self, info: Info, marks: list[Mark]) -> int:
        columns = _columns(marks)
        _received(info, marks=list(marks), columns=columns)
        return len(marks)

    @strawberry.field
    async def echo(self, json: JSON, even: Even | None = None, fail: str | None = None) -> JSON:
        _fail(fail)
        return [json, even]  # type: ignore[return-value]

    @strawberry.field
    def at_once(self, info: Info, span: Span | None = None, fail: str | None = None) -> int:
        _received(info, span=span)
        _fail(fail)
        return 1
