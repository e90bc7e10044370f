"""An event loop in a thread of its own, for callers that have none."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from rapporteur_client.errors import ClientClosed

END_TIMEOUT_SECONDS = 5.0

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for other threads. It does not keep the process alive."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._process = os.getpid()
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="rapporteur-client", daemon=True)
        self._thread.start()

    @property
    def is_usable(self) -> bool:
        """Returns whether coroutines can be run: before `end`, and only in the process that made it, not in its forks."""
        return not self._is_ending and os.getpid() == self._process

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Waits for a coroutine, and returns or raises what it does. An interrupt of the wait cancels it.

        Raises ClientClosed if the thread has ended, or ends meanwhile, and RuntimeError in a listener, which would wait for
        itself.
        """
        if not self.is_usable:
            coroutine.close()
            raise ClientClosed("the client is closed, or belongs to the process that this one was forked from")
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("a listener must not wait for the client that called it")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise ClientClosed("the client was closed") from None
        except BaseException:
            future.cancel()
            raise

    def end(self) -> None:
        """Cancels all that runs, and ends the thread."""
        if not self.is_usable:
            return
        self._is_ending = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(END_TIMEOUT_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(_cancel_all())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=END_TIMEOUT_SECONDS)
