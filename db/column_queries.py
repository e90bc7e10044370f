"""Queries whose rows come as columns: one row for each group of rows, with an array of each column.

PostgreSQL, the driver and the executor go through a column faster than through rows. Texts that are never null come as one text
with a separator in between: an array of them takes PostgreSQL half as long again, and the driver five times.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, literal_column

from db.driver import Record
from db.row_mapping import TEXT_SEPARATOR, leaf_class

_SEPARATOR: ColumnElement[str] = literal_column(f"E'\\x{ord(TEXT_SEPARATOR):02x}'")


def as_columns(rows: FromClause, *, joined: bool) -> list[ColumnElement[Any]]:
    """Returns the number of the rows and their columns, each in one value, in the order in which the rows come.

    Without `joined` all of them are arrays.
    """
    return [
        func.count().label("row_count"),
        *(
            func.string_agg(column, _SEPARATOR) if joined and leaf_class(column) is str else func.array_agg(column)
            for column in rows.c
        ),
    ]


def are_separable(row: Record, first: int, leaf_classes: Sequence[type | None]) -> bool:
    """Checks that no text of a row's joined texts has the separator. The columns begin at `first`, after their number."""
    separators = row[first - 1] - 1
    return separators < 0 or all(
        row[place].count(TEXT_SEPARATOR) == separators
        for place, each in enumerate(leaf_classes, start=first)
        if each is str
    )
