"""Lists of objects as columns, as a database gives them: what is told of the values of a column is true of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from executor.object_rows import TEXT_SEPARATOR


@dataclass
class Room:
    name: Any


@dataclass
class Voice:
    pitch: Any
    name: Any
    room: Room


class Sample:
    """The object of a row: it has an attribute of each column, and a voice of those with this prefix."""

    count: Any
    voice: Voice

    @property
    def listener(self) -> Voice | None:
        """Has no columns, and is null in some of the rows."""
        return None if self.count % 2 else self.voice

    @property
    def twice(self) -> Any:
        return self.count * 2


class FinerSample(Sample):
    pass


class FailedSample(Sample, Exception):
    """A sample that is an error to GraphQL."""


class NoSample:
    """An object with the same attributes and of another type."""


COLUMNS = (
    *("count", "share", "final", "name", "nick", "key", "at", "even", "colour"),
    *("voice.pitch", "voice.name", "voice.room.name"),
)
SWAPPED_COLUMNS = tuple({"name": "voice.name", "voice.name": "name"}.get(column, column) for column in COLUMNS)
"""The same in another order, with texts in place of texts."""


@dataclass(eq=False)
class Table:
    """The rows of several lists."""

    rows: Sequence[tuple[Any, ...]]
    """The values of `COLUMNS` in each row."""
    columns: tuple[str, ...] = COLUMNS
    """The columns that the table has."""
    object_class: type = Sample
    is_proved: bool = True
    """Tells whether the class of a column is told, where all its values are of one."""

    def __post_init__(self) -> None:
        self.row_count = len(self.rows)
        by_name = dict(zip(COLUMNS, zip(*self.rows, strict=True), strict=bool(self.rows)))
        found: list[tuple[Any, ...]] = [by_name[column] for column in self.columns] if by_name else []
        classes = [_class_of_all(values) if self.is_proved else None for values in found]
        self.leaf_classes = tuple(classes) if found else (str,) * len(self.columns)
        self.values: list[Any] = [
            TEXT_SEPARATOR.join(map(str, values)) if cls in (str, UUID) else list(values)
            for cls, values in zip(classes, found, strict=True)
        ]


def _class_of_all(values: Sequence[Any]) -> type | None:
    cls, *others = set(map(type, values))
    proved = {
        int: lambda value: -(2**31) <= value < 2**31,
        str: lambda value: TEXT_SEPARATOR not in value,
        datetime: lambda value: value.tzinfo is UTC,
        float: lambda value: True,  # infinities and NaN, too
        bool: lambda value: True,
        UUID: lambda value: True,
    }
    return cls if not others and cls in proved and all(map(proved[cls], values)) else None


@dataclass(eq=False)
class Rows:
    """The list of the objects of some neighbouring rows."""

    table: Table
    start: int
    length: int

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Any]:
        return self._made(self.table.object_class)

    def unread(self) -> list[Any]:
        """Returns objects that are unread, as far as the executor can see."""
        told = {"row_columns": self.table.columns, "row_leaf_classes": self.table.leaf_classes}
        return list(self._made(type("UnreadSample", (self.table.object_class,), told)))

    def _made(self, cls: type) -> Iterator[Any]:
        for row in self.table.rows[self.start : self.start + self.length]:
            made: Any = cls.__new__(cls)  # type: ignore[call-overload]
            values = dict(zip(COLUMNS, row, strict=True))
            *_, pitch, name, room_name = row
            vars(made).update(values, voice=Voice(pitch, name, Room(room_name)))
            made.row = [values[column] for column in self.table.columns]
            yield made
