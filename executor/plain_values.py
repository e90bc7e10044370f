"""A check, made once for each class, that values are plain: no null, no exception and no awaitable."""

from collections.abc import Collection
from types import GeneratorType

from graphql import Undefined
from graphql.pyutils import is_awaitable

from executor.fallback import FallbackRequired
from executor.object_rows import is_unread_class

MAX_PLAIN_CLASSES = 1_000
"""The number of classes to remember. A program that creates classes as it runs must not grow without bound."""

_plain_classes: set[type] = set()
"""Classes whose values are all plain, judged by the first value seen of each."""


def require_plain_values(values: Collection[object], classes: set[type]) -> None:
    """Checks that graphql-core would take each value as it is.

    Args:
        values: The values to check.
        classes: The classes of these values.

    Raises:
        FallbackRequired: A value is null, undefined, an exception or an awaitable.
    """
    if not _plain_classes >= classes:
        for value in values:
            if type(value) not in _plain_classes:
                _require_plain_value(value)


def is_plain_class(cls: type) -> bool:
    """Returns whether all values of the class are known to be plain."""
    return cls in _plain_classes


def _require_plain_value(value: object) -> None:
    if value is None or value is Undefined or isinstance(value, Exception) or is_awaitable(value):
        raise FallbackRequired
    cls = type(value)
    # Some generators and some objects with a dynamic `__await__` are awaitable and others of their class are not.
    if cls is not GeneratorType and (not hasattr(cls, "__getattr__") or is_unread_class(cls)):
        if len(_plain_classes) >= MAX_PLAIN_CLASSES:
            _plain_classes.clear()
        _plain_classes.add(cls)
