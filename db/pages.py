"""Keyset pages in SQL."""

from typing import Any

from sqlalchemy import ColumnElement, Select

from domain.pages import PageRequest


def keyset(
    statement: Select[Any], key: ColumnElement[Any], request: PageRequest, *, descending: bool = False
) -> Select[Any]:
    """The statement for one page and one row more (which says that there is more), in the direction of the request.

    `key` orders the list and is unique in it; in a `descending` list "after" is below.
    """
    for bound, is_after in ((request.after, True), (request.before, False)):
        if bound is not None:
            statement = statement.where(key < bound[-1] if is_after == descending else key > bound[-1])
    order = key.desc() if descending != request.backward else key.asc()
    return statement.order_by(order).limit(request.limit + 1)
