"""From Strawberry's inputs to what the domain checks: the given fields, null told apart from left out.

Optional fields are declared `Maybe[T | None]`: None is left out, `Some(None)` is null. (In a `@oneOf`
input null is no value, and what is left out is UNSET.)
"""

from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any

from strawberry import UNSET, Some


def given(value: Any) -> dict[str, Any]:
    """The fields of an input object that the caller gave, input objects within it, and within its lists, included."""
    values = {}
    for name in _names(value.__class__):
        content = getattr(value, name)
        if isinstance(content, Some):
            content = content.value
        elif content is None or content is UNSET:
            continue
        values[name] = content if type(content) in _LEAVES else _plain(content)
    return values


def _plain(content: Any) -> Any:
    if isinstance(content, list):
        return [_plain(item) for item in content]
    return given(content) if is_dataclass(content) else content


_LEAVES = frozenset((str, int, float, bool, NoneType))


@cache
def _names(of: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(of))
