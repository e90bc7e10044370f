"""What every entity has."""

import strawberry


@strawberry.interface(description="Anything with an id.")
class Node:
    id: strawberry.ID
