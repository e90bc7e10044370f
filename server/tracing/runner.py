"""Runs operations as `OperationRunner` does, each in a span."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.trace import Span
from starlette.types import Receive

from resolvers.context import Context
from server.operations.persisted_documents import sha256_hex
from server.operations.runner import ExecutedOperation, OperationRunner, PreparedOperation
from server.operations.statistics import SERVER_ERROR, outcome_of
from server.tracing.spans import Tracing, note_codes
from server.wire.request_errors import RequestErrors


class TracedRunner(OperationRunner):
    """The runner of a server that is traced."""

    def __init__(self, tracing: Tracing, *arguments: Any) -> None:
        """`arguments` are passed to OperationRunner."""
        super().__init__(*arguments)
        self._tracing = tracing

    async def execute(
        self, prepared: PreparedOperation, context: Context, receive: Receive | None = None
    ) -> ExecutedOperation:
        with self._span(prepared) as span:
            executed = await super().execute(prepared, context, receive)
            _note(span, [error.code for error in executed.errors])
            return executed

    @contextmanager
    def _subscribed(self, prepared: PreparedOperation, context: Context) -> Iterator[int]:
        with self._span(prepared), super()._subscribed(prepared, context) as cost:
            yield cost

    @contextmanager
    def _span(self, prepared: PreparedOperation) -> Iterator[Span]:
        operation = prepared.operation
        name = operation.name.value if operation.name else None
        document_hash = sha256_hex(prepared.request.query or "")
        is_known = self._statistics.is_known(name)
        with self._tracing.operation(operation.operation.value, name, document_hash, is_known=is_known) as span:
            try:
                yield span
            except RequestErrors as errors:
                _note(span, errors.codes)
                raise
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                raise


def _note(span: Span, codes: list[str]) -> None:
    note_codes(span, codes, is_server_error=outcome_of(codes) == SERVER_ERROR)
