"""Keyset pages, as the GraphQL Cursor Connections Specification defines them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.cursors import Key
from domain.rules import Integer, Rule
from domain.validation import Problems

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request for one page of a list: `limit` items between the keys `after` and `before`, both excluded.

    The items are the first ones, or with `backward` the last ones.
    """

    limit: int
    backward: bool = False
    after: Key | None = None
    before: Key | None = None


def page_request(
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    *,
    default: int,
    maximum: int,
    cursor: Rule[Key],
) -> PageRequest:
    """Returns the request that the four arguments of a connection make. `default` is the size if the caller gives none.

    Raises InvalidInput for a size outside 0..`maximum`, for a cursor of another list, and if both sizes are given.
    """
    problems = Problems()
    size = Integer(0, maximum)
    if last is not None and first not in (None, default):
        problems.add("last", "must not be given together with first")
    if last is None:
        limit = problems.check(size, default if first is None else first, "first")
    else:
        limit = problems.check(size, last, "last")
    after_key = None if after is None else problems.check(cursor, after, "after")
    before_key = None if before is None else problems.check(cursor, before, "before")
    problems.raise_if_any()
    return PageRequest(limit, last is not None, after_key, before_key)


@dataclass(frozen=True, slots=True)
class PageInfo:
    """The place of a page in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """An item of a page with its cursor."""

    cursor: str
    node: T


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list, with its items in the order of the list. Cursors are made only when they are asked for."""

    request: PageRequest
    nodes: Sequence[T]
    more: bool
    """There are items beyond the page, in the direction of the request."""
    cursor: Callable[[T], str]

    @classmethod
    def of(cls, request: PageRequest, fetched: Sequence[T], cursor: Callable[[T], str]) -> "Page[T]":
        """Returns the page of up to `limit + 1` items, which were fetched in the direction of the request."""
        nodes = fetched[: request.limit]
        if request.backward:
            nodes = nodes[::-1]
        return cls(request, nodes, len(fetched) > request.limit, cursor)

    @property
    def edges(self) -> list[Edge[T]]:
        return [Edge(self.cursor(node), node) for node in self.nodes]

    @property
    def page_info(self) -> PageInfo:
        request = self.request
        return PageInfo(
            has_next_page=request.before is not None if request.backward else self.more,
            has_previous_page=self.more if request.backward else request.after is not None,
            start_cursor=self.cursor(self.nodes[0]) if self.nodes else None,
            end_cursor=self.cursor(self.nodes[-1]) if self.nodes else None,
        )
