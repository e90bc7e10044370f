"""Lists of a whole workspace as connections."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from db.unit_of_work import Repositories
from domain.pagination import Page
from executor.dataloader import DataLoader
from resolvers.context import Context

T = TypeVar("T")
K = TypeVar("K")


async def listed(
    context: Context,
    page: Callable[[Repositories], Awaitable[Page[T]]],
    count: Callable[[Repositories], Awaitable[int]],
) -> Page[T]:
    """One page; the whole list is counted, by a statement of its own, when `totalCount` is asked for."""

    async def total() -> int:
        async with context.reading() as repositories:
            return await count(repositories)

    async with context.reading() as repositories:
        found = await page(repositories)
    found.total = total
    return found


def counted(page: Page[T] | None, counts: DataLoader[K, int | None], key: K) -> Page[T]:
    """A loaded page; the whole list is counted by a loader, when `totalCount` is asked for."""
    assert page is not None  # a list without items has an empty page

    async def total() -> int:
        return await counts.load(key) or 0

    page.total = total
    return page
