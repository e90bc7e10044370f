"""What every entity has."""

import strawberry

from resolvers import nodes as resolve


@strawberry.interface(description="Anything with an id.")
class Node:
    id: strawberry.ID


@strawberry.type
class NodeQueries:
    node: resolve.Node | None = strawberry.field(resolver=resolve.node, graphql_type=Node | None)
    nodes: list[resolve.Node | None] = strawberry.field(
        resolver=resolve.nodes,
        graphql_type=list[Node | None],
        description="In the order of the ids, at most 100.",
    )
