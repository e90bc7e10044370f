"""Executes a document and keeps everything that can be seen of the result, to compare executors."""

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import orjson
import strawberry
from graphql import DocumentNode, GraphQLError
from strawberry.types import ExecutionResult

from executor import FastExecutor
from tests.harness.executor.generated_values import copied
from tests.harness.executor.sources import Thing


@dataclass(frozen=True)
class SeenError:
    """Everything that can be seen of an error."""

    message: str
    path: tuple[str | int, ...]
    locations: tuple[tuple[int, int], ...]
    null_path: tuple[str | int, ...]
    """The path of the null in the data that the error has propagated to."""


@dataclass
class Answer:
    """Everything that can be seen of a result."""

    data: Any
    errors: list[SeenError] = field(default_factory=list)
    received: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, result: ExecutionResult, received: Sequence[str] = ()) -> "Answer":
        errors = [_seen_error(error, result.data) for error in result.errors or ()]
        return cls(_seen(result.data), sorted(errors, key=repr), list(received))

    def matches(self, other: "Answer") -> bool:
        """Returns whether the specification allows both answers to one request.

        They must be the same, with one exception. When an error propagates to a null, fields below that null may be cancelled
        (6.3 Executing Selection Sets). Whether they have reported errors of their own by then depends on what is ready first.
        The two answers must have an error in common for each null, however.
        """
        if (self.data, self.received) != (other.data, other.received):
            return False
        return all(
            _may_both_be_reported(
                null_path,
                [error for error in self.errors if error.null_path == null_path],
                [error for error in other.errors if error.null_path == null_path],
            )
            for null_path in {error.null_path for error in (*self.errors, *other.errors)}
        )


def _may_both_be_reported(null_path: tuple[str | int, ...], some: list[SeenError], others: list[SeenError]) -> bool:
    if some == others:
        return True
    differing = set(some) ^ set(others)
    return not set(some).isdisjoint(others) and all(error.path != null_path for error in differing)


def _seen_error(error: GraphQLError, data: Any) -> SeenError:
    path, null_path = tuple(error.path or ()), []
    for key in path:
        if data is None:
            break
        data = data[key]
        null_path.append(key)
    locations = tuple((location.line, location.column) for location in error.locations or ())
    return SeenError(error.message, path, locations, tuple(null_path))


def _seen(value: Any) -> Any:
    """Returns the data with the order of its keys and the exact class of each leaf."""
    if type(value) is dict:
        return {"keys": list(value), "values": [_seen(each) for each in value.values()]}
    if type(value) is list:
        return [_seen(each) for each in value]
    if type(value) is orjson.Fragment:
        try:
            return _seen(orjson.loads(orjson.dumps(value)))
        except orjson.JSONDecodeError:
            return orjson.dumps(value)
    return (type(value).__name__, repr(value))


async def answer(schema: strawberry.Schema, document: str, variables: dict[str, Any], data: Sequence[Thing]) -> Answer:
    """Executes a document on a copy of the data."""
    context = copied(data)
    async with asyncio.timeout(5):
        return Answer.of(await schema.execute(document, deepcopy(variables), context, "the root"), context.received)


def build_executor(schema: strawberry.Schema, document: DocumentNode, **options: Any) -> FastExecutor:
    executor = FastExecutor.build(schema._schema, document, **options)
    assert isinstance(executor, FastExecutor)
    return executor
