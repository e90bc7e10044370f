"""Lists of a whole workspace as connections."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from db.unit_of_work import Repositories
from domain.orders import Order
from domain.pages import Page, PageRequest
from resolvers.context import Context

T = TypeVar("T")
F = TypeVar("F", contravariant=True)


class Listing(Protocol[T, F]):
    """A repository whose entities can be listed."""

    async def page(self, request: PageRequest, filter: F, order: Order) -> Page[T]: ...

    async def count(self, filter: F) -> int: ...


async def listed(
    context: Context,
    listing: Callable[[Repositories], Listing[T, F]],
    request: PageRequest,
    conditions: F,
    order: Order,
) -> Page[T]:
    """One page; the whole list is counted, by a statement of its own, when `totalCount` is asked for."""

    async def total() -> int:
        async with context.reading() as repositories:
            return await listing(repositories).count(conditions)

    async with context.reading() as repositories:
        page = await listing(repositories).page(request, conditions, order)
    page.total = total
    return page
