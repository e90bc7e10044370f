"""Runs operations: queries and mutations to one encoded response, subscriptions to one for each event.

HTTP, WebSocket and Server-Sent Events all come through here, so that limits, scopes and deadlines are checked in one place.
"""

import time
from collections.abc import AsyncGenerator, Awaitable, Iterator, Sequence
from contextlib import AbstractContextManager, aclosing, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

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

from domain.consistency_tokens import ConsistencyToken
from domain.errors import AnswerTooLarge
from domain.principals import Principal
from resolvers.context import Context
from resolvers.operation_budget import OperationBudget, Turns
from schema.documents.cache import PreparedDocument
from schema.documents.cost import OperationCost
from schema.errors import CodedError, with_code
from schema.schema import RapporteurSchema
from server.auth.rate_limits import RateLimiter, RateLimiters
from server.current_request import current_request, note_errors
from server.operations.consistency_tokens import CONSISTENCY, requested_token
from server.operations.event_sharing import EventResponses, selection_key
from server.operations.operation_name import check_operation_name
from server.operations.persisted_documents import PersistedDocuments
from server.operations.statistics import ABANDONED, OK, OperationCounts, OperationStatistics, outcome_of
from server.operations.subscription_memory import (
    DOCUMENT_BYTES_PER_CHAR,
    check_variables_size,
    drop_undeclared_variables,
    drop_values,
)
from server.wire.deadline import Deadline
from server.wire.request_errors import RequestErrors
from server.wire.requests import GraphQLRequest
from server.wire.responses import MAX_WHOLE_BYTES
from server.wire.result_encoding import Body, encode_large_result, encode_result, size_of

_QUERY, _MUTATION, _SUBSCRIPTION = OperationType.QUERY, OperationType.MUTATION, OperationType.SUBSCRIPTION
MAX_SMALL_COST = 20_000
"""The cost above which an operation is large: few large operations run at once, and their answers are encoded in slices."""
MAX_SMALL_ALIASES = 10
"""The number of aliases above which an answer is encoded in slices, as it may have the same long text many times."""
MAX_SMALL_SECONDS = 0.05
"""The time of an execution above which the answer is encoded in slices, as it may have read many long texts."""


@dataclass(slots=True)
class PreparedOperation:
    """A request whose document is valid, and the operation in it that is to be executed."""

    request: GraphQLRequest
    """The request, with the text of its document."""
    prepared: PreparedDocument
    operation: OperationDefinitionNode
    cost: OperationCost
    """The cost of the operation, and the scopes that it needs."""


@dataclass(slots=True)
class ExecutedOperation:
    """The encoded response to a query or mutation."""

    body: Body
    errors: Sequence[CodedError]
    """The errors that the response has."""
    data: dict[str, Any] | None
    written: ConsistencyToken | None
    """A token for what a mutation has written, if its response gives one."""


class OperationRunner:
    """Executes the operations of all clients of a process under the limits of their principals."""

    def __init__(
        self,
        schema: RapporteurSchema,
        documents: PersistedDocuments,
        rate_limiters: RateLimiters,
        statistics: OperationStatistics,
        operation_timeout: float,
        max_answer_bytes: int,
    ) -> None:
        """`operation_timeout` is the time in seconds that a query, a mutation or an event of a subscription may take."""
        self._statistics = statistics
        self._schema = schema
        self._documents = documents
        self._rate_limiters = rate_limiters
        self._operation_timeout = operation_timeout
        self._max_answer_bytes = max_answer_bytes
        self._turns = Turns()
        self._event_responses = EventResponses(operation_timeout, max_answer_bytes)

    def prepare(self, request: GraphQLRequest) -> PreparedOperation:
        """Finds the request's document, parses and validates it, and selects the operation. Raises RequestErrors."""
        check_operation_name(request.operation_name)
        return self.prepare_text(self._documents.resolve(request))

    def prepare_text(self, request: GraphQLRequest) -> PreparedOperation:
        """Does what `prepare` does for a request with the text of a document, which need not be one that clients may send."""
        try:
            prepared = self._schema.documents.prepare(request.query or "")
            if prepared.errors:
                raise RequestErrors(prepared.errors)
            operation, cost = prepared.operation(request.operation_name)
            return PreparedOperation(request, prepared, operation, cost)
        except GraphQLError as error:
            raise RequestErrors.from_exception(error) from error

    def check(self, request: GraphQLRequest, principal: Principal) -> PreparedOperation:
        """Does what `prepare` does, and checks that the principal may execute the operation. Raises RequestErrors."""
        prepared = self.prepare(request)
        try:
            self._schema.documents.check_scopes(prepared.cost, principal)
            self._schema.documents.cost(prepared.cost, request.variables)
        except Exception as error:
            raise RequestErrors.from_exception(error) from error
        return prepared

    async def execute(
        self, prepared: PreparedOperation, context: Context, receive: Receive | None = None
    ) -> ExecutedOperation:
        """Returns the encoded response to a query or mutation.

        Raises RequestErrors if nothing was executed. With `receive`, also ClientDisconnect if its client leaves meanwhile.
        """
        started = time.perf_counter()
        outcome = ABANDONED
        rate_limiter = self._rate_limiters.for_principal(context.principal)
        try:
            cost = self._admit(prepared, context, rate_limiter)
            executor = self._executor(prepared, context)
            with rate_limiter.operations, Deadline(self._operation_timeout, receive):
                try:
                    if cost > MAX_SMALL_COST:
                        await context.budget.wait_for_turn()
                    result: Any = executor.execute_operation()
                    if not isinstance(result, ExecutionResult):
                        result = await result
                        if prepared.operation.operation is _MUTATION:
                            await _take_token(result, prepared, context)
                    is_large = cost > MAX_SMALL_COST or prepared.prepared.aliases > MAX_SMALL_ALIASES
                    if is_large or time.perf_counter() - started > MAX_SMALL_SECONDS:
                        executed = await self._encode_large(prepared, context, result)
                    else:
                        executed = self._encode(prepared, context, result)
                finally:
                    context.end()
            outcome = OK
            if executed.errors:
                codes = [error.code for error in executed.errors]
                note_errors(codes)
                outcome = outcome_of(codes)
            return executed
        except ClientDisconnect:
            raise
        except RequestErrors as errors:
            outcome = outcome_of(errors.codes)
            raise
        except Exception as error:
            failed = RequestErrors.from_exception(error)
            outcome = outcome_of(failed.codes)
            raise failed from error
        finally:
            counts = self._statistics.of(prepared.operation)
            counts.add(outcome, time.perf_counter() - started)
            _note_cost(counts, context)

    async def stream(self, request: GraphQLRequest, context: Context) -> AsyncGenerator[Body, None]:
        """Yields the response to a query or mutation, or a response to each event of a subscription.

        Each counts as unread until the next one is asked for. Raises only RequestErrors.

        Events pass through each generator on their way to each subscriber, so this is the only one.
        """
        try:
            prepared = self.prepare(request)
            if prepared.operation.operation is not _SUBSCRIPTION:
                body = await self._execute_streamed(prepared, context)
                with self._unread(body, prepared, context):
                    yield body
                return
            counts = self._statistics.of(prepared.operation)
            with _counted(counts, context), self._subscribed(prepared, context) as cost:
                is_large = cost > MAX_SMALL_COST or prepared.prepared.aliases > MAX_SMALL_ALIASES
                extensions = _extensions(prepared, context)
                executor = self._executor(prepared, context)
                source = await self._source_events(executor)
                key = selection_key(prepared.request, prepared.prepared.document, prepared.operation, extensions)
                drop_values(prepared.request)
                async with aclosing(source) as events:
                    async for event in events:
                        body = self._event_responses.find(event, key) or await self._event_responses.response(
                            executor, event, key, extensions, context, is_large=is_large
                        )
                        with self._unread(body, prepared, context):
                            yield body
                        counts.events += 1
                        del body, event  # else they would stay until the next ones come
        except RequestErrors:
            raise
        except Exception as error:
            raise RequestErrors.from_exception(error) from error

    def _unread(self, body: Body, prepared: PreparedOperation, context: Context) -> AbstractContextManager[None]:
        """Counts a large body as not read while the block runs. Raises RateLimited, but not for what a mutation has done."""
        size = size_of(body)
        if size <= MAX_WHOLE_BYTES:
            return nullcontext()
        is_refused = prepared.operation.operation is not _MUTATION
        return self._rate_limiters.for_principal(context.principal).answers.hold(size, is_refused=is_refused)

    def _admit(self, prepared: PreparedOperation, context: Context, rate_limiter: RateLimiter) -> int:
        """Checks scopes and cost, charges the cost to the principal and returns it, and gives the operation its budget.

        Raises GraphQLError or RapporteurError for an operation that must not be executed.
        """
        documents = self._schema.documents
        documents.check_scopes(prepared.cost, context.principal)
        cost = documents.cost(prepared.cost, prepared.request.variables)
        token = requested_token(prepared.request)
        if prepared.operation.operation is _QUERY and not prepared.cost.is_newest:
            context.read_from_replicas(token)
        rate_limiter.spend_cost(cost)
        rate_limiter.answers.check()
        context.budget = OperationBudget(
            self._max_answer_bytes, rate_limiter.spend_cost, self._turns, rate_limiter.large_operations, cost
        )
        return cost

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

    def _encode(self, prepared: PreparedOperation, context: Context, result: ExecutionResult) -> ExecutedOperation:
        errors = _coded(result)
        body = encode_result(result.data, errors, _extensions(prepared, context))
        if len(body) > self._max_answer_bytes:
            return self._encode(prepared, context, _too_large(AnswerTooLarge(self._max_answer_bytes)))
        return ExecutedOperation((body,), errors, result.data, context.written)

    async def _encode_large(
        self, prepared: PreparedOperation, context: Context, result: ExecutionResult
    ) -> ExecutedOperation:
        errors, extensions = _coded(result), _extensions(prepared, context)
        try:
            body = await encode_large_result(result.data, errors, extensions, context.budget)
        except AnswerTooLarge as error:
            return self._encode(prepared, context, _too_large(error))
        return ExecutedOperation(body, errors, result.data, context.written)

    async def _execute_streamed(self, prepared: PreparedOperation, context: Context) -> Body:
        executed = await self.execute(prepared, context)
        if executed.errors and executed.data is None:
            raise RequestErrors(executed.errors)
        return executed.body

    @contextmanager
    def _subscribed(self, prepared: PreparedOperation, context: Context) -> Iterator[int]:
        """Admits a subscription, which counts as one of its principal's while the block runs. Yields its cost."""
        rate_limiter = self._rate_limiters.for_principal(context.principal)
        with rate_limiter.subscriptions:
            cost = self._admit(prepared, context, rate_limiter)
            drop_undeclared_variables(prepared.request, prepared.operation)
            kept = check_variables_size(prepared.request) + DOCUMENT_BYTES_PER_CHAR * len(prepared.request.query or "")
            with rate_limiter.memory.hold(kept):
                yield cost

    async def _source_events(self, executor: Executor[Any]) -> AsyncGenerator[object, None]:
        """Returns the events of a subscription. Raises RequestErrors."""
        created = create_source_event_stream(executor)
        with Deadline(self._operation_timeout):
            source = await created if isinstance(created, Awaitable) else created
        if isinstance(source, ExecutionResult):
            raise RequestErrors(source.errors or [])
        assert isinstance(source, AsyncGenerator)
        return source


@contextmanager
def _counted(counts: OperationCounts, context: Context) -> Iterator[None]:
    """Counts a subscription that lasts as long as the block. Raises RequestErrors in place of any other error."""
    outcome = ABANDONED
    counts.open_subscriptions += 1
    try:
        yield
        outcome = OK
    except RequestErrors as errors:
        outcome = outcome_of(errors.codes)
        raise
    except Exception as error:
        failed = RequestErrors.from_exception(error)
        outcome = outcome_of(failed.codes)
        raise failed from error
    finally:
        counts.open_subscriptions -= 1
        counts.ended_subscriptions[outcome] += 1
        _note_cost(counts, context)


def _note_cost(counts: OperationCounts, context: Context) -> None:
    counts.cost += context.budget.charged
    if request := current_request.get():
        request.cost = context.budget.charged


def _coded(result: ExecutionResult) -> Sequence[CodedError]:
    return [with_code(error) for error in result.errors] if result.errors else ()


async def _take_token(result: ExecutionResult, prepared: PreparedOperation, context: Context) -> None:
    """Takes the token that the response to a mutation gives, unless all of it has failed."""
    if result.data is not None or context.has_written:
        await context.take_written_token(is_wanted=requested_token(prepared.request) is not None)


def _too_large(error: AnswerTooLarge) -> ExecutionResult:
    return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])


def _extensions(prepared: PreparedOperation, context: Context) -> dict[str, object] | None:
    """Returns the `extensions` of the response: the cost, if the client asked for it, and a mutation's token."""
    asked = prepared.request.extensions
    if not asked and context.written is None:
        return None
    extensions: dict[str, object] = {}
    if asked and asked.get("cost"):
        extensions["cost"] = context.budget.charged
    if context.written is not None:
        extensions[CONSISTENCY] = str(context.written)
    return extensions or None
