"""The GraphQL inputs that sort lists."""

import strawberry
from strawberry import Maybe

from domain import ordering as orders

strawberry.enum(orders.OrderDirection, name="OrderDirection", description="Upward or downward.")
strawberry.enum(orders.AgentOrderField, name="AgentOrderField", description="NAME ignores case.")
strawberry.enum(orders.MeetingOrderField, name="MeetingOrderField", description="TITLE ignores case.")


@strawberry.input(description="Those that are equal in the field are sorted by id, in the same direction.")
class AgentOrder:
    field: orders.AgentOrderField
    direction: Maybe[orders.OrderDirection | None] = strawberry.field(description="ASC if left out.")


@strawberry.input(description="Those that are equal in the field are sorted by id, in the same direction.")
class MeetingOrder:
    field: orders.MeetingOrderField
    direction: Maybe[orders.OrderDirection | None] = strawberry.field(
        description="If left out: DESC (newest first) for times, ASC for TITLE."
    )
