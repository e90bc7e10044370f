"""Checks that what clients send reaches a log shortened, and without characters that a terminal obeys."""

import io
import json
import logging
import sys
from datetime import datetime

import pytest

from server.current_request import CurrentRequest
from server.logging import Formatter, JsonFormatter, JsonLineHandler, log_request

HOSTILE = "\x1b]0;owned\a\nroot: \x9b31m\u202egnp\u2028" + "x" * 100_000


def record(message: str, *arguments: object) -> logging.LogRecord:
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        return logging.LogRecord("rapporteur", logging.ERROR, __file__, 1, message, arguments, sys.exc_info())


@pytest.mark.parametrize("formatter", [Formatter("%(message)s"), JsonFormatter()], ids=["terminal", "JSON"])
@pytest.mark.parametrize(("message", "arguments"), [(HOSTILE, ()), ("the path %s is odd", (HOSTILE,))])
def test_a_line_is_short_and_printable(
    formatter: logging.Formatter, message: str, arguments: tuple[object, ...]
) -> None:
    text = formatter.format(record(message, *arguments))
    if isinstance(formatter, JsonFormatter):
        line = json.loads(text)
        text = f"{line['message']}\n{line['exception']}"
    assert len(text) < 10_000
    assert text.replace("\n", "").isprintable()
    assert "\\x1b]0;owned\\x07\\x0aroot: \\x9b31m\\u202egnp\\u2028" in text


def test_a_deep_traceback_keeps_its_end() -> None:
    def descend(depth: int) -> None:
        if not depth:
            raise ValueError("the cause")
        descend_further(depth - 1)  # Python sums up frames that are all the same

    def descend_further(depth: int) -> None:
        descend(depth)

    try:
        descend(200)
    except ValueError:
        failed = logging.LogRecord("rapporteur", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    text = Formatter("%(message)s").format(failed)
    assert text.count("\n") < 250
    assert text.endswith("ValueError: the cause")


def test_a_line_about_a_request_is_the_same_with_and_without_a_record(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    handler = JsonLineHandler()
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, "utf-8", line_buffering=True)
    handler.setStream(stream)
    monkeypatch.setattr(logging.root, "handlers", [handler])
    logger = logging.getLogger("rapporteur.access")
    caplog.set_level(logging.INFO, logger.name)
    traceparent = f"00-{'1' * 32}-{'2' * 16}-01"
    usual, hostile = (CurrentRequest("POST", path, "1", traceparent) for path in ("/graphql", HOSTILE))
    hostile.operation = HOSTILE
    for request in (usual, hostile):
        log_request(logger, request, f"{request.path} took 100 % of the time")
    handler.addFilter(lambda record: True)  # now somebody wants to see the record
    for request in (usual, hostile):
        log_request(logger, request, f"{request.path} took 100 % of the time")
    lines = [json.loads(line) for line in written.getvalue().decode().splitlines()]
    for line in lines:
        assert datetime.fromisoformat(line.pop("time")).tzinfo is not None
    assert lines[:2] == lines[2:]
    assert lines[0]["path"] == "/graphql"
    assert "operation" not in lines[0]
    assert lines[1]["operation"].isprintable()
