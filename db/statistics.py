"""Counts what the connections of this process did, for `/metrics`: plain numbers, which cost a statement next to nothing."""

from bisect import bisect_left
from dataclasses import dataclass

DURATION_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""The upper bounds of the buckets for durations: from the fastest operation to the default timeout of one."""


class Histogram:
    """Counts observed durations, in seconds, by the buckets of `DURATION_BUCKETS_SECONDS` and one above them."""

    __slots__ = ("buckets", "sum")

    def __init__(self) -> None:
        self.buckets = [0] * (len(DURATION_BUCKETS_SECONDS) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        self.buckets[bisect_left(DURATION_BUCKETS_SECONDS, seconds)] += 1
        self.sum += seconds


@dataclass(slots=True)
class StatementCounts:
    """Counts the runs of the statements that have one summary, such as `SELECT meetings`. Failed runs are left out."""

    runs: int = 0
    rows: int = 0
    """Counts the rows that they returned."""
    seconds: float = 0.0
    """The time until their answers were there, together."""


statement_counts: dict[str, StatementCounts] = {}
"""The counts of this process by summary. Summaries are few: a verb and a table."""
