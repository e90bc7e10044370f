"""Declares a schema with everything that an executor meets, over data in which much may be wrong."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Annotated, Any
from uuid import UUID

import strawberry
from graphql import DocumentNode, GraphQLInputObjectType, GraphQLObjectType, Undefined, parse, validate
from strawberry.extensions import SchemaExtension
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from executor import InstancesOf
from executor.batching import batch_resolver
from executor.dataloader import DataLoader
from tests.harness.executor.input_types import Even, Handler, Info, Inputs, resolved_later
from tests.harness.executor.object_tables import Sample
from tests.harness.executor.sources import Colour, Shade


def _even(value: Any) -> Any:
    """Serialises a number: 0 has no serialisation, and what is odd raises. Tells a text from what has one."""
    if isinstance(value, str | UUID):
        return type(value).__name__
    if value % 2:
        raise ValueError(f"{value} is odd")
    return f"even, {value}" if value % 4 else value or None


def _even_given(value: Any) -> Any:
    """Parses a number: 0 is none, 6 is what is no value, and what is odd raises."""
    if value % 2:
        raise ValueError(f"{value} is odd")
    return {0: None, 6: Undefined}.get(value, value)


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


@strawberry.type
class Room:
    name: str


@strawberry.type
class Voice:
    pitch: int | None
    name: str
    room: Room


@strawberry.type(name="Sample")
class GraphQLSample:
    count: int
    share: float
    final: bool
    name: str
    nick: str | None
    key: strawberry.ID
    at: datetime
    even: Even | None
    colour: Colour
    voice: Voice
    listener: Voice | None
    twice: int


LazyNode = Annotated["Node", strawberry.lazy("tests.harness.executor.schema")]


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
    samples: list[GraphQLSample] | None
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
        return resolved_later(self.number)  # type: ignore[return-value]

    @classmethod
    def is_type_of(cls, source: Any, info: Any) -> bool:
        return source.kind == "node"  # type: ignore[no-any-return]


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
        """Logs nothing: the errors are intended."""


@cache
def parsed(document: str) -> DocumentNode:
    """Parses a document and checks it: once for all schemas of the tests, as they have the same types."""
    node = parse(document)
    assert validate(_validating_schema()._schema, node) == []
    return node


@cache
def _validating_schema() -> strawberry.Schema:
    return schema_of()


class ValidDocuments(SchemaExtension):
    """Gives each schema the one parsed and validated document of a text."""

    def on_parse(self) -> Iterator[None]:
        assert self.execution_context.query is not None
        self.execution_context.graphql_document = parsed(self.execution_context.query)
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = []
        yield


def schema_of(executor: Any = None, extensions: Sequence[Any] = ()) -> strawberry.Schema:
    """Returns the schema, executed by a class, or by graphql-core for None."""
    instances_of = InstancesOf if executor is None else import_module(executor.__module__.partition(".")[0]).InstancesOf
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
        extensions=[ValidDocuments, *extensions],
    )
    sample = schema._schema.type_map["Sample"]
    assert isinstance(sample, GraphQLObjectType)
    sample.is_type_of = instances_of(Sample)
    choice = schema._schema.type_map["Choice"]
    assert isinstance(choice, GraphQLInputObjectType)
    choice.is_one_of, choice.out_type = True, GraphQLInputObjectType.out_type  # type: ignore[method-assign]
    return schema
