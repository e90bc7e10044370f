"""Executes a document and keeps everything that can be seen of the result, to compare executors."""

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import DocumentNode
from strawberry.types import ExecutionResult

from executor import FastExecutor
from tests.harness.executor.sources import Thing
from tests.harness.executor.things import copied


@dataclass
class Answer:
    """Everything that can be seen of a result."""

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
    """Returns the data with the order of its keys and the exact class of each leaf."""
    if type(value) is dict:
        return {"keys": list(value), "values": [_seen(each) for each in value.values()]}
    if type(value) is list:
        return [_seen(each) for each in value]
    return (type(value).__name__, repr(value))


async def answer(schema: strawberry.Schema, document: str, variables: dict[str, Any], data: Sequence[Thing]) -> Answer:
    """Executes a document on a copy of the data."""
    world = copied(data)
    async with asyncio.timeout(5):
        return Answer.of(await schema.execute(document, deepcopy(variables), world, "the root"), world.received)


def build_executor(schema: strawberry.Schema, document: DocumentNode, **options: Any) -> FastExecutor:
    executor = FastExecutor.build(schema._schema, document, **options)
    assert isinstance(executor, FastExecutor)
    return executor
