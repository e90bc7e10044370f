"""Keyset pages in SQL."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, func, literal, tuple_

from domain.pages import PageRequest


def keyset(
    statement: Select[Any], columns: list[ColumnElement[Any]], request: PageRequest, *, descending: bool = False
) -> Select[Any]:
    """The statement for one page and one row more (which says that there is more), in the direction of the request.

    `columns` order the list and are unique in it together; a cursor's key ends in their values. In a `descending` list
    "after" is below. Columns and places are compared as rows, so an index on the columns leads to any place.
    """
    key = tuple_(*map(_sorted, columns))
    for bound, is_after in ((request.after, True), (request.before, False)):
        if bound is not None:
            values = zip(columns, bound[-len(columns) :], strict=True)
            place = tuple_(*(_sorted(literal(value, column.type)) for column, value in values))
            statement = statement.where(key < place if is_after == descending else key > place)
    downward = descending != request.backward
    order = [part.desc() if downward else part.asc() for part in map(_sorted, columns)]
    return statement.order_by(*order).limit(request.limit + 1)


def _sorted(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """What a value is sorted by. Texts ignore case, and go by code points: no locale has a say, nor a new version of one."""
    return func.lower(value).collate("C") if isinstance(value.type, Text) else value
