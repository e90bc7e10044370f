"""Keyset pages in SQL: a statement for each shape of a request, and the parameters of the request."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, Text, bindparam, func, tuple_

from domain.pagination import PageRequest


class PageShape(NamedTuple):
    """What of a request is in the text of its statement."""

    backward: bool
    after: bool
    before: bool

    @classmethod
    def of(cls, request: PageRequest) -> "PageShape":
        return cls(request.backward, request.after is not None, request.before is not None)


Columns = Sequence[ColumnElement[Any]]


def cursor_parameters(name: str, columns: Columns) -> Columns:
    """The parameters of a place: what a cursor's key ends in, of which `name` is `after` or `before`."""
    return [bindparam(f"{name}_{n}", type_=column.type) for n, column in enumerate(columns)]


def keyset_page(
    statement: Select[Any],
    columns: Columns,
    shape: PageShape,
    *,
    descending: bool = False,
    place: Callable[[str, Columns], Columns] = cursor_parameters,
) -> Select[Any]:
    """The statement for one page and one row more (which says that there is more), in the direction of the request.

    `columns` order the list and are unique in it together; `place` gives what they are compared with. In a `descending`
    list "after" is below. Columns and places are compared as rows, so an index on the columns leads to any place.
    """
    key = tuple_(*map(_sorted, columns))
    for name, is_asked, is_after in (("after", shape.after, True), ("before", shape.before, False)):
        if is_asked:
            bound = tuple_(*map(_sorted, place(name, columns)))
            statement = statement.where(key < bound if is_after == descending else key > bound)
    downward = descending != shape.backward
    order = [part.desc() if downward else part.asc() for part in map(_sorted, columns)]
    return statement.order_by(*order).limit(bindparam("limit", type_=Integer))


def page_parameters(request: PageRequest, columns: int) -> dict[str, Any]:
    """The parameters of a `keyset` by so many columns."""
    parameters: dict[str, Any] = {"limit": request.limit + 1}
    for name, bound in (("after", request.after), ("before", request.before)):
        if bound is not None:
            parameters |= {f"{name}_{n}": value for n, value in enumerate(bound[-columns:])}
    return parameters


def _sorted(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """What a value is sorted by. Texts ignore case, and go by code points: no locale has a say, nor a new version of one."""
    return func.lower(value).collate("C") if isinstance(value.type, Text) else value
