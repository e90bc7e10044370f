"""Ends an operation early, when its time is up or its client has left.

The operation is cancelled, down to its statement: asyncpg asks PostgreSQL to cancel it, and the pool replaces the connection.
What was not committed has not happened.
"""

import asyncio
from types import TracebackType

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from domain.errors import ServiceUnavailable

DISCONNECT_CHECK_DELAY_SECONDS = 0.05
"""The time before the server watches for the client to leave: most operations are done sooner, and watching costs a task."""


class Deadline:
    """A context manager that ends its block after some seconds, or when the client of a request disconnects.

    It raises ServiceUnavailable from a block that takes longer, and ClientDisconnect when `receive`, which must have given the
    whole body already, says that the client has left.

    It cancels its task as `asyncio.timeout` does, counted by `cancelling` and `uncancel`, at a third of the cost and with one
    timer for both: every request pays for this.
    """

    def __init__(self, seconds: float, receive: Receive | None = None) -> None:
        self._seconds = seconds
        self._receive = receive
        self._error: Exception | None = None
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        if self._receive is None:
            self._timer = loop.call_later(self._seconds, self._expire)
        else:
            delay = min(DISCONNECT_CHECK_DELAY_SECONDS, self._seconds)
            self._timer = loop.call_later(delay, self._start_watching, self._receive)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        # If somebody else cancelled the task meanwhile, it stays cancelled.
        if self._error and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise self._error from error

    def _start_watching(self, receive: Receive) -> None:
        self._watcher = asyncio.create_task(self._watch(receive))
        rest = max(0.0, self._seconds - DISCONNECT_CHECK_DELAY_SECONDS)
        self._timer = asyncio.get_running_loop().call_later(rest, self._expire)

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._cancel(ClientDisconnect())

    def _expire(self) -> None:
        self._cancel(ServiceUnavailable(f"the operation took longer than {self._seconds:g} seconds"))

    def _cancel(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
            self._task.cancel()
