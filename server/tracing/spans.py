"""The spans of operations and SQL statements, by the semantic conventions of OpenTelemetry. They hold no values."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version as package_version
from typing import Any

import asyncpg
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from db.compiled_statements import summary
from server.current_request import CurrentRequest, current_request
from server.tracing import EXPORTER_VARIABLE


class Tracing:
    """Makes the spans of a process, and sends them in the background."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        """The variables `OTEL_*` say where spans are sent, how many are sampled, and what they say of the server."""
        if exporter is None:
            is_console = os.environ.get(EXPORTER_VARIABLE) == "console"
            exporter = ConsoleSpanExporter() if is_console else OTLPSpanExporter()
        own = {SERVICE_VERSION: package_version("rapporteur")}
        if "OTEL_SERVICE_NAME" not in os.environ and SERVICE_NAME not in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
            own[SERVICE_NAME] = "rapporteur"
        self._provider = TracerProvider(resource=Resource.create(own))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("rapporteur", package_version("rapporteur"))

    @contextmanager
    def operation(self, type_: str, name: str | None, document_hash: str, *, is_known: bool) -> Iterator[Span]:
        """Makes the span of an operation that runs in the block, in the trace of the current request.

        The name is part of the span's name only if it is known: clients may make up any.
        """
        attributes = {"graphql.operation.type": type_, "rapporteur.document.sha256": document_hash}
        if name is not None:
            attributes["graphql.operation.name"] = name
        request = current_request.get()
        with self._tracer.start_as_current_span(
            f"{type_} {name}" if is_known else type_,
            context=None if request is None else _parent(request),
            kind=SpanKind.SERVER,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            if request is not None:
                request.trace_id = f"{span.get_span_context().trace_id:032x}"
            yield span

    def statement(self, query: Any) -> None:
        """Makes the span of a statement that has just ended (a `LoggedQuery` of asyncpg), in that of its operation."""
        if not trace.get_current_span().get_span_context().is_valid:
            return  # a statement of a background task belongs to no operation
        ended = time.time_ns()
        text = summary(query.query)
        verb, _, table = text.partition(" ")
        host, port = query.conn_addr if isinstance(query.conn_addr, tuple) else (query.conn_addr, None)
        attributes = {
            "db.system.name": "postgresql",
            "db.namespace": query.conn_params.database,
            "db.operation.name": verb,
            "db.collection.name": table,
            "db.query.summary": text,
            "server.address": host,
            "server.port": port,
        }
        span = self._tracer.start_span(
            text,
            kind=SpanKind.CLIENT,
            start_time=ended - int(query.elapsed * 1e9),
            attributes={key: value for key, value in attributes.items() if value},
        )
        if query.exception is not None:
            _note_failure(span, query.exception)
        span.end(ended)

    def shutdown(self) -> None:
        """Sends what was not sent yet. It waits for the receiver."""
        self._provider.shutdown()


def note_codes(span: Span, codes: list[str], *, is_server_error: bool) -> None:
    """Notes the errors that the answer to an operation has. Only faults of the server make the span one that failed."""
    if codes:
        span.set_attribute("error.type", codes[0])
    if is_server_error:
        span.set_status(Status(StatusCode.ERROR))


def _note_failure(span: Span, error: BaseException) -> None:
    state = error.sqlstate if isinstance(error, asyncpg.PostgresError) else None
    if state:
        span.set_attribute("db.response.status_code", state)
    span.set_attribute("error.type", state or type(error).__name__)
    span.set_status(Status(StatusCode.ERROR))


def _parent(request: CurrentRequest) -> Context:
    """Returns the context with the span that the `traceparent` of the request names; an empty one if it has none."""
    if request.traceparent is None:
        return Context()
    _, trace_id, span_id, flags = request.traceparent.split("-")[:4]
    parent = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
    return trace.set_span_in_context(NonRecordingSpan(parent), Context())
