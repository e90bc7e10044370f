"""The results of mutations: a success, or one of the errors that a caller can handle."""

from typing import Annotated, Any

import strawberry

from schema.errors import Conflict, InvalidInput, NotFound


def result_union(name: str, success: type) -> Any:
    """Returns the union of a mutation's success type and of the errors that the domain may raise in it.

    The union is the `graphql_type` of a field, and never an annotation. The resolver's own return type is an entity of the
    domain, which mypy checks against its body, so that neither mypy nor Strawberry's plugin for it has to know the union.
    """
    description = f"{success.__name__}, or the error that kept the mutation from being done."
    return Annotated[success | NotFound | InvalidInput | Conflict, strawberry.union(name, description=description)]


@strawberry.type(description="The thing is gone, with all that it held.")
class Deleted:
    id: strawberry.ID = strawberry.field(description="The id that it had.")

    @classmethod
    def of(cls, id: object) -> "Deleted":
        """Returns the result for the entity that had this id."""
        return cls(id=strawberry.ID(str(id)))


DeleteResult = result_union("DeleteResult", Deleted)
