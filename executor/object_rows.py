"""Objects that a database has given as rows, and that are made only if something asks for more than their columns."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeGuard, runtime_checkable


@runtime_checkable
class ObjectRows(Protocol):
    """A list of objects as a resolver may return it. Where only columns are selected, no object is made."""

    @property
    def object_class(self) -> type:
        """The class of all objects."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns. A column has the value of the objects' attribute of its name, if there is such a one.

        The column `part.name` has that of the attribute `name` of the attribute `part`, which is an object in all of them.
        """

    @property
    def rows(self) -> Sequence[Sequence[object]]:
        """The rows, of which each has exactly these columns."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[object]:
        """Makes the objects, or gives those that were made before."""


_are_object_rows: dict[type, bool] = {}
"""Tells of each class that was asked about whether its objects are such lists."""


def are_object_rows(value: Any) -> TypeGuard[ObjectRows]:
    """Returns whether the value is such a list. Its class is looked at once: `isinstance` looks at all members each time."""
    known = _are_object_rows.get(type(value))
    if known is None:
        known = _are_object_rows[type(value)] = isinstance(value, ObjectRows)
    return known
