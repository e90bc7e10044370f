"""The GraphQL types and root fields of histories and revisions."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from domain import configs
from domain import history as entities
from domain.history import EventKind
from executor import InstancesOf
from resolvers import history as resolve
from resolvers import variants as resolve_variants
from resolvers.pagination import Paging
from schema.configs import AgentConfig, ConfigOverrides
from schema.connections import Connection
from schema.enums import describe_enum
from schema.field_declarations import READERS, declared, root_field
from schema.field_names import field_name

HISTORY_PAGING = Paging(20, 100)

describe_enum(
    EventKind,
    "What happened.",
    {
        "CREATED": "It was created.",
        "UPDATED": "Fields of it were changed.",
        "ACTIVATED": "A variant of the agent became the active one.",
        "DEACTIVATED": "The agent was left with its base.",
        "STATE_CHANGED": "The meeting came into another state, or the webhook was disabled or enabled.",
        "ROLLED_BACK": "An earlier activation or configuration was restored.",
        "DELETED": "It was deleted.",
    },
)


@strawberry.type(description="One field of what changed.")
class FieldChange:
    field: str = strawberry.field(resolver=field_name, description="Its name: `slug`, `maxTokens`, `activeVariantId`.")
    before: JSON | None = strawberry.field(description="Null in a creation, and where it was null.")
    after: JSON | None = strawberry.field(description="Null in a deletion, and where it is null.")


@strawberry.interface(description="One change. It is stored in the transaction of the change, and stays as it is.")
class Event:
    id: strawberry.ID = strawberry.field(description="`<id of what changed>:<version>`.")
    kind: EventKind = strawberry.field(description="What happened.")
    actor: str = strawberry.field(description="Who did it.")
    reason: str | None = strawberry.field(description="Why, in the actor's words.")
    version: int = strawberry.field(description="That which this made of what changed; a deletion counts as one.")
    restored_version: int | None = strawberry.field(description="Where this is a rollback: to which version.")
    changes: list[entities.FieldChange] = strawberry.field(
        resolver=resolve.changes,
        graphql_type=list[FieldChange],
        metadata=declared(length=5),
        description="The fields that changed, by name.",
    )
    created_at: datetime = strawberry.field(description="When it happened.")


def aggregate_id(root: entities.Event) -> strawberry.ID:
    return strawberry.ID(str(root.aggregate_id))


@strawberry.type(description="A change of an agent or of one of its variants.")
class AgentEvent(Event):
    agent_id: strawberry.ID = strawberry.field(
        description="The agent, also of an event of one of its variants.", resolver=aggregate_id
    )
    variant_id: strawberry.ID | None = strawberry.field(
        description="The variant that changed, was activated or was deactivated. `version` is the variant's where the"
        " variant changed, else the agent's."
    )

    is_type_of = InstancesOf(entities.Event)


@strawberry.type(description="A change of a meeting. Its segments have versions instead.")
class MeetingEvent(Event):
    meeting_id: strawberry.ID = strawberry.field(description="The meeting.", resolver=aggregate_id)

    is_type_of = InstancesOf(entities.Event)


@strawberry.type(description="A change of a webhook. Secrets are in none.")
class WebhookEvent(Event):
    webhook_id: strawberry.ID = strawberry.field(description="The webhook.", resolver=aggregate_id)

    is_type_of = InstancesOf(entities.Event)


@strawberry.type(description="An agent as it was at a version, rebuilt from its history.")
class AgentRevision:
    version: int = strawberry.field(description="The version that it was at.")
    slug: str = strawberry.field(description="The slug at that version.")
    name: str = strawberry.field(description="The name at that version.")
    description: str = strawberry.field(description="The description at that version.")
    config: AgentConfig = strawberry.field(description="The base configuration.")
    active_variant_id: strawberry.ID | None = strawberry.field(
        description="The variant that was active; null: the base."
    )
    event: entities.Event = strawberry.field(graphql_type=AgentEvent, description="The change that made the version.")


@strawberry.type(description="A variant as it was at a version, rebuilt from its history.")
class VariantRevision:
    version: int = strawberry.field(description="The version that it was at.")
    slug: str = strawberry.field(description="The slug at that version.")
    name: str = strawberry.field(description="The name at that version.")
    description: str = strawberry.field(description="The description at that version.")
    overrides: ConfigOverrides = strawberry.field(description="The overrides at that version.")
    config: configs.AgentConfig = strawberry.field(
        resolver=resolve_variants.config,
        graphql_type=AgentConfig,
        description="The overrides of then over the agent's base of now: what a revert would bring.",
    )
    event: entities.Event = strawberry.field(graphql_type=AgentEvent, description="The change that made the version.")


AgentEventConnection = Connection[AgentEvent]
MeetingEventConnection = Connection[MeetingEvent]
WebhookEventConnection = Connection[WebhookEvent]


@strawberry.type
class HistoryQueries:
    agent_history = root_field(
        scopes=READERS,
        page=HISTORY_PAGING,
        graphql_type=AgentEventConnection,
        description="`Agent.history`, also of an agent that was deleted.",
    )(resolve.agent_history_by_id)
    meeting_history = root_field(
        scopes=READERS,
        page=HISTORY_PAGING,
        graphql_type=MeetingEventConnection,
        description="`Meeting.history`, also of a meeting that was deleted.",
    )(resolve.meeting_history_by_id)
