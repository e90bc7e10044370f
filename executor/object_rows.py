"""Objects that a database has given as rows, and that are made only if something asks for more than their columns."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Protocol, TypeGuard


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


def are_object_rows(value: Any) -> TypeGuard[ObjectRows]:
    """Returns whether the value is such a list. Its class is looked at once: `isinstance` looks at all members each time."""
    return _has_members(type(value))  # type: ignore[arg-type]  # classes are hashable


@lru_cache(maxsize=1_000)
def _has_members(class_: type) -> bool:
    return all(hasattr(class_, name) for name in ("object_class", "columns", "rows", "__len__", "__iter__"))
