"""The end of an operation before it is done: its time is up, or its client has left.

Either way it is cancelled, down to its statement in PostgreSQL: asyncpg asks PostgreSQL to cancel it, and the pool replaces the
connection. What was not committed has not happened.
"""

import asyncio
from types import TracebackType

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from domain.errors import ServiceUnavailable

DISCONNECT_CHECK_DELAY_SECONDS = 0.05
"""Seconds before we look whether the client is still there: most operations are done sooner, and a look costs a task."""


class Deadline:
    """Raise ServiceUnavailable from the block when it takes longer, or ClientDisconnect when `receive` says that the client of
    the request, whose body has been read, has left.

    (As `asyncio.timeout`, whose way with `cancelling` and `uncancel` this is, at a third of the cost, and with one timer for
    both: each request pays for this.)
    """

    def __init__(self, seconds: float, receive: Receive | None = None) -> None:
        self._seconds = seconds
        self._receive = receive
        self._end: Exception | None = None
        self._watching: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        loop = asyncio.get_running_loop()
        if self._receive is None:
            self._timer = loop.call_later(self._seconds, self._time_out)
        else:
            self._timer = loop.call_later(
                min(DISCONNECT_CHECK_DELAY_SECONDS, self._seconds), self._watch_client, self._receive
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()
        # Who else has cancelled the task meanwhile is to see it cancelled.
        if self._end and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise self._end from error

    def _watch_client(self, receive: Receive) -> None:
        self._watching = asyncio.create_task(self._watch(receive))
        rest = max(0.0, self._seconds - DISCONNECT_CHECK_DELAY_SECONDS)
        self._timer = asyncio.get_running_loop().call_later(rest, self._time_out)

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._cancel(ClientDisconnect())

    def _time_out(self) -> None:
        self._cancel(ServiceUnavailable(f"the operation took longer than {self._seconds:g} seconds"))

    def _cancel(self, end: Exception) -> None:
        if self._end is None:
            self._end = end
            self._task.cancel()
