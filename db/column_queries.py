"""Queries whose rows come as columns: one row for each group of rows, with an array of each column.

PostgreSQL, the driver and the executor go through a column faster than through rows. Texts that are never null come as one text
with a separator in between: an array of them takes PostgreSQL half as long again, and the driver five times. So do ids; and
numbers come as their bytes.
"""

import sys
from array import array
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import orjson
from asyncpg.pgproto.pgproto import UUID
from sqlalchemy import ColumnElement, FromClause, Text, cast, func, literal_column

from db.column_domains import base_type
from db.row_mapping import TEXT_SEPARATOR, ColumnValues, leaf_class

ROW_COUNT = "row_count"
"""The name of the column that says how many rows a row stands for."""
SEPARATOR = f"E'\\x{ord(TEXT_SEPARATOR):02x}'"
"""`TEXT_SEPARATOR` in SQL."""
_SEPARATOR: ColumnElement[str] = literal_column(SEPARATOR)


class _Number(NamedTuple):
    """A class of numbers of one size."""

    send: str
    """PostgreSQL's function that gives the bytes of one, the highest first."""
    array_type: str
    """The type code of Python's array of them."""


_NUMBERS: dict[type | None, _Number] = {int: _Number("int4send", "i"), float: _Number("float8send", "d")}


def as_columns(rows: FromClause, *, joined: bool) -> list[ColumnElement[Any]]:
    """Returns the number of the rows and their columns, each in one value, in the order in which the rows come.

    Without `joined` texts are arrays.
    """
    return [func.count().label(ROW_COUNT), *(_as_one(column, joined=joined) for column in rows.c)]


def _as_one(column: ColumnElement[Any], *, joined: bool) -> ColumnElement[Any]:
    known = leaf_class(column)
    if joined and known is str:
        return func.string_agg(column, _SEPARATOR)
    if known in _NUMBERS:
        return func.string_agg(getattr(func, _NUMBERS[known].send)(column), literal_column("''::bytea"))
    if known is UUID:
        return func.string_agg(cast(column, Text), _SEPARATOR)
    # The driver would ask for an array's type if that is of a domain.
    return func.array_agg(cast(column, base_type(column.type)))


def column_values(rows: Sequence[Sequence[Any]], leaf_classes: Sequence[type | None]) -> list[ColumnValues]:
    """Returns the values of columns that came in one value for each group of rows: those of all groups one after the other."""
    return [_joined(values, cls) for values, cls in zip(zip(*rows, strict=True), leaf_classes, strict=bool(rows))]


def _joined(values: Sequence[Any], cls: type | None) -> ColumnValues:
    if isinstance(values[0], str):
        return TEXT_SEPARATOR.join(values)
    if not isinstance(values[0], bytes):
        return list(chain.from_iterable(values))
    return numbers_in(b"".join(values), cls)


def numbers_in(column: bytes, cls: type | None) -> list[Any]:
    """Returns the numbers of a column that came as their bytes."""
    numbers = array(_NUMBERS[cls].array_type, column)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers.tolist()


def separated(texts: Sequence[str]) -> str | None:
    """Returns texts as one text, with separators in between; None if one of them has the separator."""
    return None if TEXT_SEPARATOR in "".join(texts) else TEXT_SEPARATOR.join(texts)


def array_literal(values: Sequence[float | bool | None]) -> str:
    """Returns numbers or truth values as PostgreSQL writes an array of them."""
    return f"{{{orjson.dumps(values)[1:-1].decode()}}}" if values else "{}"


def are_separable(row: Sequence[Any], first: int, leaf_classes: Sequence[type | None]) -> bool:
    """Checks that no text of a row's joined texts has the separator. The columns begin at `first`, after their number.

    `leaf_classes` may go on with those of columns that are made of the others.
    """
    separators = row[first - 1] - 1
    return separators < 0 or all(
        row[place].count(TEXT_SEPARATOR) == separators
        for place, each in enumerate(leaf_classes[: len(row) - first], start=first)
        if each is str
    )
