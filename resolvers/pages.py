"""Lists of a whole workspace as connections."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from db.unit_of_work import Repositories
from domain.pages import Page
from resolvers.context import Context

T = TypeVar("T")


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
