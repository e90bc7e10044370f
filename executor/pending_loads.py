"""The loads that asynchronous fields still need."""

from collections.abc import Callable, Coroutine

from graphql.pyutils import gather_with_cancel

Load = Callable[[], Coroutine[None, None, None]]


class PendingLoads:
    """Collects the loads of asynchronous fields while the value of one root field is completed, and then runs them.

    Nothing starts before `run`, so a value that falls back to graphql-core leaves nothing behind.
    """

    def __init__(self) -> None:
        self._loads: list[Load] = []

    def __bool__(self) -> bool:
        return bool(self._loads)

    def add(self, load: Load) -> None:
        self._loads.append(load)

    async def run(self) -> None:
        """Runs the loads concurrently, and after each one the loads that it has added.

        Raises:
            Exception: A load has failed. The others are cancelled.
        """
        while self._loads:
            loads, self._loads = self._loads, []
            if len(loads) == 1:
                await loads[0]()
            else:
                await gather_with_cancel(*map(self._run_one, loads))

    async def _run_one(self, load: Load) -> None:
        await load()
        await self.run()  # runs what this load alone has added, because no other task has run since it ended
