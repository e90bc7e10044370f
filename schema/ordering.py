"""The GraphQL inputs that sort lists."""

import strawberry
from strawberry import Maybe

from domain import ordering as orders
from schema.enums import describe_enum

_BY_TIME = {"CREATED_AT": "By the time of creation.", "UPDATED_AT": "By the time of the last change."}

describe_enum(
    orders.OrderDirection,
    "Upward or downward.",
    {"ASC": "The smallest or oldest first.", "DESC": "The other way round."},
)
describe_enum(
    orders.AgentOrderField, "What agents can be sorted by.", _BY_TIME | {"NAME": "By the name, ignoring case."}
)
describe_enum(
    orders.MeetingOrderField, "What meetings can be sorted by.", _BY_TIME | {"TITLE": "By the title, ignoring case."}
)
describe_enum(
    orders.SegmentOrderField,
    "What the segments of a meeting can be sorted by.",
    {"SEGMENT_ID": "By the number.", "START_TIME": "By the start, and by the number where they start together."},
)


@strawberry.input(description="The order of a meeting's segments.")
class SegmentOrder:
    field: orders.SegmentOrderField = strawberry.field(description="The field to sort by.")
    direction: Maybe[orders.OrderDirection | None] = strawberry.field(description="ASC if left out.")


@strawberry.input(description="Those that are equal in the field are sorted by id, in the same direction.")
class AgentOrder:
    field: orders.AgentOrderField = strawberry.field(description="The field to sort by.")
    direction: Maybe[orders.OrderDirection | None] = strawberry.field(description="ASC if left out.")


@strawberry.input(description="Those that are equal in the field are sorted by id, in the same direction.")
class MeetingOrder:
    field: orders.MeetingOrderField = strawberry.field(description="The field to sort by.")
    direction: Maybe[orders.OrderDirection | None] = strawberry.field(
        description="If left out: DESC (newest first) for times, ASC for TITLE."
    )
