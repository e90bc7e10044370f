"""The GraphQL types and root fields of erasures."""

from datetime import datetime

import strawberry

from domain import erasures as entities
from executor import InstancesOf
from resolvers import erasures as resolve
from resolvers.context import Info
from schema.declarations import ADMINISTRATORS, root_field
from schema.results import result_union


@strawberry.type(description="The record that a meeting was erased.")
class Erasure:
    meeting_id: strawberry.ID = strawberry.field(description="The id that the meeting had.")
    erased_by: str = strawberry.field(
        description="The id of the key or of the token's subject that erased it, which is no name; `local` on a server without"
        " authentication."
    )
    erased_at: datetime = strawberry.field(description="When it was erased first.")

    is_type_of = InstancesOf(entities.Erasure)


EraseMeetingResult = result_union("EraseMeetingResult", Erasure)


@strawberry.type
class ErasureMutations:
    @root_field(
        arguments={
            "id": "The id of a meeting, also of one that was deleted.",
            "reason": "The reason, in your own words. It goes to the server's log only: the database keeps no words of an"
            " erasure.",
        },
        scopes=ADMINISTRATORS,
        graphql_type=EraseMeetingResult,
        description="Deletes a meeting with its segments, and removes from its history what was said and named, and who made"
        " the changes. Kinds, states, times and versions stay. Nothing takes it back. Idempotent.",
    )
    async def erase_meeting(self, info: Info, id: strawberry.ID, reason: str | None = None) -> entities.Erasure:
        return await resolve.erase_meeting(info.context, id, reason)
