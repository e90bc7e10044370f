"""Notices early that the process is asked to stop."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


def on_stop_signal(stop: Callable[[], object]) -> None:
    """Calls `stop` as soon as SIGINT or SIGTERM arrives, before the handler that uvicorn has installed.

    uvicorn waits for requests to finish before it tells the app, and an event stream would never finish.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # Python handles signals in the main thread only
    for number in (signal.SIGINT, signal.SIGTERM):
        previous = signal.getsignal(number)

        def handle(number: int, frame: FrameType | None, previous: Any = previous) -> None:
            stop()
            if callable(previous):
                previous(number, frame)

        signal.signal(number, handle)
