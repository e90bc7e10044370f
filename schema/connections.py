"""The types of connections, after the GraphQL Cursor Connections Specification of Relay.

Their values are the objects of `domain.pagination`.
"""

from typing import Generic, TypeVar

import strawberry

from resolvers.pagination import CountedPage
from schema.field_declarations import COUNTED, Length, declared, visible_to_bots

T = TypeVar("T")


@visible_to_bots
@strawberry.type(description="The place of a page in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="True if there are items after this page.")
    has_previous_page: bool = strawberry.field(description="True if there are items before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first item; null on an empty page.")
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last item, for `after` of the next page; null on an empty page."
    )


@strawberry.type(description="An item of a page, with its cursor.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="The place of the item in the list, for `after` or `before`.")
    node: T = strawberry.field(description="The item.")


async def total_count(root: CountedPage[object]) -> int:
    return await root.total()


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(
        metadata=declared(length=Length.AS_ASKED), description="The items with their cursors."
    )
    nodes: list[T] = strawberry.field(
        metadata=declared(length=Length.AS_ASKED), description="The nodes of the edges, for those who need no cursors."
    )
    page_info: PageInfo = strawberry.field(description="The place of the page in the list.")
    total_count: int = strawberry.field(
        resolver=total_count, metadata=declared(cost=COUNTED), description="Of the whole list, counted when asked for."
    )
