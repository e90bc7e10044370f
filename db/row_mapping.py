"""Entities made of rows, by functions that are generated once for each set of columns.

A column belongs to the field that it is named after; `config.max_tokens` belongs to the field `max_tokens` of `config`.
So statements label their columns, and nothing here or elsewhere depends on their order. The generated functions take a row
apart at once, which takes a third of the time that reading its columns by their names does; the `__init__` of a dataclass takes
as long for a row as the driver does, and needs all of its fields.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Any, Generic, NamedTuple, Self, TypeVar, cast, get_args, get_type_hints, overload

from asyncpg.pgproto.pgproto import UUID
from sqlalchemy import (
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Double,
    Integer,
    Label,
    Select,
    Text,
    Uuid,
)
from sqlalchemy.sql.functions import coalesce
from sqlalchemy.types import TypeEngine

from db.driver import Record

T = TypeVar("T")
TEXT_SEPARATOR = "\x1f"
"""The character between the texts of a column that is one text: none of them has it."""
ColumnValues = Sequence[object]
"""The values of a column, in a list, or as one text: many texts with `TEXT_SEPARATOR` between them."""
AnySelect = Select[tuple[object, ...]]
"""A SELECT of any columns: what its rows hold is known where they are mapped, not to SQLAlchemy."""
Row = Sequence[object]
RowMapper = Callable[[Iterable[Row]], list[T]]
Decoders = tuple[tuple[str, Callable[[Any], Any]], ...]
"""The names of fields, and the functions that make their values of the columns' values."""


_LEAF_CLASSES: dict[type[TypeEngine[Any]], type] = {
    Text: str,
    Uuid: UUID,
    Integer: int,
    Double: float,
    Boolean: bool,
    DateTime: datetime,
}


class MappedQuery(NamedTuple, Generic[T]):
    """A statement, the function that makes entities of its rows, and the names of its columns."""

    statement: AnySelect
    entities: RowMapper[T]
    columns: tuple[str, ...]
    """The names as `MappedRows` takes them: a column whose values are decoded is named after no field."""
    leaf_classes: tuple[type | None, ...]
    """The class of all values of each column, as `MappedRows` takes it."""

    @classmethod
    def of(
        cls,
        statement: AnySelect,
        entity: type[T],
        *,
        parts: tuple[str, ...] = (),
        without: tuple[str, ...] = (),
        decoders: Decoders = (),
    ) -> Self:
        """Maps the statement's columns to the fields that they are named after: see `row_mapper`."""
        columns = column_names(statement)
        mapper = row_mapper(entity, columns, parts, without, decoders)  # type: ignore[arg-type]
        decoded = {field for field, _ in decoders}
        return cls(
            statement,
            mapper,
            tuple(f"{name} (stored)" if name.rpartition(".")[2] in decoded else name for name in columns),
            tuple(map(leaf_class, statement.selected_columns)),
        )


class RowColumns(Generic[T]):
    """The rows of a query as columns, and the entities of all rows, made when the first of them is asked for."""

    def __init__(
        self,
        object_class: type[T],
        query: MappedQuery[T],
        row_count: int,
        values: Sequence[ColumnValues],
    ) -> None:
        """`values` are those of the query's columns; without rows there may be none."""
        self.object_class = object_class
        self.columns = query.columns
        self.leaf_classes = query.leaf_classes
        self.row_count = row_count
        self.values = values
        self._make = query.entities
        self._entities: list[T] | None = None

    def entities(self) -> list[T]:
        if self._entities is None:
            self._entities = self._make(zip(*self._columns, strict=True)) if self.row_count else []
        return self._entities

    def entity(self, place: int) -> T:
        """Returns the entity of one row, without making the others."""
        if self._entities is not None:
            return self._entities[place]
        return self._make([tuple(column[place] for column in self._columns)])[0]

    @cached_property
    def _columns(self) -> list[Sequence[object]]:
        return list(map(_decoded, self.values, self.leaf_classes))

    def grouped_by(self, column: str) -> "dict[object, MappedRows[T]]":
        """Returns the rows of each value of a column, by which they are ordered; the values are as they were given."""
        values = listed(self.values[self.columns.index(column)]) if self.row_count else ()
        found, start = {}, 0
        for value, same in groupby(values):
            length = sum(1 for _ in same)
            found[value] = MappedRows(self, start, length)
            start += length
        return found


class MappedRows(Sequence[T]):
    """The entities of some neighbouring rows.

    The executor reads the columns themselves where it needs no more (`executor.object_rows`).
    """

    __slots__ = ("_rows", "columns", "leaf_classes", "length", "object_class", "row_count", "start", "values")

    def __init__(self, rows: RowColumns[T], start: int, length: int) -> None:
        self.object_class = rows.object_class
        self.columns = rows.columns
        self.leaf_classes = rows.leaf_classes
        self.values = rows.values
        self.row_count = rows.row_count
        self.start = start
        self._rows = rows
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[T]:
        return iter(self._rows.entities()[self.start : self.start + self.length])

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        """Returns an entity, or some; they are made now, unless they stand in the same order."""
        places = range(self.start, self.start + self.length)[index]
        if isinstance(places, int):
            return self._rows.entity(places)
        if places.step == 1:
            return MappedRows(self._rows, places.start, len(places))
        entities = self._rows.entities()
        return [entities[place] for place in places]


def leaf_class(column: ColumnElement[Any]) -> type | None:
    """Returns the class of all values of a column that is never null, by its table or its last default; None for others."""
    (stored,) = column.base_columns
    if isinstance(stored, Label):
        return leaf_class(stored.element)
    if isinstance(stored, coalesce):
        return leaf_class(list(stored.clauses)[-1])
    is_given = isinstance(stored, BindParameter) and stored.value is not None
    if not is_given and (not isinstance(stored, Column) or stored.nullable):
        return None
    return next((cls for type_, cls in _LEAF_CLASSES.items() if type(stored.type) is type_), None)


def listed(values: ColumnValues) -> Sequence[object]:
    """Returns the values of a column one by one."""
    return values.split(TEXT_SEPARATOR) if isinstance(values, str) else values


def _decoded(values: ColumnValues, cls: type | None) -> Sequence[object]:
    if isinstance(values, str) and cls is UUID:
        return [cls(text) for text in listed(values)]
    return listed(values)


def column_names(statement: AnySelect) -> tuple[str, ...]:
    return tuple(column.name for column in statement.selected_columns)


@lru_cache(maxsize=1_000)
def row_mapper(
    entity: type[T],
    columns: tuple[str, ...],
    parts: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    decoders: Decoders = (),
) -> RowMapper[T]:
    """Returns a function that makes an entity of each row, which has exactly these columns.

    `parts` are the fields that are dataclasses themselves; they are made whether they have columns or not. Columns that are
    named after no field are skipped, and the fields `without` a column are None. The value of an enum becomes its member, and
    a field of `decoders` gets what its function returns. All other fields stay unset: reading one raises AttributeError.
    """
    types, decode = {part: _part_type(entity, part) for part in parts}, dict(decoders)
    namespace: dict[str, object] = {
        "new": object.__new__,
        "Entity": entity,
        **{f"Type_{part}": types[part] for part in parts},
    }
    lines = ["entity = new(Entity)", *(f"entity.{part} = part_{part} = new(Type_{part})" for part in parts)]
    variables = [f"column_{number}" for number in range(len(columns))]
    for column, variable in zip(columns, variables, strict=True):
        part, _, field = column.rpartition(".")
        hint = get_type_hints(types[part] if part else entity).get(field)
        if hint is None:
            continue
        value = variable
        if isinstance(hint, type) and issubclass(hint, Enum):
            namespace[f"Enum_{field}"] = hint
            value = f"Enum_{field}({variable})"
        elif field in decode:
            namespace[f"decode_{field}"] = decode[field]
            value = f"decode_{field}({variable})"
        lines.append(f"{f'part_{part}' if part else 'entity'}.{field} = {value}")
    lines += [f"entity.{field} = None" for field in without]
    body = "\n        ".join(lines)
    source = (
        "def make_entities(rows):\n    entities = []\n    add = entities.append\n"
        f"    for {', '.join(variables)}, in rows:\n        {body}\n        add(entity)\n    return entities\n"
    )
    exec(source, namespace)
    return cast(RowMapper[T], namespace["make_entities"])


def _part_type(entity: type, field: str) -> type:
    """Returns the dataclass of a field, which may be optional."""
    hint = get_type_hints(entity)[field]
    return next(each for each in (hint, *get_args(hint)) if isinstance(each, type) and is_dataclass(each))


def map_rows(entity: type[T], rows: Sequence[Record]) -> list[T]:
    """Returns the entities of the rows of a statement in text: the rows themselves say what their columns are named."""
    return row_mapper(entity, tuple(rows[0].keys()))(rows) if rows else []  # type: ignore[arg-type]
