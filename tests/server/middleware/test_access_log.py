"""A line for each request."""

import contextlib
import json
import logging
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from server.current_request import current_request
from server.logging import JsonFormatter
from server.middleware import access_log, every_request
from server.middleware.allowed_hosts import AllowedHosts
from server.middleware.every_request import EveryRequest
from server.middleware.refused_origins import RefusedOrigins

pytestmark = pytest.mark.usefixtures("instantaneous")


@pytest.fixture
def instantaneous(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        def perf_counter(self) -> float:
            return 1.0

    monkeypatch.setattr(every_request, "time", Clock())


async def lines(caplog: pytest.LogCaptureFixture, operation: str | None, answer: Any) -> list[dict[str, Any]]:
    """Returns the lines that are logged of a request that `answer` answers."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = current_request.get()
        assert request
        if operation is not None:
            request.operation = operation
        await answer(scope, receive, send)

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        pass

    caplog.set_level(logging.INFO, access_log.logger.name)
    scope: Scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": [(b"host", b"localhost")]}
    outermost = EveryRequest("/graphql", app, AllowedHosts(["*"]), RefusedOrigins(()))
    with contextlib.suppress(ZeroDivisionError):
        await outermost(scope, receive, send)
    return [
        json.loads(JsonFormatter().format(record)) for record in caplog.records if record.name == access_log.logger.name
    ]


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("operation", [None, "Agents"])
async def test_a_request_that_took_no_time_has_its_line_too(
    caplog: pytest.LogCaptureFixture, operation: str | None
) -> None:
    (line,) = await lines(caplog, operation, Response(status_code=415))
    assert line["message"] == f"POST /graphql 415 0.0 ms {operation or ''}"
    assert (line["level"], line["logger"]) == ("info", "rapporteur.access")
    assert (line["method"], line["path"], line["status"], line["milliseconds"]) == ("POST", "/graphql", 415, 0.0)
    assert line.get("operation") == operation


async def test_a_request_that_was_not_answered_has_its_line_too(caplog: pytest.LogCaptureFixture) -> None:
    (line,) = await lines(caplog, None, broken)
    assert (line["status"], line["message"]) == (500, "POST /graphql 500 0.0 ms ")


async def test_what_a_client_names_an_operation_is_shortened_and_escaped(caplog: pytest.LogCaptureFixture) -> None:
    (line,) = await lines(caplog, "\x1b[2J\a\r\n" + "x" * 1_000_000, Response(status_code=200))
    assert len(line["message"]) < 3_000
    assert len(line["operation"]) < 1_000
    for text in (line["message"], line["operation"]):
        assert text.isprintable()
        assert "\\x1b[2J\\x07\\x0d\\x0a" in text


async def test_a_line_can_be_given_to_handlers_of_others(caplog: pytest.LogCaptureFixture) -> None:
    await lines(caplog, "Agents", Response())
    (record,) = (record for record in caplog.records if record.name == access_log.logger.name)
    assert vars(logging.makeLogRecord({})).keys() <= vars(record).keys()
    assert "POST /graphql 200 0.0 ms Agents" in logging.Formatter(
        "%(asctime)s %(pathname)s:%(lineno)d %(message)s"
    ).format(record)
