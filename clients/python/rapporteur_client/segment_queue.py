"""The segments that wait to be written: in their order, at most so many, each at its newest. Threads may share it."""

from __future__ import annotations

import threading
from itertools import islice
from typing import NamedTuple

from rapporteur_client.errors import QueueFull
from rapporteur_client.segments import SegmentInput


class _Waiting(NamedTuple):
    number: int
    segment: SegmentInput


class SegmentQueue:
    """Holds segments from `put` until `settle`: those that wait, and the batch that is being written."""

    def __init__(self, max_segments: int) -> None:
        self._max_segments = max_segments
        self._waiting: dict[str | int | None, _Waiting] = {}
        self._in_flight: list[_Waiting] = []
        self._puts = 0
        self._lock = threading.Lock()

    def put(self, segment: SegmentInput) -> None:
        """Adds a segment; one that waits under the same key is replaced, unless that is final and this one is not.

        Raises QueueFull.
        """
        with self._lock:
            self._puts += 1
            key, number = segment.key, self._puts
            if (older := self._waiting.get(key)) is not None:
                if older.segment.is_final and not segment.is_final:
                    return
                number = older.number  # the segment keeps its place in the queue
            elif len(self._waiting) + len(self._in_flight) >= self._max_segments:
                raise QueueFull(f"{self._max_segments:,} segments wait to be written: the server is away, or slow")
            self._waiting[key] = _Waiting(number, segment)

    def take(self, limit: int) -> list[SegmentInput]:
        """Returns the next batch, which stays in the queue until it is settled."""
        with self._lock:
            keys = list(islice(self._waiting, limit))
            self._in_flight = [self._waiting.pop(key) for key in keys]
            return [waiting.segment for waiting in self._in_flight]

    def settle(self) -> None:
        """Lets go of the batch, which was written or refused."""
        with self._lock:
            self._in_flight = []

    @property
    def puts(self) -> int:
        """Returns how often something was put here."""
        return self._puts

    def is_settled(self, puts: int) -> bool:
        """Returns whether all that was put here by then has been settled."""
        with self._lock:
            oldest = self._in_flight[0] if self._in_flight else next(iter(self._waiting.values()), None)
            return oldest is None or oldest.number > puts

    def unsettled(self) -> list[SegmentInput]:
        """Returns all segments that are here, in their order."""
        with self._lock:
            return [waiting.segment for waiting in (*self._in_flight, *self._waiting.values())]
