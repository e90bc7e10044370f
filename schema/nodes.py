"""The interface of everything that has an id, and the root fields that find it."""

import strawberry

from resolvers import nodes as resolve
from schema.field_declarations import READERS_AND_BOTS, SizedBy, root_field, visible_to_bots


@visible_to_bots
@strawberry.interface(description="Anything with an id.")
class Node:
    id: strawberry.ID = strawberry.field(description="Unique among everything in the workspace.")


@strawberry.type
class NodeQueries:
    node: resolve.Node | None = root_field(
        scopes=READERS_AND_BOTS,
        graphql_type=Node | None,
        description="Anything by its id; null if there is none.",
        arguments={"id": "The id of an agent, a variant, a meeting or a segment."},
    )(resolve.node)
    nodes: list[resolve.Node | None] = root_field(
        scopes=READERS_AND_BOTS,
        sized_by=SizedBy(("ids",), resolve.MAX_NODES),
        graphql_type=list[Node | None],
        description="Several things by their ids, in the order of the ids; null for each that is not there.",
        arguments={"ids": "At most 100 ids."},
    )(resolve.nodes)
