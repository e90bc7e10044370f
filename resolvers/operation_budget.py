"""Limits what one operation uses of what all operations share: the bytes of its answer, and turns for large work."""

import asyncio
from collections.abc import Callable

from domain.errors import AnswerTooLarge

MAX_LARGE_OPERATIONS = 2
"""The number of large operations that run at once in a process; others wait, until their time is up."""


class Turns:
    """Gives turns to large operations, one at a time to each principal, so that no principal takes all of them."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(MAX_LARGE_OPERATIONS)

    async def take(self, of_principal: asyncio.Semaphore) -> Callable[[], None]:
        """Waits for a turn, and returns the function that ends it."""
        await of_principal.acquire()
        try:
            await self._all.acquire()
        except BaseException:
            of_principal.release()
            raise

        def end() -> None:
            self._all.release()
            of_principal.release()

        return end


class OperationBudget:
    """Counts what one operation uses. Without arguments nothing is limited."""

    __slots__ = (
        "_bytes",
        "_charge",
        "_end_turn",
        "_of_principal",
        "_taking",
        "_turns",
        "charged",
        "max_answer_bytes",
    )

    def __init__(
        self,
        max_answer_bytes: int | None = None,
        charge: Callable[[int], None] | None = None,
        turns: Turns | None = None,
        of_principal: asyncio.Semaphore | None = None,
        cost: int = 0,
    ) -> None:
        """`charge` charges a cost to the principal that is known only when something has been read.

        `charged` is what was charged so, and before that the `cost` of the document.
        """
        self.max_answer_bytes = max_answer_bytes
        self.charged = cost
        self._charge = charge
        self._turns = turns
        self._of_principal = of_principal
        self._bytes = 0
        self._taking: asyncio.Lock | None = None
        self._end_turn: Callable[[], None] | None = None

    def spend_bytes(self, count: int) -> None:
        """Counts bytes of the answer. Raises AnswerTooLarge."""
        self._bytes += count
        if self.max_answer_bytes is not None and self._bytes > self.max_answer_bytes:
            raise AnswerTooLarge(self.max_answer_bytes)

    def charge(self, cost: int) -> None:
        """Charges what something stored turns out to cost. Raises RateLimited."""
        self.charged += cost
        if self._charge:
            self._charge(cost)

    async def wait_for_turn(self) -> None:
        """Waits until the operation may do large work, which it may then do until it ends."""
        if self._turns is None or self._of_principal is None:
            return
        self._taking = self._taking or asyncio.Lock()
        async with self._taking:  # fields of one operation run at the same time, and have one turn together
            if self._end_turn is None:
                self._end_turn = await self._turns.take(self._of_principal)

    def end(self) -> None:
        """Ends the operation, or one event of a subscription: its turn is over, and the next event has a budget of its own."""
        self._bytes = 0
        if self._end_turn is not None:
            self._end_turn()
            self._end_turn = None
