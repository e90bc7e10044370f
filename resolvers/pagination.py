"""Connections: the arguments of a page, and pages that count the whole list when `totalCount` is asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from db.unit_of_work import Repositories
from domain.cursors import Key
from domain.pagination import Page, PageRequest, page_request
from domain.rules import Rule
from executor.dataloader import DataLoader
from resolvers.context import Context

T = TypeVar("T")
K = TypeVar("K")


class Paging(NamedTuple):
    """Declares how many items a page of a list has: `default` if the caller does not say, and `maximum` at most."""

    default: int
    maximum: int
    forward_only: bool = False
    """True for a list that has no `last` and `before`."""


@dataclass(frozen=True, slots=True)
class PageArguments:
    """The arguments of a connection as the caller gave them, and the paging that the connection's field declares."""

    paging: Paging
    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def request(self, cursor: Rule[Key]) -> PageRequest:
        """Returns the page that is asked for. Raises InvalidInput for a bad size, and for a cursor that breaks the rule."""
        return page_request(
            self.first,
            self.after,
            self.last,
            self.before,
            default=self.paging.default,
            maximum=self.paging.maximum,
            cursor=cursor,
        )


@dataclass(frozen=True, slots=True)
class CountedPage(Page[T]):
    """A page, and the function that counts the whole list."""

    total: Callable[[], Awaitable[int]]

    @classmethod
    def of_page(cls, page: Page[T], total: Callable[[], Awaitable[int]]) -> "CountedPage[T]":
        return cls(page.request, page.nodes, page.more, page.cursor, total)


async def listed(
    context: Context,
    page: Callable[[Repositories], Awaitable[Page[T]]],
    count: Callable[[Repositories], Awaitable[int]],
) -> CountedPage[T]:
    """Returns one page of a workspace's list. A statement of its own counts the list if `totalCount` is asked for."""

    async def total() -> int:
        return await count(context.repositories)

    return CountedPage.of_page(await page(context.repositories), total)


def counted(page: Page[T] | None, counts: DataLoader[K, int | None], key: K) -> CountedPage[T]:
    """Returns a loaded page. A loader counts the whole list if `totalCount` is asked for."""
    assert page is not None  # a list without items has an empty page

    async def total() -> int:
        return await counts.load(key) or 0

    return CountedPage.of_page(page, total)
