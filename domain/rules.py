"""Rules for single values. A field declares its rule in its annotation: `name: Annotated[str, Text(200)]`.

A rule takes a value as a caller sent it and returns the value in the form that is stored. It raises `Violation` if the value
breaks the rule. `domain.validation` applies the rules of all fields of a dataclass.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Generic, Protocol, TypeVar
from uuid import UUID

T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=Enum)

INT32_MAX = 2**31 - 1
MAX_SAFE_INTEGER = 2**53 - 1
"""The largest whole number up to which every reader of JSON tells all whole numbers apart (RFC 7493, 2.2)."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


class Violation(ValueError):
    """A value breaks a rule. The message says what would be valid."""


class Rule(Protocol[T_co]):
    """Returns the value in the form that is stored. Raises Violation.

    None breaks every rule. A rule may also have a `check_all`, which returns many values in that form, one or more, or None if
    one breaks the rule or is unusual.
    """

    def __call__(self, value: object, /) -> T_co: ...


@dataclass(frozen=True, slots=True)
class StorableText:
    """Accepts any text of at most `max_chars` characters that PostgreSQL and JSON can hold."""

    max_chars: int

    def __call__(self, value: object) -> str:
        return _storable(value, self.max_chars)


@dataclass(frozen=True, slots=True)
class Text:
    """Accepts a storable text that does not consist of white space only.

    `required` refuses the empty text as well. `strip` removes the white space around the text.
    """

    max_chars: int
    required: bool = False
    strip: bool = False

    def __call__(self, value: object) -> str:
        text = _storable(value, self.max_chars)
        visible = text.strip()
        if not visible and self.required:
            raise Violation("must not be empty or only white space")
        if not visible and text:
            raise Violation("must not be only white space: leave it empty or say something")
        return visible if self.strip else text

    def check_all(self, values: Sequence[str]) -> Sequence[str] | None:
        try:
            _storable(joined := "".join(values), len(joined))
        except (TypeError, Violation):
            return None
        if len(joined) > self.max_chars and max(map(len, values)) > self.max_chars:
            return None
        visible = list(map(str.strip, values))
        if not all(visible) and (self.required or visible.count("") != values.count("")):
            return None
        return visible if self.strip else values


def _storable(value: object, max_chars: int) -> str:
    if not isinstance(value, str):
        raise Violation("must be a text")
    if len(value) > max_chars:
        raise Violation(f"must have at most {max_chars:,} characters, has {len(value):,}")
    if "\x00" in value:
        raise Violation("must not contain the NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Violation("must not contain a lone surrogate (half of a UTF-16 pair)") from None
    return value


@dataclass(frozen=True, slots=True)
class Integer:
    """Accepts a whole number from `minimum` to `maximum`, both included."""

    minimum: int
    maximum: int = INT32_MAX

    def __call__(self, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not self.minimum <= value <= self.maximum:
            raise Violation(f"must be a whole number from {self.minimum} to {self.maximum:,}")
        return value

    def check_all(self, values: Sequence[int]) -> Sequence[int] | None:
        is_usual = set(map(type, values)) == {int} and self.minimum <= min(values) and max(values) <= self.maximum
        return values if is_usual else None


@dataclass(frozen=True, slots=True)
class Number:
    """Accepts a finite number from `minimum` to `maximum`, both included."""

    minimum: float
    maximum: float

    def __call__(self, value: object) -> float:
        if type(value) is float and self.minimum <= value <= self.maximum:  # the usual case
            return value + 0.0  # -0.0 becomes 0.0
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise Violation(f"must be a number from {self.minimum:,} to {self.maximum:,}")
        if not math.isfinite(value) or not self.minimum <= value <= self.maximum:
            raise Violation(f"must be a finite number from {self.minimum:,} to {self.maximum:,}")
        return float(value)

    def check_all(self, values: Sequence[float]) -> Sequence[float] | None:
        if list(map(type, values)).count(float) != len(values):
            return None
        least = min(values)
        # A sum with NaN is NaN; the least and the largest need not be.
        if least < self.minimum or max(values) > self.maximum or not math.isfinite(sum(values)):
            return None
        return values if least > 0.0 else [value + 0.0 for value in values]  # -0.0 becomes 0.0


@dataclass(frozen=True, slots=True)
class Member(Generic[E]):
    """Accepts a member of an enum."""

    enum: type[E]

    def __call__(self, value: object) -> E:
        if not isinstance(value, self.enum):
            raise Violation(f"must be one of {', '.join(member.name for member in self.enum)}")
        return value


def boolean(value: object) -> bool:
    """Accepts true or false."""
    if not isinstance(value, bool):
        raise Violation("must be true or false")
    return value


def moment(value: object) -> datetime:
    """Accepts a point in time, and returns it in UTC. A time without an offset is read as UTC."""
    if not isinstance(value, datetime):
        raise Violation("must be a date and time such as 2026-01-31T12:00:00Z")
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise Violation("must be a date and time between the years 1 and 9999") from None


def uuid(value: object) -> UUID:
    """Accepts a UUID, or its canonical text form of 36 characters."""
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and _UUID.fullmatch(value):
        return UUID(value)
    raise Violation("must be a UUID such as 01900000-0000-7000-8000-000000000000")
