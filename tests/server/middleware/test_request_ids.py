"""Checks that a request can be found again: its id in the answer and in the log, with who asked for what."""

import json
import logging
from collections.abc import Iterator

import pytest

from domain.principals import Scope
from server.current_request import CurrentRequest, valid_traceparent
from server.logging import Formatter, JsonFormatter
from server.wire.graphql_files import operation
from tests.harness.api_keys import create_api_key
from tests.harness.databases import TestPostgres
from tests.harness.servers import Api, RunningServer, running_server
from tests.harness.waiting import eventually
from tests.harness.websocket_client import websocket

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


class Lines(logging.Handler):
    """Formats each line in the context in which it was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.json: list[dict[str, object]] = []
        self.text: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.json.append(json.loads(JsonFormatter().format(record)))
        self.text.append(Formatter("%(message)s").format(record))

    def about(self, **fields: object) -> list[dict[str, object]]:
        """Returns the lines that have these fields, once there are any."""
        return eventually(lambda: [line for line in self.json if fields.items() <= line.items()])


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, logger = Lines(), logging.getLogger("rapporteur")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


def test_an_answer_has_the_id_of_its_line_in_the_log(api: Api, lines: Lines) -> None:
    answers = [api.http.get("/healthz"), api.http.get("/nowhere"), api.http.post("/graphql", json={"query": "{"})]
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert len(set(ids)) == 3
    for id, answer in zip(ids, answers, strict=True):
        (line,) = lines.about(request_id=id)
        assert line["status"] == answer.status_code
        assert any(f"request_id={id}" in text for text in lines.text)


@pytest.mark.parametrize("id", ["3f2a", "req_A-1.b:2/3+4=@", "x" * 128])
def test_the_id_that_a_proxy_gave_stays(api: Api, lines: Lines, id: str) -> None:
    assert api.http.get("/healthz", headers={"X-Request-Id": id}).headers["X-Request-Id"] == id
    assert lines.about(request_id=id)


@pytest.mark.parametrize("id", ["", "x" * 129, "two words", 'a"b', "ä", "a\tb"])
def test_a_malformed_id_is_replaced(api: Api, id: str) -> None:
    found = api.http.get("/healthz", headers={b"X-Request-Id": id.encode("latin-1")}).headers["X-Request-Id"]
    assert found not in ("", id)


def test_a_line_says_who_asked_for_what_and_what_it_cost(postgres: TestPostgres, lines: Lines) -> None:
    with postgres.database() as url, running_server(url, auth=True) as server:
        api = Api(server.url, create_api_key(url, Scope.READ))
        body = {"query": operation("Meetings"), "operationName": "Meetings", "extensions": {"cost": True}}
        answer = api.http.post("/graphql", json=body, headers={"traceparent": TRACEPARENT})
        (line,) = lines.about(request_id=answer.headers["X-Request-Id"])
        refused = api.http.post("/graphql", json={"query": 'mutation { deleteAgent(id: "") { __typename } }'})
        (refusal,) = lines.about(request_id=refused.headers["X-Request-Id"])
        unknown = server.api.http.post("/graphql", json=body)
        (unauthenticated,) = lines.about(request_id=unknown.headers["X-Request-Id"])
        api.http.close()
    known = {"operation": "Meetings", "cost": answer.json()["extensions"]["cost"], "trace_id": TRACE}
    assert known.items() <= line.items()
    assert line["key"]
    assert line["workspace"]
    assert "error" not in line
    assert (refusal["error"], refusal["key"]) == ("FORBIDDEN", line["key"])
    assert (unauthenticated["error"], unauthenticated.get("key")) == ("UNAUTHENTICATED", None)


def test_an_operation_over_a_websocket_has_a_line_with_the_trace_that_it_names(
    server: RunningServer, lines: Lines
) -> None:
    other = TRACE[::-1]
    with websocket(server.url, additional_headers={"traceparent": TRACEPARENT}) as client:
        client.run("1", operation("Meetings"), "Meetings")
        (of_connection,) = lines.about(method="WS", trace_id=TRACE)
        payload = {"query": "{ nothing }", "extensions": {"traceparent": TRACEPARENT.replace(TRACE, other)}}
        client.send("subscribe", id="2", payload=payload)
        client.expect_error("2")
        (of_operation,) = lines.about(method="WS", trace_id=other)
    assert of_connection["operation"] == "Meetings"
    assert isinstance(of_connection["cost"], int)
    assert of_operation["error"] == "BAD_USER_INPUT"
    assert of_operation["request_id"] != of_connection["request_id"]


@pytest.mark.parametrize("traceparent", [TRACEPARENT, f"00-{TRACE}-{PARENT}-00", f"cc-{TRACE}-{PARENT}-01-what-comes"])
def test_a_valid_traceparent_has_its_trace(traceparent: str) -> None:
    assert valid_traceparent(traceparent) == traceparent
    assert CurrentRequest("GET", "/", "1", traceparent).trace_id == TRACE


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        None,
        7,
        TRACE,
        TRACEPARENT.upper(),
        TRACEPARENT + "-more",
        TRACEPARENT + " ",
        TRACEPARENT + "\n",
        f"{TRACEPARENT}, {TRACEPARENT}",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}",
        f"cc-{TRACE}-{PARENT}-01what",
    ],
)
def test_a_malformed_traceparent_has_none(traceparent: object) -> None:
    assert valid_traceparent(traceparent) is None
