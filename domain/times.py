"""Times within a meeting."""

from typing import Annotated

from domain.rules import Number

MAX_TIME_SECONDS = 36_000_000
"""The latest time in a meeting, counted from its start: 10,000 hours."""

Seconds = Annotated[float, Number(0.0, MAX_TIME_SECONDS)]
