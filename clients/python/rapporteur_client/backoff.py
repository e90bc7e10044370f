"""Computes the pause before the next try: longer each time, up to a bound, and never in step with other clients."""

import random

FIRST_PAUSE_SECONDS = 0.25
MAX_PAUSE_SECONDS = 5.0
MAX_RETRY_AFTER_SECONDS = 60.0
"""The longest pause that a server can ask for."""


class Backoff:
    """Counts the tries that failed in a row."""

    def __init__(self) -> None:
        self._failures = 0

    def reset(self) -> None:
        """Begins anew, after a try that worked."""
        self._failures = 0

    def next_pause(self, retry_after: float = 0.0) -> float:
        """Returns the seconds to wait, at random between nothing and the bound, on top of what the server asks for."""
        bound = min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(self._failures, 16))
        self._failures += 1
        return min(max(retry_after, 0.0), MAX_RETRY_AFTER_SECONDS) + random.uniform(0.0, bound)
