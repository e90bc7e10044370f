"""Turns the moments at which things were said into times from the first of them: dates, and numbers since 1970."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

_DATE = re.compile(r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9].{0,40}")
_NUMBER = re.compile(r"[0-9]{10,19}(?:\.[0-9]{1,9})?")
_UNITS_PER_SECOND = (1, 1_000, 1_000_000, 1_000_000_000)
_EPOCH_SECONDS = (1e9, 1e10)
"""The seconds since 1970 of the years 2001 to 2286. No time from the start of a meeting is as large, in any unit."""


def moment_of(value: object) -> float | None:
    """Returns the seconds since 1970 of a date in ISO 8601, or of a number of seconds, or thousandths and the like; or None.

    A date without a zone is taken as UTC.
    """
    if isinstance(value, str):
        if _DATE.fullmatch(value):
            try:
                moment = datetime.fromisoformat(value.strip())
            except ValueError:
                return None
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        value = float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    for units in _UNITS_PER_SECOND:
        if _EPOCH_SECONDS[0] * units <= value < _EPOCH_SECONDS[1] * units:
            return value / units
    return None


def since_first(items: Sequence[object], names: Sequence[str], seconds_per_unit: float = 1.0) -> list[object]:
    """Returns the items with times from the first of their moments, in the unit, under those of these names that have one."""
    moments = [
        {name: moment for name in names if (moment := moment_of(item.get(name))) is not None}
        if isinstance(item, dict)
        else {}
        for item in items
    ]
    first = min((min(found.values()) for found in moments if found), default=None)
    if first is None:
        return list(items)
    return [
        {**item, **{name: round(moment - first, 6) / seconds_per_unit for name, moment in found.items()}}
        if isinstance(item, dict) and found
        else item
        for item, found in zip(items, moments, strict=True)
    ]
