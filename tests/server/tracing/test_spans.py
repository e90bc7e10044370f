"""Checks the spans of a real server, as a collector receives them."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest

from domain.errors import RapporteurError
from server.operations.persisted_documents import sha256_hex
from server.tracing import is_tracing
from server.wire.graphql_files import operation
from tests.harness.commands import run
from tests.harness.databases import TestPostgres
from tests.harness.otlp_receiver import OtlpReceiver, attributes, otlp_receiver
from tests.harness.repository import python_files
from tests.harness.servers import RunningServer, running_server
from tests.harness.waiting import eventually
from tests.harness.websocket_client import websocket

SPAN = "00f067aa0ba902b7"
SERVER, CLIENT, ERROR = 2, 3, 2
"""Numbers of kinds and of a status in OTLP."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[OtlpReceiver]:
    with otlp_receiver() as running:
        yield running


@pytest.fixture(scope="module")
def traced(postgres: TestPostgres, receiver: OtlpReceiver) -> Iterator[RunningServer]:
    with pytest.MonkeyPatch.context() as patch, postgres.database() as url:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
        with running_server(url) as server:
            yield server


def traceparent(number: int) -> str:
    """Returns a header with a trace of its own."""
    return f"00-{number:032x}-{SPAN}-01"


def spans_of(receiver: OtlpReceiver, number: int) -> list[Any]:
    """Returns the spans of a trace, the operation's first, once that is there: it ends last."""

    def found() -> list[Any]:
        of_trace = [span for span in receiver.spans if span.trace_id.hex() == f"{number:032x}"]
        of_trace.sort(key=lambda span: int(span.kind))
        return of_trace if of_trace and of_trace[0].kind == SERVER else []

    return eventually(found)


def test_an_operation_and_its_statements_are_spans_of_the_trace_that_the_client_began(
    traced: RunningServer, receiver: OtlpReceiver
) -> None:
    meeting = traced.api.meeting("A secret title")
    body = {"query": operation("Meeting"), "variables": {"id": meeting["id"]}, "operationName": "Meeting"}
    traced.api.http.post("/graphql", json=body, headers={"traceparent": traceparent(1)})
    of_operation, *statements = spans_of(receiver, 1)
    assert (of_operation.name, of_operation.kind, of_operation.parent_span_id.hex()) == ("query Meeting", SERVER, SPAN)
    assert attributes(of_operation) == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Meeting",
        "rapporteur.document.sha256": sha256_hex(operation("Meeting")),
    }
    for statement in statements:
        assert (statement.kind, statement.parent_span_id) == (CLIENT, of_operation.span_id)
        assert statement.start_time_unix_nano <= statement.end_time_unix_nano
        assert attributes(statement)["db.system.name"] == "postgresql"
    names = {statement.name for statement in statements}
    assert "SELECT meetings" in names
    assert {"service.name": "rapporteur"}.items() <= receiver.resource.items()
    sent = str(receiver.spans)
    assert [secret for secret in (meeting["id"], "A secret title", "SELECT meetings.id") if secret in sent] == []


def test_an_operation_without_a_trace_begins_one(traced: RunningServer, receiver: OtlpReceiver) -> None:
    traced.api.http.post("/graphql", json={"query": "query Agents { agents { totalCount } }"})
    span = eventually(lambda: receiver.named("query Agents"))[0]
    assert span.parent_span_id == b""
    assert span.trace_id != bytes(16)


def test_a_name_that_a_client_makes_up_is_no_name_of_a_span(traced: RunningServer, receiver: OtlpReceiver) -> None:
    headers = {"traceparent": traceparent(2)}
    traced.api.http.post("/graphql", json={"query": "query Made { meetings { totalCount } }"}, headers=headers)
    span = spans_of(receiver, 2)[0]
    assert (span.name, attributes(span)["graphql.operation.name"]) == ("query", "Made")


def test_an_error_is_noted_and_only_a_fault_of_the_server_fails_the_span(
    traced: RunningServer, receiver: OtlpReceiver
) -> None:
    headers = {"traceparent": traceparent(3)}
    traced.api.http.post("/graphql", json={"query": "{ meetings(first: 5000) { totalCount } }"}, headers=headers)
    span = spans_of(receiver, 3)[0]
    assert attributes(span)["error.type"] == "BAD_USER_INPUT"
    assert span.status.code != ERROR


def test_subscriptions_have_spans_until_they_end(traced: RunningServer, receiver: OtlpReceiver) -> None:
    meeting = traced.api.meeting()
    document = operation("SegmentUpdates")
    with websocket(traced.url, additional_headers={"traceparent": traceparent(4)}) as client:
        client.start("1", "SegmentUpdates", meetingId=meeting["id"])
        client.next("1")
        payload = {
            "query": document,
            "variables": {"meetingId": meeting["id"]},
            "extensions": {"traceparent": traceparent(5)},
        }
        client.send("subscribe", id="2", payload=payload)
        client.next("2")
    body = {"query": document, "variables": {"meetingId": meeting["id"]}}
    headers = {"traceparent": traceparent(6), "Accept": "text/event-stream"}
    with traced.api.http.stream("POST", "/graphql", json=body, headers=headers) as response:
        assert next(response.iter_bytes())
    for number in (4, 5, 6):
        assert spans_of(receiver, number)[0].name == "subscription SegmentUpdates"


def test_what_runs_in_the_background_has_no_spans(traced: RunningServer, receiver: OtlpReceiver) -> None:
    traced.api.run("Agents")
    eventually(lambda: receiver.named("query Agents"))
    roots = {span.name.split()[0] for span in receiver.spans if not span.parent_span_id}
    assert roots <= {"query", "mutation", "subscription"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "x"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_the_variables_of_opentelemetry_switch_it_on(environment: dict[str, str], expected: bool) -> None:
    assert is_tracing(environment) is expected


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
    ],
)
def test_what_cannot_be_done_is_said(environment: dict[str, str], named: str) -> None:
    with pytest.raises(RapporteurError, match=named):
        is_tracing(environment)


def test_a_server_without_the_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setattr("server.tracing.find_spec", lambda name: None)
    ended = run("serve", "--port", "0", database_url=database_url)
    assert ended.returncode != 0
    assert "rapporteur[otel]" in ended.stderr.replace("\n", "")


def test_nothing_of_it_is_imported_unless_it_is_asked_for() -> None:
    lazy = {"server.tracing.spans", "server.tracing.runner"}
    for file in python_files("db", "domain", "executor", "resolvers", "schema", "server"):
        if file.parent.name == "tracing" and file.name != "__init__.py":
            continue
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            names = {alias.name for alias in getattr(node, "names", ())} | {getattr(node, "module", None)}
            assert not names & lazy, file
            assert not any(str(name).startswith("opentelemetry") for name in names), file
