"""Checks types that are known by the classes of their objects."""

from typing import Annotated, Any

import pytest
import strawberry
from strawberry.extensions import ParserCache

from executor import FastExecutor, InstancesOf


@strawberry.interface
class Animal:
    name: str


class Wolf:
    __slots__ = ()
    name = "Wolf"


class Husky(Wolf):  # it has a `__dict__`, so that it can be cast
    name = "Husky"


class Lynx:
    __slots__ = ()
    name = "Lynx"


@strawberry.type
class Dog(Animal):
    is_type_of = InstancesOf(Wolf)


@strawberry.type
class Cat(Animal):
    is_type_of = InstancesOf(Lynx)


@strawberry.type
class Fish(Animal):
    """Has no check of its own."""


def zoo(seen: list[int]) -> Any:
    cast = strawberry.cast(Cat, Husky())
    return [(Wolf(), Husky(), Lynx(), None, object(), cast, Fish(name="Nemo"))[each] for each in seen]


@strawberry.type
class Zoo:
    dogs: list[Any] = strawberry.field(resolver=zoo, graphql_type=list[Dog | None])
    animals: list[Any] = strawberry.field(resolver=zoo, graphql_type=list[Animal | None])
    pets: list[Any] = strawberry.field(
        resolver=zoo, graphql_type=list[Annotated[Dog | Fish | Cat, strawberry.union("Pet")] | None]
    )


FIELDS = ["dogs", "animals", "pets"]


@pytest.mark.parametrize("seen", [[6], [5, 0], [], [0], [0, 1, 0], [1, 3], [3], [0, 2, 1], [2], [1, 2, 3, 4]])
@pytest.mark.parametrize("field", FIELDS)
async def test_types_that_are_known_by_classes(seen: list[int], field: str) -> None:
    document = f"{{ {field}(seen: {seen}) {{ __typename ... on Animal {{ name }} }} }}"
    fast, slow = [await seen_in(zoo_schema(executor), document, {}) for executor in (FastExecutor, None)]
    assert fast == slow


@pytest.mark.parametrize("field", FIELDS)
async def test_a_plan_checks_the_classes_of_each_list(field: str) -> None:
    document = f"query ($seen: [Int!]!) {{ {field}(seen: $seen) {{ __typename ... on Animal {{ name }} }} }}"
    fast, slow = zoo_schema(FastExecutor), zoo_schema(None)
    for seen in ([0], [2], [0, 0], [], [3], [0, 3], [0], [1], [0, 1], [4], [0, 1], [2], [0], [5], [6], [0, 6, 5, 0]):
        assert await seen_in(fast, document, {"seen": seen}) == await seen_in(slow, document, {"seen": seen})


def zoo_schema(executor: Any) -> strawberry.Schema:
    schema = strawberry.Schema(Zoo, types=[Dog, Cat], extensions=[ParserCache], execution_context_class=executor)
    schema.process_errors = lambda *_, **__: None  # type: ignore[method-assign]
    return schema


async def seen_in(schema: strawberry.Schema, document: str, variables: dict[str, Any]) -> Any:
    result = await schema.execute(document, variables)
    return result.data, [error.formatted for error in result.errors or ()]
