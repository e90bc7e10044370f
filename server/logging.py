"""Logs: readable lines on a terminal, one JSON object a line elsewhere; one line per request.

At no level they have what may be secret: headers, URLs' queries, variables, messages of WebSockets, the database's URL.
"""

import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

import orjson
from rich.console import Console
from rich.logging import RichHandler

FIELDS = ("method", "path", "status", "milliseconds", "operation")
"""What a request's line has beside its message."""


_VALUE = re.compile(r"(invalid input .*?: ).*")
"""What PostgreSQL and its driver say of a value of a wrong type, and quote it."""


class Formatter(logging.Formatter):
    """A record whose traceback quotes no values: of each error's message only the first line (below it is the DETAIL)."""

    def formatException(self, ei: Any) -> str:  # noqa: N802
        parts = traceback.format_exception(*ei)  # of them frames are indented
        return "\n".join(
            part.rstrip() if part[0].isspace() else _VALUE.sub(r"\1...", part.partition("\n")[0]) for part in parts
        )


class JsonFormatter(Formatter):
    """A record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update((name, value) for name in FIELDS if (value := getattr(record, name, None)) is not None)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def configure(level: str) -> None:
    """Send all logs to standard error, in the form that suits who reads it."""
    if sys.stderr.isatty():
        handler: logging.Handler = RichHandler(console=Console(stderr=True), show_path=False, markup=False)
        handler.setFormatter(Formatter("%(message)s", datefmt="[%X]"))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    uvicorn = logging.getLogger("uvicorn.error")
    # At its debug level are the headers and messages of WebSockets, with the tokens in them.
    uvicorn.setLevel(max(logging.getLogger().level, logging.INFO))
    uvicorn.addFilter(_without_query)
    for noisy in ("httpx", "httpcore", "alembic", "uvicorn.access"):
        logging.getLogger(noisy).setLevel("WARNING")


def _without_query(record: logging.LogRecord) -> bool:
    """uvicorn has a line for each WebSocket, with its URL: keep the path."""
    if "WebSocket" in str(record.msg) and isinstance(record.args, tuple):
        record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
    return True
