"""Ends an operation early, when its time is up or its client has left.

The operation is cancelled, down to its statement: asyncpg asks PostgreSQL to cancel it, and the pool replaces the connection.
What was not committed has not happened.
"""

import asyncio
from functools import lru_cache
from types import TracebackType

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from domain.errors import ServiceUnavailable

DISCONNECT_CHECK_DELAY_SECONDS = 0.05
"""The time before the server watches for the client to leave: most operations are done sooner, and watching costs a task."""
TICK_SECONDS = 0.025
"""The time between two looks at the clock, by which an operation may end late: a timer of its own takes a request 1 %."""


class Deadline:
    """A context manager that ends its block after some seconds, or when the client of a request disconnects.

    It raises ServiceUnavailable from a block that takes longer, and ClientDisconnect when `receive`, which must have given the
    whole body already, says that the client has left.

    It cancels its task as `asyncio.timeout` does, counted by `cancelling` and `uncancel`, at a small part of the cost: every
    request pays for this.
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
        self._began = loop.time()
        self._clock = _clock_of(loop)
        self._clock.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._clock.deadlines.discard(self)
        if self._watcher is not None:
            self._watcher.cancel()
        # If somebody else cancelled the task meanwhile, it stays cancelled.
        if self._error and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise self._error from error

    def look(self, now: float) -> None:
        """Begins to watch the client, or ends the block, if it is time to."""
        passed = now - self._began
        if passed >= self._seconds:
            self._cancel(ServiceUnavailable(f"the operation took longer than {self._seconds:g} seconds"))
        elif self._receive is not None and self._watcher is None and passed >= DISCONNECT_CHECK_DELAY_SECONDS:
            self._watcher = asyncio.create_task(self._watch(self._receive))

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._cancel(ClientDisconnect())

    def _cancel(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
            self._task.cancel()


class _Clock:
    """Looks at the deadlines of an event loop as long as there are any."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.deadlines: set[Deadline] = set()
        self._loop = loop
        self._is_ticking = False

    def add(self, deadline: Deadline) -> None:
        self.deadlines.add(deadline)
        if not self._is_ticking:
            self._start()

    def _start(self) -> None:
        self._is_ticking = True
        self._loop.call_later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        now = self._loop.time()
        for deadline in tuple(self.deadlines):
            deadline.look(now)
        self._is_ticking = False
        if self.deadlines:
            self._start()


@lru_cache(maxsize=1)
def _clock_of(loop: asyncio.AbstractEventLoop) -> _Clock:
    """Returns the clock of a loop. A process has one loop; those of tests follow each other."""
    return _Clock(loop)
