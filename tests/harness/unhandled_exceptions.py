"""Checks that no exception of a task or future is left without anybody to see it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def no_unhandled_exceptions() -> Iterator[None]:
    """Checks that no exception is left to the event loop's handler: "exception was never retrieved" and the like."""
    loop = asyncio.get_running_loop()
    heard: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: heard.append(context))
    try:
        yield
    finally:
        loop.set_exception_handler(None)
    assert heard == []
