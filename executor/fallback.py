"""What ends the fast way: anything that is not as it is nearly always.

No error of GraphQL's is made here. Whatever happens while a value is completed, graphql-core completes it from the start, and
says what is wrong with it, if anything is.
"""

from collections.abc import Collection
from types import GeneratorType
from typing import Any

from graphql import Undefined
from graphql.pyutils import is_awaitable


class Surprise(Exception):
    """The value is not what the fast way is made for."""


class Unplanned(Surprise):
    """It never is: not because of the value, but of what is asked of it."""


MAX_KNOWN = 1_000
_plain: set[type] = set()
"""Classes of which every value is plain, as far as one can tell from the first."""


def check_plain(values: Collection[Any], kinds: set[type]) -> None:
    """Raises Surprise if one of them is what graphql-core does not take for a value: null, an exception, an awaitable.

    `kinds` are their classes.
    """
    if not _plain >= kinds:
        for value in values:
            if type(value) not in _plain:
                _check(value)


def is_known(of: type) -> bool:
    """Whether all values of a class are taken for plain."""
    return of in _plain


def _check(value: Any) -> None:
    if value is None or value is Undefined or isinstance(value, Exception) or is_awaitable(value):
        raise Surprise
    of = type(value)
    if of is not GeneratorType and not hasattr(of, "__getattr__"):  # some of these are awaitable, and some are not
        if len(_plain) >= MAX_KNOWN:  # a program that makes classes as it runs
            _plain.clear()
        _plain.add(of)
