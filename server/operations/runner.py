"""The answers of an operation, one after the other and encoded: what WebSocket and Server-Sent Events have in common.

All readers that are at the same place of a stream get the same event object from the hub. If they also ask for the same
fields, the event is executed and encoded once, and its bytes go to all of them.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Any, NamedTuple

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
from starlette.requests import ClientDisconnect
from starlette.types import Receive
from strawberry.execution.is_awaitable import optimized_is_awaitable

from domain.errors import ServiceUnavailable
from resolvers.context import Context
from schema.documents.cache import Prepared, operation_of
from schema.errors import coded
from schema.schema import RapporteurSchema
from server.auth.rate_limits import Allowance, Allowances
from server.operations.persisted_documents import Documents
from server.wire.deadline import Limit
from server.wire.json import encode_json
from server.wire.request_errors import RequestErrors
from server.wire.requests import GraphQLRequest

KEPT_ANSWERS = 16
"""Encoded events kept for readers that come to them a little later."""


class Executable(NamedTuple):
    """A request with the text of its document, which is valid, and the operation in it."""

    asked: GraphQLRequest
    prepared: Prepared
    operation: OperationDefinitionNode


class Streams:
    """Executes operations as streams, sharing the work for events that many readers get."""

    def __init__(
        self, schema: RapporteurSchema, documents: Documents, allowances: Allowances, operation_timeout: float
    ) -> None:
        """`operation_timeout` is in seconds, for a query or mutation, and for each event of a subscription."""
        self._schema = schema
        self._documents = documents
        self._allowances = allowances
        self._operation_timeout = operation_timeout
        self._answers: OrderedDict[tuple[int, bytes], tuple[object, bytes]] = OrderedDict()
        self._under_way: dict[tuple[int, bytes], asyncio.Future[bytes]] = {}

    def prepared(self, asked: GraphQLRequest) -> Executable:
        """What is to be executed, and whether it may be and can be. Raises RequestErrors."""
        asked = self._documents.resolved(asked)
        try:
            prepared = self._schema.documents.prepare(asked.query or "")
            if prepared.errors:
                raise RequestErrors(prepared.errors)
            return Executable(asked, prepared, operation_of(prepared.document, asked.operation_name))
        except GraphQLError as error:
            raise RequestErrors.of(error) from error

    async def execute(self, executable: Executable, context: Context, receive: Receive) -> bytes:
        """The answer of a prepared query or mutation. Raises RequestErrors if nothing was executed, or ClientDisconnect."""
        try:
            result, extensions = await self._result(executable, context, receive)
            return _encoded(result.data, result.errors, extensions)
        except (RequestErrors, ClientDisconnect):
            raise
        except Exception as error:
            raise RequestErrors.of(error) from error

    async def answers(self, asked: GraphQLRequest, context: Context) -> AsyncGenerator[bytes, None]:
        """One answer of a query or mutation, or one for each event of a subscription. Raises only RequestErrors."""
        try:
            async with aclosing(self._executed(asked, context)) as answers:
                async for answer in answers:
                    yield answer
        except RequestErrors:
            raise
        except Exception as error:
            raise RequestErrors.of(error) from error

    def _admitted(self, executable: Executable, context: Context, allowance: Allowance) -> dict[str, Any] | None:
        """The `extensions` of the answer, if the operation may be executed; what it costs is taken from what its principal may
        spend. Raises GraphQLError or RapporteurError.
        """
        asked, prepared, operation = executable
        self._schema.documents.check_scopes(prepared, operation, context.principal)
        cost = self._schema.documents.cost(prepared, operation, asked.variables)
        allowance.spend(cost)
        return {"cost": cost} if (asked.extensions or {}).get("cost") else None

    def _executor(self, executable: Executable, context: Context) -> Executor[Any]:
        """Raises RequestErrors for variables that are not what the operation says."""
        asked, prepared, _ = executable
        context.selections = prepared.selections
        executor: Executor[Any] | list[GraphQLError] = self._schema.execution_context_class.build(
            self._schema._schema,
            prepared.document,
            context_value=context,
            raw_variable_values=asked.variables,
            operation_name=asked.operation_name,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
            hide_suggestions=True,
        )
        if isinstance(executor, list):
            raise RequestErrors(executor)
        return executor

    async def _result(
        self, executable: Executable, context: Context, receive: Receive | None = None
    ) -> tuple[ExecutionResult, dict[str, Any] | None]:
        """What `receive` is for says `Limit`."""
        allowance = self._allowances.of(context.principal)
        extensions = self._admitted(executable, context, allowance)
        executor = self._executor(executable, context)
        with allowance.operations:
            try:
                result: Any = executor.execute_operation()
                if not isinstance(result, ExecutionResult):
                    with Limit(self._operation_timeout, receive):
                        result = await result
            finally:
                context.end()
        return result, extensions

    async def _executed(self, asked: GraphQLRequest, context: Context) -> AsyncGenerator[bytes, None]:
        executable = self.prepared(asked)
        if executable.operation.operation is OperationType.SUBSCRIPTION:
            allowance = self._allowances.of(context.principal)
            with allowance.subscriptions:
                async with aclosing(self._subscribed(executable, context, allowance)) as answers:
                    async for answer in answers:
                        yield answer
            return
        result, extensions = await self._result(executable, context)
        if result.data is None and result.errors:
            raise RequestErrors(result.errors)
        yield _encoded(result.data, result.errors, extensions)

    async def _subscribed(
        self, executable: Executable, context: Context, allowance: Allowance
    ) -> AsyncGenerator[bytes, None]:
        asked, prepared, operation = executable
        extensions = self._admitted(executable, context, allowance)
        executor = self._executor(executable, context)
        created = create_source_event_stream(executor)
        with Limit(self._operation_timeout):
            source = await created if isinstance(created, Awaitable) else created
        if isinstance(source, ExecutionResult):
            raise RequestErrors(source.errors or [])
        assert isinstance(source, AsyncGenerator)
        variables = _variables_of_events(prepared.document, operation, asked.variables or {})
        shape = encode_json([asked.query, asked.operation_name, variables, extensions])
        async with aclosing(source) as events:
            async for event in events:
                yield await self._answer(executor, event, shape, extensions, context)

    async def _answer(
        self,
        executor: Executor[Any],
        event: object,
        shape: bytes,
        extensions: dict[str, Any] | None,
        context: Context,
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
        self._under_way[key] = asyncio.ensure_future(self._finished(result, extensions, context))
        self._under_way[key].add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(self._under_way[key])

    async def _finished(
        self, result: Awaitable[ExecutionResult], extensions: dict[str, Any] | None, context: Context
    ) -> bytes:
        try:
            with Limit(self._operation_timeout):
                finished = await result
        except ServiceUnavailable:
            context.end()  # the stream that the context is of ends with this event
            raise
        return _encoded(finished.data, finished.errors, extensions)

    def _forget(self, key: tuple[int, bytes], done: asyncio.Future[bytes]) -> None:
        del self._under_way[key]
        if not done.cancelled():
            done.exception()  # if all its readers have left, that is no reason for a complaint in the log


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
