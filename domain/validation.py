"""Rules for single values, and a collector that reports every broken one with its path.

A rule is a function that returns the value as it is to be stored or raises `Violation`. An entity declares its rules as a
mapping from field name to rule; `Check` applies such a mapping to the values of an input.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from domain.errors import FieldProblem, InvalidInput

INT32_MAX = 2**31 - 1
_SURROGATE = re.compile("[\ud800-\udfff]")


class Violation(ValueError):
    """A rule is broken; the message says what would be valid."""


Rule = Callable[[Any], Any]


def storable(maximum: int) -> Rule:
    """Text of at most `maximum` characters that PostgreSQL and JSON can hold."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise Violation("must be a text")
        if len(value) > maximum:
            raise Violation(f"must have at most {maximum:,} characters, has {len(value):,}")
        if "\x00" in value:
            raise Violation("must not contain the NUL character")
        if not value.isascii() and _SURROGATE.search(value):
            raise Violation("must not contain a lone surrogate (half of a UTF-16 pair)")
        return value

    return check


def text(maximum: int, *, required: bool = False, strip: bool = False) -> Rule:
    """Storable text that is not only white space. `required`: nor empty."""
    storable_text = storable(maximum)

    def check(value: Any) -> str:
        stored: str = storable_text(value)
        visible = stored.strip()
        if not visible and required:
            raise Violation("must not be empty or only white space")
        if not visible and stored:
            raise Violation("must not be only white space: leave it empty or say something")
        return visible if strip else stored

    return check


def integer(minimum: int, maximum: int = INT32_MAX) -> Rule:
    """A whole number from `minimum` to `maximum`, both included."""

    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= maximum:
            raise Violation(f"must be a whole number from {minimum} to {maximum:,}")
        return value

    return check


def number(minimum: float, maximum: float) -> Rule:
    """A finite number from `minimum` to `maximum`, both included."""

    def check(value: Any) -> float:
        if type(value) is float and minimum <= value <= maximum:  # nearly always
            return value + 0.0  # -0.0 becomes 0.0
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise Violation(f"must be a number from {minimum:,} to {maximum:,}")
        if not math.isfinite(value) or not minimum <= value <= maximum:
            raise Violation(f"must be a finite number from {minimum:,} to {maximum:,}")
        return float(value)

    return check


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Violation("must be true or false")
    return value


def moment(value: Any) -> datetime:
    """A rule: a point in time. One without an offset is UTC."""
    if not isinstance(value, datetime):
        raise Violation("must be a date and time such as 2026-01-31T12:00:00Z")
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise Violation("must be a date and time between the years 1 and 9999") from None


def one_of(kind: type[Enum]) -> Rule:
    """A member of an enum."""

    def check(value: Any) -> Enum:
        if not isinstance(value, kind):
            raise Violation(f"must be one of {', '.join(member.name for member in kind)}")
        return value

    return check


def nullable(rule: Rule) -> Rule:
    """The same rule, with null allowed as well."""
    return lambda value: None if value is None else rule(value)


class Check:
    """Collects the problems of one input.

    >>> check = Check()
    >>> values = check.fields({"name": text(200)}, {"name": 3}, "input")
    >>> check.done()
    Traceback (most recent call last):
        ...
    domain.errors.InvalidInput: input.name: must be a text
    """

    def __init__(self) -> None:
        self.problems: list[FieldProblem] = []

    def add(self, path: str, message: str, key: str | None = None) -> None:
        self.problems.append(FieldProblem(path, message, key))

    def value(self, rule: Rule, value: Any, path: str, key: str | None = None) -> Any:
        """The value as `rule` gives it; where the rule is broken, the problem is noted and the value given back as it came."""
        try:
            return rule(value)
        except Violation as violation:
            self.add(path, "must not be null" if value is None else str(violation), key)
            return value

    def fields(self, rules: Mapping[str, Rule], values: Mapping[str, Any], path: str = "") -> dict[str, Any]:
        """Each of `values` through the rule of its name (null is a problem unless the rule allows it)."""
        checked = {}
        for name, value in values.items():
            try:
                checked[name] = rules[name](value)
            except Violation:
                checked[name] = self.value(rules[name], value, f"{path}.{name}" if path else name)
        return checked

    def nested(self, rules: Mapping[str, Rule], values: Any, path: str) -> dict[str, Any]:
        """The same for the fields of an input object inside the input, which must not be null."""
        if values is None:
            self.add(path, "must not be null: leave it out to change nothing")
            return {}
        return self.fields(rules, values, path)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Take the problems of an `InvalidInput` raised in the block, which goes no further."""
        try:
            yield
        except InvalidInput as error:
            self.problems.extend(error.fields)

    def done(self) -> None:
        """Raise `InvalidInput` with all that was found, if anything was."""
        if self.problems:
            raise InvalidInput(self.problems)


def checked(rule: Rule, value: Any, path: str) -> Any:
    """One value through one rule, or `InvalidInput`."""
    check = Check()
    result = check.value(rule, value, path)
    check.done()
    return result
