"""Ends an operation early, when its time is up or its client has left.

The operation is cancelled, down to its statement: asyncpg asks PostgreSQL to cancel it, and the pool replaces the connection.
What was not committed has not happened.
"""

import asyncio
from types import TracebackType
from typing import ClassVar, Optional

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from domain.errors import ServiceUnavailable

DISCONNECT_CHECK_DELAY_SECONDS = 0.05
"""The time before the server watches for the client to leave: most operations are done sooner, and watching costs a task."""
TICK_SECONDS = 0.025
"""The time between two looks at the clock, by which an operation may end late: a timer of its own takes a request 1 %.

A deadline begins when the clock is first looked at, so that most requests have ended without asking for the time.
"""


class Deadline:
    """A context manager that ends its block after some seconds, or when the client of a request disconnects.

    It raises ServiceUnavailable from a block that takes longer, and ClientDisconnect when `receive`, which must have given the
    whole body already, says that the client has left.

    It cancels its task as `asyncio.timeout` does, counted by `cancelling` and `uncancel`, at a small part of the cost: every
    request pays for this.
    """

    __slots__ = ("_began", "_cancelling", "_deadlines", "_error", "_receive", "_seconds", "_task", "_watcher")

    def __init__(self, seconds: float, receive: Receive | None = None) -> None:
        self._seconds = seconds
        self._receive = receive
        self._began: float | None = None
        self._error: Exception | None = None
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        clock = _Clock.of_this_process
        if clock is None or clock.loop is not loop:  # the loops of tests follow each other
            clock = _Clock.of_this_process = _Clock(loop)
        self._deadlines = clock.deadlines
        self._deadlines.add(self)
        if not clock.is_ticking:
            clock.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._deadlines.discard(self)
        if self._watcher is not None:
            self._watcher.cancel()
        # If somebody else cancelled the task meanwhile, it stays cancelled.
        if self._error and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise self._error from error

    def look(self, now: float) -> None:
        """Begins to watch the client, or ends the block, if it is time to."""
        if self._began is None:
            self._began = now
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

    of_this_process: ClassVar[Optional["_Clock"]] = None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.deadlines: set[Deadline] = set()
        self.is_ticking = False

    def start(self) -> None:
        self.is_ticking = True
        self.loop.call_later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        now = self.loop.time()
        for deadline in tuple(self.deadlines):
            deadline.look(now)
        self.is_ticking = False
        if self.deadlines:
            self.start()
