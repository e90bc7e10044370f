"""From Strawberry's inputs to what the domain checks: the given fields, null told apart from left out.

Optional fields are declared `Maybe[T | None]`: None is left out, `Some(None)` is null. (In a `@oneOf`
input null is no value, and what is left out is UNSET.)
"""

from dataclasses import fields, is_dataclass
from typing import Any

from strawberry import UNSET, Some


def given(value: Any) -> dict[str, Any]:
    """The fields of an input object that the caller gave, input objects within it, and within its lists, included."""
    return {
        field.name: _plain(content.value if isinstance(content, Some) else content)
        for field in fields(value)
        if (content := getattr(value, field.name)) is not None and content is not UNSET
    }


def _plain(content: Any) -> Any:
    if isinstance(content, list):
        return [_plain(item) for item in content]
    return given(content) if is_dataclass(content) else content
