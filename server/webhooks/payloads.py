"""Makes the body of a message: what has changed, and the result of the webhook's document if it has one.

A document is a query that an administrator gave to the webhook. It is executed when the message is sent, with the scope READ.
So nothing of its result is stored, and a receiver gets nothing that was erased before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any
from uuid import UUID

import orjson
from graphql import NonNullTypeNode, OperationDefinitionNode, OperationType

from domain.errors import InvalidInput
from domain.ids import WorkspaceId
from domain.principals import Principal, Scope, with_included
from domain.webhooks import Message
from resolvers.context import Context
from server.operations.runner import OperationRunner
from server.wire.request_errors import RequestErrors
from server.wire.requests import GraphQLRequest
from server.wire.result_encoding import size_of

MAX_RESULT_BYTES = 1024 * 1024
PASSING_CODES = frozenset(("SERVICE_UNAVAILABLE", "RATE_LIMITED", "INTERNAL"))
"""The codes of errors that another try may not meet."""
MAX_PASSING_FAILURES = 4
"""The number of attempts at a message that may end because its document cannot be executed at that moment."""
VARIABLES = frozenset(("id", "agentId", "meetingId"))
"""The variables that a document can have, each an id or null; `id` is that of the agent or meeting, whichever it is."""

NewContext = Callable[[Principal, str], Context]


class TemporaryFailure(Exception):
    """The document cannot be executed at this moment. The message says why."""


class PayloadBuilder:
    """Makes the bodies of messages, and checks the documents of webhooks."""

    def __init__(self, runner: OperationRunner, new_context: NewContext) -> None:
        self._runner = runner
        self._new_context = new_context

    def check(self, document: str, workspace_id: WorkspaceId) -> None:
        """Raises InvalidInput for a document that cannot be executed for a webhook of this workspace."""
        try:
            prepared = self._runner.check(_request(document, {}), _principal(workspace_id, None, "webhook"))
        except RequestErrors as errors:
            raise InvalidInput.of("input.document", f"is no document of this server: {errors}") from errors
        if prepared.operation.operation is not OperationType.QUERY:
            raise InvalidInput.of("input.document", "must be a query")
        if unknown := _required_variables(prepared.operation) - VARIABLES:
            raise InvalidInput.of(
                "input.document",
                f"may require the variables {', '.join(sorted(VARIABLES))}, not {', '.join(sorted(unknown))}",
            )

    async def body(self, message: Message) -> str:
        """Returns the body of a message, as JSON. Raises TemporaryFailure."""
        body = message.body()
        if message.document is not None and not message.is_test:
            data: Any = body["data"]
            data["result"] = await self._result(message, message.document)
        return orjson.dumps(body).decode()

    async def _result(self, message: Message, document: str) -> object:
        """Returns the response to the document; the errors of one that cannot be executed any longer are the response.

        Raises TemporaryFailure for errors that pass, unless the message has waited for that too often.
        """
        changed = str(message.aggregate_id)
        variables: dict[str, object] = {"id": changed, message.aggregate.value.lower() + "Id": changed}
        principal = _principal(message.workspace_id, message.webhook_id, message.webhook_name)
        try:
            prepared = self._runner.check(_request(document, variables), principal)
            executed = await self._runner.execute(prepared, self._new_context(principal, principal.name), _never)
        except RequestErrors as errors:
            _expect_lasting(errors.codes, message, str(errors))
            return {"errors": errors.errors}
        reason = "; ".join(error.message for error in executed.errors)
        _expect_lasting([error.code for error in executed.errors], message, reason)
        if size_of(executed.body) > MAX_RESULT_BYTES:
            return {"errors": [{"message": f"the result has more than {MAX_RESULT_BYTES:,} bytes: ask for less"}]}
        return orjson.Fragment(b"".join(executed.body))


def _expect_lasting(codes: Collection[str], message: Message, reason: str) -> None:
    if not PASSING_CODES.isdisjoint(codes) and message.attempts < MAX_PASSING_FAILURES:
        raise TemporaryFailure(f"the document cannot be executed now: {reason[:200]}")


def _request(document: str, variables: dict[str, object]) -> GraphQLRequest:
    return GraphQLRequest(document, variables, None, None)


def _principal(workspace_id: WorkspaceId, webhook_id: UUID | None, name: str) -> Principal:
    return Principal(workspace_id, f"webhook:{webhook_id}", name, with_included(frozenset({Scope.READ})))


def _required_variables(operation: OperationDefinitionNode) -> set[str]:
    return {
        each.variable.name.value
        for each in operation.variable_definitions or ()
        if isinstance(each.type, NonNullTypeNode) and each.default_value is None
    }


def _never() -> Awaitable[Any]:
    """Receives nothing: no client can leave."""
    return asyncio.get_running_loop().create_future()
