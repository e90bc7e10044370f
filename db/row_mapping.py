"""Entities made of rows, by functions that are generated once for each set of columns.

A column belongs to the field that it is named after; `config.max_tokens` belongs to the field `max_tokens` of `config`.
So statements label their columns, and nothing here or elsewhere depends on their order. The generated functions take a row
apart at once, which takes a third of the time that reading its columns by their names does; the `__init__` of a dataclass takes
as long for a row as the driver does, and needs all of its fields.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
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
    FromClause,
    Integer,
    Join,
    Label,
    Select,
    Text,
    Uuid,
)
from sqlalchemy.sql.functions import coalesce
from sqlalchemy.types import TypeEngine

from db.column_domains import base_type
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
        lazily: bool = False,
        added: tuple[str, ...] = (),
    ) -> Self:
        """Maps the statement's columns to the fields that they are named after: see `row_functions`.

        `lazily` makes entities as `lazy_mapper` does. `added` are fields whose values are put at the end of each row.
        """
        columns = column_names(statement) + added
        make, fill, decoded = row_functions(entity, columns, parts, without, decoders)  # type: ignore[arg-type]
        names = tuple(f"{name} (stored)" if name in decoded else name for name in columns)
        outer = set().union(*map(_outer_joined, statement.get_final_froms()))
        leaf_classes = tuple(leaf_class(column, outer) for column in statement.selected_columns) + (None,) * len(added)
        if lazily:
            make = lazy_mapper(entity, names, leaf_classes, fill)  # type: ignore[arg-type]
        return cls(statement, make, names, leaf_classes)


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

    __slots__ = ("length", "start", "table")

    def __init__(self, table: RowColumns[T], start: int, length: int) -> None:
        self.table = table
        self.start = start
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[T]:
        return iter(self.table.entities()[self.start : self.start + self.length])

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        """Returns an entity, or some; they are made now, unless they stand in the same order."""
        places = range(self.start, self.start + self.length)[index]
        if isinstance(places, int):
            return self.table.entity(places)
        if places.step == 1:
            return MappedRows(self.table, places.start, len(places))
        entities = self.table.entities()
        return [entities[place] for place in places]


def leaf_class(column: ColumnElement[Any], outer: Collection[object] = ()) -> type | None:
    """Returns the class of all values of a column that is never null, by its table or its last default; None for others.

    Any column of the tables `outer` may be null, as they are outer-joined.
    """
    (stored,) = column.base_columns
    if isinstance(stored, Label):
        return leaf_class(stored.element, outer)
    if isinstance(stored, coalesce):
        return leaf_class(list(stored.clauses)[-1], outer)
    is_given = isinstance(stored, BindParameter) and stored.value is not None
    if not is_given and (not isinstance(stored, Column) or stored.nullable or stored.table in outer):
        return None
    return next((cls for type_, cls in _LEAF_CLASSES.items() if type(base_type(stored.type)) is type_), None)


def _outer_joined(source: FromClause, *, is_outer: bool = False) -> set[FromClause]:
    """Returns the tables in a join of which a row may be missing."""
    if not isinstance(source, Join):
        return {source} if is_outer else set()
    right = _outer_joined(source.right, is_outer=is_outer or source.isouter)
    return _outer_joined(source.left, is_outer=is_outer) | right


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
def lazy_mapper(
    entity: type[T],
    columns: tuple[str, ...],
    leaf_classes: tuple[type | None, ...],
    fill: Callable[[T, Row], None],
) -> RowMapper[T]:
    """Returns a function that makes an entity of each row whose attributes are set, by `fill`, when one is first read.

    Until then it is of a subclass that says what the row has: the executor reads that itself where it needs no more
    (`executor.object_rows`). Setting an attribute, comparing and copying read the row first. The entity has an attribute for
    its `row`. `columns` and `leaf_classes` are those of `MappedQuery`.
    """

    class Unread(entity):  # type: ignore[misc, valid-type]
        __slots__ = ()
        __hash__ = entity.__hash__
        row_columns = columns
        row_leaf_classes = leaf_classes

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):  # what a class has or not
                raise AttributeError(name)
            return getattr(self._read(), name)

        def __setattr__(self, name: str, value: object) -> None:
            setattr(self._read(), name, value)

        def __eq__(self, other: object) -> bool:
            return bool(self._read() == other)

        def __reduce_ex__(self, protocol: Any) -> Any:
            return self._read().__reduce_ex__(protocol)

        def _read(self) -> T:
            object.__setattr__(self, "__class__", entity)
            fill(self, self.row)
            return cast(T, self)

    new, set_row = object.__new__, cast(Any, entity).row.__set__

    def make_unread(rows: Iterable[Row]) -> list[T]:
        entities: list[Any] = []
        for row in rows:
            unread = new(Unread)
            set_row(unread, row)
            entities.append(unread)
        return entities

    return make_unread


class RowFunctions(NamedTuple, Generic[T]):
    """The functions for rows that have exactly some columns."""

    entities: RowMapper[T]
    """Makes an entity of each row."""
    fill: Callable[[T, Row], None]
    """Sets the attributes of an entity from a row."""
    decoded: frozenset[str]
    """The columns whose values are not those of the attributes."""


@lru_cache(maxsize=1_000)
def row_functions(
    entity: type[T],
    columns: tuple[str, ...],
    parts: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    decoders: Decoders = (),
) -> RowFunctions[T]:
    """Returns the functions for rows of these columns.

    `parts` are the fields that are dataclasses themselves; they are made whether they have columns or not. Columns that are
    named after no field are skipped, and the fields `without` a column are None. The value of an enum becomes its member, and
    a field of `decoders` gets what its function returns. All other fields stay unset: reading one raises AttributeError.
    """
    decoded: set[str] = set()
    types, decode = {part: _part_type(entity, part) for part in parts}, dict(decoders)
    namespace: dict[str, object] = {
        "new": object.__new__,
        "Entity": entity,
        **{f"Type_{part}": types[part] for part in parts},
    }
    lines = [f"entity.{part} = part_{part} = new(Type_{part})" for part in parts]
    variables = [f"column_{number}" for number in range(len(columns))]
    for column, variable in zip(columns, variables, strict=True):
        part, _, field = column.rpartition(".")
        hint = get_type_hints(types[part] if part else entity).get(field)
        if hint is None:
            continue
        value = variable
        if isinstance(hint, type) and issubclass(hint, Enum):
            namespace |= {f"Enum_{field}": hint, f"members_{field}": {member.value: member for member in hint}}
            # The class says what is wrong, but takes 1 % of a write's instructions.
            value = f"(members_{field}.get({variable}) or Enum_{field}({variable}))"
        elif field in decode:
            namespace[f"decode_{field}"] = decode[field]
            value = f"decode_{field}({variable})"
        if value != variable:
            decoded.add(column)
        lines.append(f"{f'part_{part}' if part else 'entity'}.{field} = {value}")
    lines += [f"entity.{field} = None" for field in without]
    body, taken = "\n        ".join(lines or ("pass",)), f"{', '.join(variables)},"
    source = (
        "def make_entities(rows):\n    entities = []\n    add = entities.append\n"
        f"    for {taken} in rows:\n        entity = new(Entity)\n        {body}\n        add(entity)\n    return entities\n"
        f"def fill(entity, row):\n        {taken} = row\n        {body}\n"
    )
    exec(source, namespace)
    make, fill = cast(RowMapper[T], namespace["make_entities"]), cast(Callable[[T, Row], None], namespace["fill"])
    return RowFunctions(make, fill, frozenset(decoded))


def _part_type(entity: type, field: str) -> type:
    """Returns the dataclass of a field, which may be optional."""
    hint = get_type_hints(entity)[field]
    return next(each for each in (hint, *get_args(hint)) if isinstance(each, type) and is_dataclass(each))


def map_rows(entity: type[T], rows: Sequence[Record]) -> list[T]:
    """Returns the entities of the rows of a statement in text: the rows themselves say what their columns are named."""
    return row_functions(entity, tuple(rows[0].keys())).entities(rows) if rows else []  # type: ignore[arg-type]
