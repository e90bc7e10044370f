"""Executes and encodes an event once for all subscribers that ask for the same of it.

Subscribers at the same position of a stream get the same event object from the registry of live feeds. Subscribers
that also select the same fields, with the same variables, share the bytes of the response.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable
from hashlib import sha256
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    Visitor,
    execute_subscription_event,
    visit,
)
from graphql.execution import Executor
from graphql.language import VariableNode

from domain.errors import AnswerTooLarge, ServiceUnavailable
from resolvers.context import Context
from server.wire.deadline import Deadline
from server.wire.json import encode_json
from server.wire.requests import GraphQLRequest
from server.wire.result_encoding import Body, encode_large_result, encode_result, size_of

MAX_CACHED_RESPONSE_BYTES = 1024 * 1024
MAX_CACHED_RESPONSES = 16
"""The number of encoded events that are kept for subscribers that come to them a little later."""


class EventResponses:
    """Holds the responses to events that are being executed, and the last few that were."""

    def __init__(self, event_timeout: float, max_answer_bytes: int) -> None:
        """`event_timeout` is the time in seconds that loading further data for an event may take."""
        self._event_timeout = event_timeout
        self._max_answer_bytes = max_answer_bytes
        self._cached: OrderedDict[tuple[int, bytes], tuple[object, Body]] = OrderedDict()
        self._executing: dict[tuple[int, bytes], asyncio.Future[Body]] = {}

    def find(self, event: object, selection_key: bytes) -> Body | None:
        """Returns the response to an event that was executed for another subscriber, and not long ago."""
        cached = self._cached.get((id(event), selection_key))
        return cached and cached[1]

    async def response(
        self,
        executor: Executor[Any],
        event: object,
        selection_key: bytes,
        extensions: dict[str, object] | None,
        context: Context,
        *,
        is_large: bool = False,
    ) -> Body:
        """Returns the encoded response to an event, executed by `executor` unless another subscriber's is the same.

        `selection_key` (see `selection_key`) is equal for subscribers whose responses to an event are equal; `is_large` says
        that responses may be large, and are to be encoded in slices. Raises ServiceUnavailable when further data takes
        longer than the timeout, and AnswerTooLarge.
        """
        if found := self.find(event, selection_key):
            return found
        key = (id(event), selection_key)
        if key in self._executing:
            return await asyncio.shield(self._executing[key])
        context.has_read = False
        result = execute_subscription_event(executor.build_per_event_executor(event))
        if isinstance(result, ExecutionResult) and not is_large:
            response = self._encode(result, extensions)
            self._keep(event, selection_key, response)
            return response
        finishing = asyncio.ensure_future(self._finish(result, extensions, context, is_large))
        self._executing[key] = finishing
        finishing.add_done_callback(lambda done: self._remove(key, done))
        response = await asyncio.shield(finishing)
        if not context.has_read:  # else it is true now, but not for subscribers that come later
            self._keep(event, selection_key, response)
        return response

    def _keep(self, event: object, selection_key: bytes, response: Body) -> None:
        if size_of(response) <= MAX_CACHED_RESPONSE_BYTES:
            key = (id(event), selection_key)  # the event is kept with its response, so that no other gets its id
            self._cached[key] = (event, response)
            if len(self._cached) > MAX_CACHED_RESPONSES:
                self._cached.popitem(last=False)

    async def _finish(
        self,
        result: Awaitable[ExecutionResult] | ExecutionResult,
        extensions: dict[str, object] | None,
        context: Context,
        is_large: bool,
    ) -> Body:
        try:
            with Deadline(self._event_timeout):
                finished = result if isinstance(result, ExecutionResult) else await result
                if is_large:
                    return await encode_large_result(finished.data, finished.errors, extensions, context.budget)
        except ServiceUnavailable:
            context.end()  # the subscription that the context belongs to ends with this event
            raise
        finally:
            context.budget.end()
        return self._encode(finished, extensions)

    def _encode(self, result: ExecutionResult, extensions: dict[str, object] | None) -> Body:
        response = encode_result(result.data, result.errors, extensions)
        if len(response) > self._max_answer_bytes:
            raise AnswerTooLarge(self._max_answer_bytes)
        return (response,)

    def _remove(self, key: tuple[int, bytes], done: asyncio.Future[Body]) -> None:
        del self._executing[key]
        if not done.cancelled():
            done.exception()  # marked as retrieved: asyncio would log it if all subscribers have left


def selection_key(
    request: GraphQLRequest,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    extensions: dict[str, object] | None,
) -> bytes:
    """Returns a key that is equal for subscriptions whose responses to the same event are equal: a hash, as it is kept."""
    variables = _event_variables(document, operation, request.variables or {})
    return sha256(encode_json([request.query, request.operation_name, variables, extensions])).digest()


def _event_variables(
    document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, object]
) -> list[tuple[str, object]]:
    """Returns the variables that the execution of an event reads, without those in arguments of the subscription field."""
    used: set[str] = set()

    class VariableCollector(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            used.add(node.name.value)

    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            visit(definition, VariableCollector())
    for field in operation.selection_set.selections:
        for part in (getattr(field, "selection_set", None), *(field.directives or ())):
            if part is not None:
                visit(part, VariableCollector())
    return sorted((name, value) for name, value in variables.items() if name in used)
