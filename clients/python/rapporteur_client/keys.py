"""The key of the API, which may change while the client runs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

from rapporteur_client.errors import Unavailable

Key = str | Callable[[], str | Awaitable[str]] | None
"""A token, or a function that gives the present one: asynchronous, or a plain one, which is called in a thread."""

KEY_TIMEOUT_SECONDS = 10.0


class KeySource:
    """Gives the key, and asks the caller's function for it only at first and after the server has rejected one."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._current = key if isinstance(key, str) else None
        self._asking = asyncio.Lock()

    async def current(self) -> str | None:
        """Returns the key; None if the caller has none. Raises Unavailable if the caller's function fails."""
        if self._key is None or isinstance(self._key, str):
            return self._current
        async with self._asking:  # the caller's function is not called twice at once
            if self._current is None:
                try:
                    self._current = await asyncio.wait_for(self._ask(self._key), KEY_TIMEOUT_SECONDS)
                except Exception as error:
                    raise Unavailable(f"the function that gives the key failed: {error!r}") from error
            return self._current

    def reject(self, key: str | None) -> None:
        """Forgets a key that the server does not know, unless there is another one already."""
        if not isinstance(self._key, str) and self._current == key:
            self._current = None

    @staticmethod
    async def _ask(function: Callable[[], str | Awaitable[str]]) -> str:
        is_asynchronous = inspect.iscoroutinefunction(function)
        answer: str | Awaitable[str] = function() if is_asynchronous else await _in_thread(function)
        return answer if isinstance(answer, str) else await answer


async def _in_thread(function: Callable[[], str | Awaitable[str]]) -> str | Awaitable[str]:
    return await asyncio.get_running_loop().run_in_executor(None, function)
