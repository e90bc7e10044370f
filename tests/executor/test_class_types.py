"""Checks types that are known by the classes of their objects."""

from typing import Any

import pytest
import strawberry

from executor import FastExecutor, InstancesOf


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
