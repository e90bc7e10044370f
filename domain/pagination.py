"""Keyset pages, as the GraphQL Cursor Connections Specification has them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.validation import Check, Rule, integer

T = TypeVar("T")
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of a list: `limit` items from its start, or with `backward` from its end, between the two keys (excluded)."""

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
    cursor: Rule,
) -> PageRequest:
    """Check the four arguments of a connection. `default` is what `first` is where the caller has not said.

    Raises InvalidInput for sizes outside 0..`maximum`, for cursors of other lists, and where both sizes are given.
    """
    check = Check()
    size = integer(0, maximum)
    if last is not None and first not in (None, default):
        check.add("last", "must not be given together with first")
    name, given = ("first", default if first is None else first) if last is None else ("last", last)
    limit = check.value(size, given, name)
    after_key = None if after is None else check.value(cursor, after, "after")
    before_key = None if before is None else check.value(cursor, before, "before")
    check.done()
    return PageRequest(limit, last is not None, after_key, before_key)


@dataclass(frozen=True, slots=True)
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    cursor: str
    node: T


@dataclass(slots=True)
class Page(Generic[T]):
    """One page: its items in the list's order. Cursors are made, and the whole list is counted, only when asked for."""

    request: PageRequest
    nodes: list[T]
    more: bool
    cursor: Callable[[T], str]
    total: Callable[[], Awaitable[int]] | None = None

    @classmethod
    def of(cls, request: PageRequest, fetched: Sequence[T], cursor: Callable[[T], str]) -> "Page[T]":
        """From up to `limit + 1` items fetched in the direction of the request."""
        nodes = list(fetched[: request.limit])
        if request.backward:
            nodes.reverse()
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
