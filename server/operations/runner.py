"""Runs operations: queries and mutations to one encoded response, subscriptions to one for each event.

HTTP, WebSocket and Server-Sent Events all come through here, so that limits, scopes and deadlines are checked in one place.
"""

from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Any, NamedTuple

from graphql import (
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    create_source_event_stream,
)
from graphql.execution import Executor
from starlette.requests import ClientDisconnect
from starlette.types import Receive
from strawberry.execution.is_awaitable import optimized_is_awaitable

from resolvers.context import Context
from schema.documents.cache import PreparedDocument, operation_of
from schema.schema import RapporteurSchema
from server.auth.rate_limits import RateLimiter, RateLimiters
from server.operations.event_sharing import EventResponses, selection_key
from server.operations.operation_name import check_operation_name
from server.operations.persisted_documents import PersistedDocuments
from server.wire.deadline import Deadline
from server.wire.request_errors import RequestErrors
from server.wire.requests import GraphQLRequest
from server.wire.results import encode_result


class PreparedOperation(NamedTuple):
    """A request whose document is valid, and the operation in it that is to be executed."""

    request: GraphQLRequest
    """The request, with the text of its document."""
    prepared: PreparedDocument
    operation: OperationDefinitionNode


class OperationRunner:
    """Executes the operations of all clients of a process under the limits of their principals."""

    def __init__(
        self,
        schema: RapporteurSchema,
        documents: PersistedDocuments,
        rate_limiters: RateLimiters,
        operation_timeout: float,
    ) -> None:
        """`operation_timeout` is the time in seconds that a query, a mutation or an event of a subscription may take."""
        self._schema = schema
        self._documents = documents
        self._rate_limiters = rate_limiters
        self._operation_timeout = operation_timeout
        self._event_responses = EventResponses(operation_timeout)

    def prepare(self, request: GraphQLRequest) -> PreparedOperation:
        """Finds the request's document, parses and validates it, and selects the operation. Raises RequestErrors."""
        check_operation_name(request.operation_name)
        request = self._documents.resolve(request)
        try:
            prepared = self._schema.documents.prepare(request.query or "")
            if prepared.errors:
                raise RequestErrors(prepared.errors)
            return PreparedOperation(request, prepared, operation_of(prepared.document, request.operation_name))
        except GraphQLError as error:
            raise RequestErrors.from_exception(error) from error

    async def execute(self, prepared: PreparedOperation, context: Context, receive: Receive) -> bytes:
        """Returns the encoded response to a query or mutation.

        Raises RequestErrors if nothing was executed, and ClientDisconnect if the client left meanwhile.
        """
        try:
            result, extensions = await self._execute(prepared, context, receive)
            return encode_result(result.data, result.errors, extensions)
        except (RequestErrors, ClientDisconnect):
            raise
        except Exception as error:
            raise RequestErrors.from_exception(error) from error

    async def stream(self, request: GraphQLRequest, context: Context) -> AsyncGenerator[bytes, None]:
        """Yields the response to a query or mutation, or a response to each event of a subscription.

        Raises only RequestErrors.
        """
        try:
            async with aclosing(self._stream(request, context)) as responses:
                async for response in responses:
                    yield response
        except RequestErrors:
            raise
        except Exception as error:
            raise RequestErrors.from_exception(error) from error

    def _admit(self, prepared: PreparedOperation, context: Context, rate_limiter: RateLimiter) -> dict[str, Any] | None:
        """Checks scopes and cost, charges the cost to the principal, and returns the `extensions` of the response.

        Raises GraphQLError or RapporteurError for an operation that must not be executed.
        """
        documents = self._schema.documents
        documents.check_scopes(prepared.prepared, prepared.operation, context.principal)
        cost = documents.cost(prepared.prepared, prepared.operation, prepared.request.variables)
        rate_limiter.spend_cost(cost)
        return {"cost": cost} if (prepared.request.extensions or {}).get("cost") else None

    def _executor(self, prepared: PreparedOperation, context: Context) -> Executor[Any]:
        """Returns the executor of an operation. Raises RequestErrors for variables that are not of their types."""
        context.projections = prepared.prepared.projections
        executor: Executor[Any] | list[GraphQLError] = self._schema.execution_context_class.build(
            self._schema._schema,
            prepared.prepared.document,
            context_value=context,
            raw_variable_values=prepared.request.variables,
            operation_name=prepared.request.operation_name,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
            hide_suggestions=self._schema.documents.hide_suggestions,
        )
        if isinstance(executor, list):
            raise RequestErrors(executor)
        return executor

    async def _execute(
        self, prepared: PreparedOperation, context: Context, receive: Receive | None = None
    ) -> tuple[ExecutionResult, dict[str, Any] | None]:
        """Executes a query or mutation; with `receive`, until its client disconnects (see `Deadline`)."""
        rate_limiter = self._rate_limiters.for_principal(context.principal)
        extensions = self._admit(prepared, context, rate_limiter)
        executor = self._executor(prepared, context)
        with rate_limiter.operations:
            try:
                result: Any = executor.execute_operation()
                if not isinstance(result, ExecutionResult):
                    with Deadline(self._operation_timeout, receive):
                        result = await result
            finally:
                context.end()
        return result, extensions

    async def _stream(self, request: GraphQLRequest, context: Context) -> AsyncGenerator[bytes, None]:
        prepared = self.prepare(request)
        if prepared.operation.operation is OperationType.SUBSCRIPTION:
            rate_limiter = self._rate_limiters.for_principal(context.principal)
            with rate_limiter.subscriptions:
                async with aclosing(self._subscribe(prepared, context, rate_limiter)) as responses:
                    async for response in responses:
                        yield response
            return
        result, extensions = await self._execute(prepared, context)
        if result.data is None and result.errors:
            raise RequestErrors(result.errors)
        yield encode_result(result.data, result.errors, extensions)

    async def _subscribe(
        self, prepared: PreparedOperation, context: Context, rate_limiter: RateLimiter
    ) -> AsyncGenerator[bytes, None]:
        extensions = self._admit(prepared, context, rate_limiter)
        executor = self._executor(prepared, context)
        created = create_source_event_stream(executor)
        with Deadline(self._operation_timeout):
            source = await created if isinstance(created, Awaitable) else created
        if isinstance(source, ExecutionResult):
            raise RequestErrors(source.errors or [])
        assert isinstance(source, AsyncGenerator)
        key = selection_key(prepared.request, prepared.prepared.document, prepared.operation, extensions)
        async with aclosing(source) as events:
            async for event in events:
                yield await self._event_responses.response(executor, event, key, extensions, context)
