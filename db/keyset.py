"""Keyset pages in SQL: a statement for each shape of a request, and the parameters of the request."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Text, bindparam, func, tuple_

from db.column_domains import base_type
from db.row_mapping import AnySelect
from domain.pagination import PageRequest


class PageShape(NamedTuple):
    """The direction and the given ends of a page, on which the text of its statement depends."""

    backward: bool
    after: bool
    before: bool

    @classmethod
    def of(cls, request: PageRequest) -> "PageShape":
        return cls(request.backward, request.after is not None, request.before is not None)

    def is_downward(self, *, descending: bool) -> bool:
        """Returns whether the greatest rows are fetched first, of a list that is `descending` or not."""
        return descending != self.backward


CURSOR = "cursor"
"""The name that requests the columns of which cursors are made."""
SortColumns = Sequence[ColumnElement[Any]]


def cursor_parameters(end: str, columns: SortColumns) -> SortColumns:
    """Returns a parameter for each column, with the values of a cursor's key; `end` is `after` or `before`."""
    return [bindparam(f"{end}_{n}", type_=column.type) for n, column in enumerate(columns)]


def keyset_page(
    statement: AnySelect,
    columns: SortColumns,
    shape: PageShape,
    *,
    descending: bool = False,
    bounds: Callable[[str, SortColumns], SortColumns] = cursor_parameters,
) -> AnySelect:
    """Returns the statement for one page and one row more, which says that there is more, in the direction of the request.

    The list is ordered by `columns`, which are unique in it together; "after" is below in a `descending` list. `bounds`
    gives the values that the columns are compared with at an end. Columns and values are compared as rows, so an index on
    the columns leads to any page.
    """
    key = tuple_(*map(sort_value, columns))
    for end, is_given, is_after in (("after", shape.after, True), ("before", shape.before, False)):
        if is_given:
            bound = tuple_(*map(sort_value, bounds(end, columns)))
            statement = statement.where(key < bound if is_after == descending else key > bound)
    order = in_order(map(sort_value, columns), downward=shape.is_downward(descending=descending))
    return statement.order_by(*order).limit(bindparam("limit", type_=Integer))


def in_order(values: Iterable[ColumnElement[Any]], *, downward: bool) -> list[ColumnElement[Any]]:
    """Returns what rows are ordered by, made of the `sort_value` of each column."""
    return [value.desc() if downward else value.asc() for value in values]


def cursor_fields(requested: frozenset[str] | None, *fields: str) -> Sequence[str]:
    """Returns those of a list's sort fields that must be read: all, if cursors are requested."""
    return fields if requested is None or CURSOR in requested else ()


def page_parameters(request: PageRequest, columns: int) -> dict[str, object]:
    """Returns the parameters of a `keyset_page` by so many columns: the last parts of the cursors' keys."""
    parameters: dict[str, object] = {"limit": request.limit + 1}
    for end, key in (("after", request.after), ("before", request.before)):
        if key is not None:
            parameters |= {f"{end}_{n}": value for n, value in enumerate(key[-columns:])}
    return parameters


def sort_value(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Returns what is compared: texts ignore case and are in the order of code points, whatever the database's locale."""
    return func.fold_case(value).collate("C") if isinstance(base_type(value.type), Text) else value
