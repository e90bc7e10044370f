"""The queue of those who wait for a connection of a pool."""

import asyncio
from collections import deque
from typing import TypeAlias

from db.driver import DriverConnection

Turn: TypeAlias = "asyncio.Future[DriverConnection | None]"
"""Becomes the connection that another has released; None if one is idle or to be opened."""


class ConnectionQueue:
    """Serves in turn: the first to come is the first served.

    All wait for the same time at most, so that one timer looks after all of them: it is the first whose time is over. Under
    load nearly every statement waits here, and asyncio's semaphores and timeouts take a third as long as the whole statement.
    """

    def __init__(self) -> None:
        self._turns: deque[tuple[float, Turn]] = deque()
        """The turns, each with the time at which it is over, by the clock of the event loop."""
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._turns)

    def join(self, deadline: float, loop: asyncio.AbstractEventLoop) -> Turn:
        """Returns a turn, which raises TimeoutError at the deadline. Whoever stops waiting for it must `leave`."""
        turn: Turn = loop.create_future()
        self._turns.append((deadline, turn))
        if self._timer is None:
            self._look_later()
        return turn

    def leave(self, deadline: float, turn: Turn) -> None:
        if (deadline, turn) in self._turns:
            self._turns.remove((deadline, turn))

    def serve(self, connection: DriverConnection | None = None) -> bool:
        """Gives the first who waits its turn. Returns False if nobody waits."""
        while self._turns:
            _, turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False

    def close(self) -> None:
        """Ends the timer if nobody waits: whoever waits next may do so in another event loop."""
        if self._timer is not None and not self._turns:
            self._timer.cancel()
            self._timer = None

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_at(self._turns[0][0], self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        while self._turns and self._turns[0][0] <= now:
            _, turn = self._turns.popleft()
            if not turn.done():
                turn.set_exception(TimeoutError())
        if self._turns:
            self._look_later()
