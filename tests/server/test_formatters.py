"""Checks that what clients send reaches a log shortened, and without characters that a terminal obeys."""

import json
import logging
import sys

import pytest

from server.logging import Formatter, JsonFormatter

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
