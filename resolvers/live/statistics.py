"""Counts what the live hubs of a process do, for `/metrics`."""

from dataclasses import dataclass, field

from db.statistics import Histogram


@dataclass(slots=True)
class LiveStatistics:
    lag: Histogram = field(default_factory=Histogram)
    """Observes the seconds from the write of each change until a reader had it, by the clocks of the database and of the
    server; what a reader catches up on is left out."""
    failed_polls: int = 0
    """Counts the polls that the database did not answer."""
