"""The types of connections, after the GraphQL Cursor Connections Specification of Relay.

The objects behind them are those of `domain.pagination`.
"""

from typing import Generic, TypeVar

import strawberry

from resolvers.pagination import CountedPage
from schema.declarations import COUNTED, Length, declared, visible_to_bots

T = TypeVar("T")


@visible_to_bots
@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    cursor: str
    node: T


async def total_count(root: CountedPage[object]) -> int:
    return await root.total()


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(metadata=declared(length=Length.AS_ASKED))
    nodes: list[T] = strawberry.field(
        metadata=declared(length=Length.AS_ASKED), description="The nodes of the edges, for those who need no cursors."
    )
    page_info: PageInfo
    total_count: int = strawberry.field(
        resolver=total_count, metadata=declared(cost=COUNTED), description="Of the whole list, counted when asked for."
    )
