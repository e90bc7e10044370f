"""Entities of rows, made by functions that are generated once for each set of columns.

The `__init__` of a dataclass takes as long for a row as the driver does, and all of its fields.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar, get_args, get_type_hints

from sqlalchemy import Select

T = TypeVar("T")
Row = Sequence[Any]
RowMapper = Callable[[Iterable[Row]], list[T]]


class MappedQuery(NamedTuple, Generic[T]):
    """A statement, and what its rows become."""

    statement: Select[Any]
    entities: RowMapper[T]


@lru_cache(maxsize=1_000)
def row_mapper(
    entity: type[T], names: tuple[str, ...], parts: tuple[str, ...] = (), without: tuple[str, ...] = ()
) -> RowMapper[T]:
    """A function that makes an entity of each row, whose columns are the entity's fields of these names.

    `config.max_tokens` is a field of `config`, one of the `parts` that are entities themselves; `_` is a column that is no
    field. Those of `without` are None. An enum's value becomes its member. Fields that are not named stay unset: to look at
    one raises AttributeError.
    """
    known: dict[str, Any] = {"new": object.__new__, "Entity": entity}
    made = ["entity = new(Entity)"]
    for part in parts:
        known[f"Part_{part}"] = _part(entity, part)
        made.append(f"entity.{part} = part_{part} = new(Part_{part})")
    columns = [f"column_{n}" for n in range(len(names))]
    for name, column in zip(names, columns, strict=True):
        part, _, field = name.rpartition(".")
        if field != "_":
            made.append(_assignment(known, part, field, column))
    made += [f"entity.{field} = None" for field in without]
    body = "\n        ".join(made)
    source = (
        "def read(rows):\n    entities = []\n    add = entities.append\n"
        f"    for {', '.join(columns)}, in rows:\n        {body}\n        add(entity)\n    return entities\n"
    )
    exec(source, known)
    read: RowMapper[T] = known["read"]
    return read


def _assignment(known: dict[str, Any], part: str, field: str, value: str) -> str:
    hint = get_type_hints(known[f"Part_{part}" if part else "Entity"])[field]
    if isinstance(hint, type) and issubclass(hint, Enum):
        known[f"Enum_{field}"] = hint
        value = f"Enum_{field}({value})"
    return f"{f'part_{part}' if part else 'entity'}.{field} = {value}"


def _part(entity: type, name: str) -> type:
    """The dataclass of a field, which may be optional."""
    hint = get_type_hints(entity)[name]
    return next(each for each in (hint, *get_args(hint)) if isinstance(each, type) and is_dataclass(each))
