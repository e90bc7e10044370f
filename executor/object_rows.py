"""Lists of objects that a database has given as columns, and whose objects are made only if something asks for more."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Protocol, TypeAlias, TypeGuard, runtime_checkable

TEXT_SEPARATOR = "\x1f"
"""The character between the texts of a column that is one text: none of them has it."""

ColumnValues: TypeAlias = Sequence[object]
"""The values of a column, in a list, or as one text: many texts with `TEXT_SEPARATOR` between them.

They are the texts of other values, such as UUIDs, if the column's class is not str: those are only IDs to GraphQL."""


class ObjectTable(Protocol):
    """Rows of objects of one class as columns."""

    object_class: type
    """The class of all objects."""
    columns: tuple[str, ...]
    """The names of the columns. A column has the value of the objects' attribute of its name, if there is such a one.

    The column `part.name` has that of the attribute `name` of the attribute `part`, which is an object in all of them."""
    leaf_classes: tuple[type | None, ...]
    """The class of all values of each column: str, int for 32 bits, float, bool or datetime; None: not known, or null."""
    values: Sequence[ColumnValues]
    """The values of each column, `row_count` each; without rows there may be none."""
    row_count: int
    """The number of values that each column has."""


@runtime_checkable
class ObjectRows(Protocol):
    """A list of objects as a resolver may return it: rows of a table. Where only columns are selected, no object is made."""

    table: ObjectTable
    """The rows of this list and of others."""
    start: int
    """The place at which the values of the first object stand; those of the others follow."""
    length: int
    """The number of objects."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[object]:
        """Makes the objects, or gives those that were made before."""


class UnreadObject(Protocol):
    """An object of which a row was read, and whose attributes are set when one is first read.

    It is of another class then. Where only columns are selected, that never happens.
    """

    row_columns: ClassVar[tuple[str, ...]]
    """The names of the columns of all rows of the class: see `ObjectTable.columns`. A part with columns is never null.

    The column of an attribute that has no leaf has the value of the attribute itself, or None: it is not known."""
    row_leaf_classes: ClassVar[tuple[type | None, ...]]
    """The class of all values of each column: see `ObjectTable.leaf_classes`."""
    row: Sequence[object]
    """The value of each column. It stays when the attributes are set."""


def is_unread_class(cls: type) -> TypeGuard[type[UnreadObject]]:
    """Returns whether the objects of the class are unread."""
    return hasattr(cls, "row_columns")


_are_object_rows: dict[type, bool] = {}
"""Tells of each class that was asked about whether its objects are such lists."""


def are_object_rows(value: Any) -> TypeGuard[ObjectRows]:
    """Returns whether the value is such a list. Its class is looked at once: `isinstance` looks at all members each time."""
    known = _are_object_rows.get(type(value))
    if known is None:
        known = _are_object_rows[type(value)] = isinstance(value, ObjectRows)
    return known
