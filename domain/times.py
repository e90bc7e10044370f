"""Times within a meeting."""

from typing import Annotated

from domain.rules import Number

MAX_TIME_SECONDS = 36_000_000
"""10,000 hours. Times count from the start of the meeting."""

Seconds = Annotated[float, Number(0.0, MAX_TIME_SECONDS)]
