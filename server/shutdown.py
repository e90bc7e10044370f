"""Hearing early that the process is to stop."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


def on_stop_signal(stop: Callable[[], object]) -> None:
    """Have `stop` called as soon as a signal asks this process to end.

    uvicorn, which has set its handlers by now, waits then for requests to finish before it tells the app, and an event stream
    never would.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # there are no signals here
    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)

        def heard(number: int, frame: FrameType | None, handler: Any = handler) -> None:
            stop()
            if callable(handler):
                handler(number, frame)

        signal.signal(number, heard)
