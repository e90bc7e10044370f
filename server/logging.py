"""Logs: readable lines on a terminal, one JSON object a line elsewhere.

At no level do they have what may be secret: headers, queries of URLs, variables (except the reason of an erasure),
messages of WebSockets, the database's URL.

Whatever a client has sent reaches a log shortened, and without characters that a terminal obeys: the formatters see to it.
"""

import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO, TypeAlias

import orjson
from rich.console import Console
from rich.logging import RichHandler

from server.current_request import CurrentRequest, current_request
from server.printable import printable

MAX_MESSAGE_CHARACTERS = 2_000
MAX_FIELD_CHARACTERS = 500
MAX_EXCEPTION_LINES = 200
FROM_CLIENTS = ("path", "key", "operation")
"""The fields of a request's line that a client may have written as it likes."""

_QUOTED_VALUE = re.compile(r"(invalid input .*?: ).*")
"""A message of PostgreSQL or its driver that quotes a value of a wrong type."""

_BACKSLASH, _DEL = b"\\\x7f"  # as numbers: for a text of one character, Python makes an exception first

ExceptionInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Formatter(logging.Formatter):
    """Formats a record with a printable message of limited length, and a traceback that quotes no values.

    Of each error's message it keeps the first line: PostgreSQL's DETAIL, which is below, has values.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        record.message = printable(record.message, MAX_MESSAGE_CHARACTERS)
        known: dict[str, Any] = {}
        _add_request_fields(known, record)
        words = [f"{name}={known[name]}" for name in ("error", "request_id", "trace_id") if name in known]
        return " ".join([super().formatMessage(record), *words])

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802
        parts = traceback.format_exception(*ei)
        text = "\n".join(
            part.rstrip() if part[0].isspace() else _QUOTED_VALUE.sub(r"\1...", part.partition("\n")[0])
            for part in parts  # frames are indented, messages are not
        )
        lines = text.split("\n")
        if len(lines) > MAX_EXCEPTION_LINES:  # the last lines say what has happened
            lines = ["...", *lines[-MAX_EXCEPTION_LINES:]]
        return "\n".join(printable(line, MAX_MESSAGE_CHARACTERS) for line in lines)


class JsonFormatter(Formatter):
    """Formats a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": printable(record.getMessage(), MAX_MESSAGE_CHARACTERS),
        }
        _add_request_fields(line, record)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _encoded(line)


class JsonLineHandler(logging.StreamHandler[TextIO]):
    """Writes records as lines of JSON to standard error."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())


def log_request(logger: logging.Logger, request: CurrentRequest, message: str) -> None:
    """Logs a line about a request as `logger.info` does, which must be enabled.

    Every request has one. If a line of JSON is all that becomes of it, and nothing in it may need to be shortened or
    made printable, it is made without a record, in two fifths of the time.
    """
    root = logging.root
    if logger.parent is root and len(root.handlers) == 1 and not logger.handlers and not logger.filters:
        (handler,) = root.handlers
        if type(handler) is JsonLineHandler and not handler.filters:
            line = {
                "time": datetime.now(UTC),
                "level": "info",
                "logger": logger.name,
                "message": message,
                **vars(request),
            }
            if request.traceparent is not None:
                del line["traceparent"]
            try:
                text = orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE)
                # JSON escapes all that is not printable in ASCII but DEL, and with a backslash.
                if len(text) <= MAX_FIELD_CHARACTERS and text.isascii() and not (_BACKSLASH in text or _DEL in text):
                    buffer = handler.stream.buffer  # below the text, which is flushed at each end of a line
                    buffer.write(text)
                    buffer.flush()
                    return
            except Exception:
                pass  # `logging` has its way with errors of a stream
    logger.info(message, extra={"request": request})


def _add_request_fields(line: dict[str, Any], record: logging.LogRecord) -> None:
    """Adds what is known of the request that a line is about, if it is about one."""
    request: CurrentRequest | None = getattr(record, "request", None) or current_request.get()
    if request is not None:
        _add_fields(line, request)


def _add_fields(line: dict[str, Any], request: CurrentRequest) -> None:
    line.update(vars(request))
    for name in FROM_CLIENTS:
        if name in line:
            line[name] = printable(line[name], MAX_FIELD_CHARACTERS)
    line.pop("traceparent", None)


def _encoded(line: dict[str, Any]) -> str:
    return orjson.dumps(line, default=str).decode()


def configure(level: str) -> None:
    """Sends all logs to standard error, as lines for a terminal or as JSON for programs."""
    uvicorn = logging.getLogger("uvicorn.error")
    if sys.stderr.isatty():
        uvicorn.addFilter(_is_no_routine)
        handler: logging.Handler = RichHandler(console=Console(stderr=True), show_path=False, markup=False)
        handler.setFormatter(Formatter("%(message)s", datefmt="[%X]"))
    else:
        handler = JsonLineHandler()
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # No line says where in the code it was logged, nor which thread did it: to find that out takes longer than the rest.
    logging._srcfile = None  # the way that the documentation of `logging` recommends
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # At the level debug, uvicorn logs headers and messages of WebSockets with the tokens in them.
    uvicorn.setLevel(max(logging.getLogger().level, logging.INFO))
    uvicorn.addFilter(_remove_query)
    for noisy in ("httpx", "httpcore", "alembic", "uvicorn.access"):
        logging.getLogger(noisy).setLevel("WARNING")


_ROUTINE = re.compile("(Started|Finished|Stopping|Terminated|Waiting|Application|Shutting|Received)")


def _is_no_routine(record: logging.LogRecord) -> bool:
    """Keeps uvicorn's steps at the start and the end from a person, who sees the banner and has pressed Ctrl-C."""
    return record.levelno > logging.INFO or not _ROUTINE.match(str(record.msg))


def _remove_query(record: logging.LogRecord) -> bool:
    """Removes the query from the URL in uvicorn's line for a WebSocket."""
    if "WebSocket" in str(record.msg) and isinstance(record.args, tuple):
        record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
    return True
