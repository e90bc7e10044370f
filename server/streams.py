"""The answers of an operation, one after the other and encoded: what WebSocket and Server-Sent Events have in common.

All readers that are at the same place of a stream get the same event object from the hub. If they also ask for the same
fields, the event is executed and encoded once, and its bytes go to all of them.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    create_source_event_stream,
    execute_subscription_event,
    visit,
)
from graphql.execution import Executor
from graphql.language import VariableNode

from resolvers.context import Context
from schema.documents import Prepared, cost_is_asked_for, operation_of
from schema.errors import coded
from schema.schema import RapporteurSchema
from server.json import encode_json

KEPT_ANSWERS = 16
"""Encoded events kept for readers that come to them a little later."""


class RequestErrors(Exception):
    """The operation was not, or is no longer, executed; `errors` are as they stand in an answer."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = [coded(error).formatted for error in errors]


class Streams:
    """Executes operations as streams, sharing the work for events that many readers get."""

    def __init__(self, schema: RapporteurSchema) -> None:
        self._schema = schema
        self._answers: OrderedDict[tuple[int, bytes], tuple[object, bytes]] = OrderedDict()
        self._under_way: dict[tuple[int, bytes], asyncio.Future[bytes]] = {}

    def operation(self, query: str, name: str | None) -> tuple[Prepared, OperationDefinitionNode]:
        """The valid document and the operation in it that is to be executed. Raises RequestErrors."""
        try:
            prepared = self._schema.documents.prepare(query)
            if prepared.errors:
                raise RequestErrors(prepared.errors)
            return prepared, operation_of(prepared.document, name)
        except GraphQLError as error:
            raise RequestErrors([error]) from error

    async def answers(
        self, query: str, variables: dict[str, Any] | None, name: str | None, context: Context, extensions: Any = None
    ) -> AsyncGenerator[bytes, None]:
        """One answer of a query or mutation, or one for each event of a subscription. Raises only RequestErrors.

        `extensions` are the request's.
        """
        try:
            async with aclosing(self._executed(query, variables, name, context, extensions)) as answers:
                async for answer in answers:
                    yield answer
        except RequestErrors:
            raise
        except Exception as error:
            original = error.original_error if isinstance(error, GraphQLError) else error
            raise RequestErrors([GraphQLError(str(error), original_error=original)]) from error

    async def _executed(
        self, query: str, variables: dict[str, Any] | None, name: str | None, context: Context, extensions: Any
    ) -> AsyncGenerator[bytes, None]:
        schema = self._schema
        prepared, operation = self.operation(query, name)
        document = prepared.document
        if operation.operation is not OperationType.SUBSCRIPTION:
            asked = extensions if isinstance(extensions, dict) else None
            result = await schema.execute(query, variables, context, operation_name=name, operation_extensions=asked)
            if result.data is None and result.errors:
                raise RequestErrors(result.errors)
            yield _encoded(result.data, result.errors, result.extensions)
            return
        try:
            cost = schema.documents.cost(prepared, operation, variables)
        except GraphQLError as error:
            raise RequestErrors([error]) from error
        of_answers = {"cost": cost} if cost_is_asked_for(extensions) else None
        executor = Executor.build(
            schema._schema, document, context_value=context, raw_variable_values=variables, operation_name=name
        )
        if isinstance(executor, list):
            raise RequestErrors(executor)
        created = create_source_event_stream(executor)
        source = await created if isinstance(created, Awaitable) else created
        if isinstance(source, ExecutionResult):
            raise RequestErrors(source.errors or [])
        assert isinstance(source, AsyncGenerator)
        shape = encode_json([query, name, _variables_of_events(document, operation, variables or {}), of_answers])
        async with aclosing(source) as events:
            async for event in events:
                yield await self._answer(executor, event, shape, of_answers)

    async def _answer(
        self, executor: Executor[Any], event: object, shape: bytes, extensions: dict[str, Any] | None
    ) -> bytes:
        key = (id(event), shape)  # the event is kept with its answer, so that its id stays its own
        if key in self._answers:
            return self._answers[key][1]
        if key in self._under_way:
            return await asyncio.shield(self._under_way[key])
        result = execute_subscription_event(executor.build_per_event_executor(event))
        if isinstance(result, ExecutionResult):
            answer = _encoded(result.data, result.errors, extensions)
            self._answers[key] = (event, answer)
            if len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
            return answer
        # Something was loaded beyond the event: true now, but not for those who come later.
        self._under_way[key] = asyncio.ensure_future(_finished(result, extensions))
        self._under_way[key].add_done_callback(lambda _: self._under_way.pop(key))
        return await asyncio.shield(self._under_way[key])


async def _finished(result: Awaitable[ExecutionResult], extensions: dict[str, Any] | None) -> bytes:
    finished = await result
    return _encoded(finished.data, finished.errors, extensions)


def _variables_of_events(
    document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any]
) -> list[tuple[str, Any]]:
    """The variables that matter to the execution of an event: not those in the arguments of the subscription itself."""
    used: set[str] = set()

    class Variables(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            used.add(node.name.value)

    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            visit(definition, Variables())
    for field in operation.selection_set.selections:
        for part in (getattr(field, "selection_set", None), *(field.directives or ())):
            if part is not None:
                visit(part, Variables())
    return sorted((name, value) for name, value in variables.items() if name in used)


def _encoded(data: Any, errors: list[GraphQLError] | None, extensions: dict[str, Any] | None) -> bytes:
    answer = {"data": data}
    if errors:
        answer["errors"] = [coded(error).formatted for error in errors]
    if extensions:
        answer["extensions"] = extensions
    return encode_json(answer)
