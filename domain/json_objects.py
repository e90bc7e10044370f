"""JSON objects that a caller keeps with us: their types, their limits, and when two of them are the same."""

import math
from typing import Annotated

from domain.rules import MAX_SAFE_INTEGER, Rule, StorableText, Violation

MAX_JSON_VALUES = 1_000
"""The most values, keys included, that a JSON object can hold in all."""
MAX_JSON_DEPTH = 16
MAX_JSON_TEXT_CHARS = 10_000

_text = StorableText(MAX_JSON_TEXT_CHARS)


def json_object(value: object) -> dict[str, object]:
    """Accepts a JSON object of bounded size and depth that PostgreSQL can hold and every JSON reader can read."""
    return check_json_object(value, max_values=MAX_JSON_VALUES, text=_text, key=_text)


def check_json_object(value: object, *, max_values: int, text: Rule[str], key: Rule[str]) -> dict[str, object]:
    """Returns the value, which is a JSON object of at most `max_values` values, keys included, and `MAX_JSON_DEPTH`.

    `text` and `key` are the rules of its texts and of its keys. Raises Violation.
    """
    if not isinstance(value, dict):
        raise Violation("must be a JSON object")
    values = 0

    def visit(item: object, depth: int) -> None:
        nonlocal values
        values += 1
        if values > max_values or depth > MAX_JSON_DEPTH:
            raise Violation(f"must have at most {max_values:,} values, nested {MAX_JSON_DEPTH} deep at most")
        if isinstance(item, str):
            text(item)
        elif isinstance(item, bool) or item is None:
            pass
        elif isinstance(item, int | float):
            if isinstance(item, float) and not math.isfinite(item):
                raise Violation("must have only finite numbers")
            # Readers of JSON round larger ones, also on the way to us, so that a float may be a whole number that was longer.
            if abs(item) > MAX_SAFE_INTEGER:
                raise Violation(
                    f"must not have numbers beyond {MAX_SAFE_INTEGER:,}, which not every client can read: give them as texts"
                )
        elif isinstance(item, dict):
            for name, inner in item.items():
                key(name)
                values += 1
                visit(inner, depth + 1)
        elif isinstance(item, list):
            for inner in item:
                visit(inner, depth + 1)
        else:
            raise Violation("must have only JSON values")

    visit(value, 0)
    return value


JsonObject = Annotated[dict[str, object], json_object]


def same_json(a: object, b: object) -> bool:
    """Returns whether two JSON values are the same. (Python takes 1 and true for equal; in JSON they are two values.)"""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_json(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same_json, a, b))
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)
