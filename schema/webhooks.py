"""The GraphQL types, inputs and root fields of webhooks."""

from datetime import datetime

import strawberry
from strawberry import Maybe

from domain import webhooks as entities
from domain.webhooks import WebhookDeliveryState, WebhookEventType
from executor import InstancesOf
from resolvers import webhooks as resolve
from resolvers.context import Info
from resolvers.pagination import Paging
from schema.connections import Connection
from schema.enums import describe_enum
from schema.field_declarations import ADMINISTRATORS, connection_field, declared, root_field
from schema.history import HISTORY_PAGING, WebhookEventConnection
from schema.inputs import parsed
from schema.results import Deleted, DeleteResult, result_union

describe_enum(
    WebhookEventType,
    "The kinds of changes that a webhook can be told of.",
    {
        "AGENT_CREATED": "An agent, or a variant of it, was created.",
        "AGENT_UPDATED": "Fields of an agent, or of a variant of it, were changed.",
        "AGENT_ACTIVATED": "A variant of an agent became the active one.",
        "AGENT_DEACTIVATED": "An agent was left with its base.",
        "AGENT_ROLLED_BACK": "An earlier activation or configuration was restored.",
        "AGENT_DELETED": "An agent, or a variant of it, was deleted.",
        "MEETING_CREATED": "A meeting was created.",
        "MEETING_UPDATED": "Fields of a meeting were changed.",
        "MEETING_STATE_CHANGED": "A meeting came into another state.",
        "MEETING_SEGMENTS_CHANGED": "Segments of a meeting were written, corrected, named or deleted.",
        "MEETING_DELETED": "A meeting was deleted.",
        "MEETING_ERASED": "A meeting was erased: erase what you keep of it.",
        "WEBHOOK_STATE_CHANGED": "Another webhook was disabled or enabled.",
    },
)
describe_enum(
    WebhookDeliveryState,
    "The state of a delivery.",
    {
        "PENDING": "It is sent, or will be sent again.",
        "DELIVERED": "The receiver took it.",
        "FAILED": "It was tried for a day, and is given up.",
    },
)


@strawberry.type(description="One request to a receiver.")
class WebhookAttempt:
    at: datetime = strawberry.field(description="When it began.")
    status_code: int | None = strawberry.field(description="The status of the answer; null: there was none.")
    error: str | None = strawberry.field(description="Why it failed; null: it did not.")
    duration: float = strawberry.field(description="How many seconds it took.")

    is_type_of = InstancesOf(entities.Attempt)


@strawberry.type(description="What a receiver is told of one agent or meeting.")
class WebhookDelivery:
    id: strawberry.ID = strawberry.field(description="Unique in the workspace.")
    webhook_id: strawberry.ID = strawberry.field(description="The webhook that it is of.")
    message_id: str = strawberry.field(description="The header `webhook-id` of what is sent.")
    agent_id: strawberry.ID | None = strawberry.field(description="The agent that has changed; null: it is a meeting.")
    meeting_id: strawberry.ID | None = strawberry.field(
        description="The meeting that has changed; null: it is an agent."
    )
    events: list[str] = strawberry.field(
        metadata=declared(length=3), description="The types of what happened, or `WEBHOOK_TEST`."
    )
    state: WebhookDeliveryState = strawberry.field(description="Whether it was delivered.")
    created_at: datetime = strawberry.field(description="When the first of its changes happened.")
    changed_at: datetime = strawberry.field(description="When the last of its changes happened.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When it is sent (again); null: it is delivered or given up."
    )
    finished_at: datetime | None = strawberry.field(
        description="When it was delivered or given up; null: it is pending."
    )
    attempts: list[entities.Attempt] = strawberry.field(
        graphql_type=list[WebhookAttempt], metadata=declared(length=3), description="The last 20, oldest first."
    )

    is_type_of = InstancesOf(entities.Delivery)


WebhookDeliveryConnection = Connection[WebhookDelivery]


@strawberry.type(description="A receiver of changes. The secret that it is signed with is shown once.")
class Webhook:
    id: strawberry.ID = strawberry.field(description="Unique in the workspace.")
    name: str = strawberry.field(description="A name for people to read.")
    url: str = strawberry.field(description="Where changes are posted to.")
    events: list[WebhookEventType] = strawberry.field(
        metadata=declared(length=5), description="The kinds of changes that it is told of."
    )
    document: str | None = strawberry.field(
        description="The query whose result each message has; null: messages have ids only."
    )
    is_enabled: bool = strawberry.field(description="False: it is told of nothing.")
    disabled_at: datetime | None = strawberry.field(
        description="When it was disabled, by you or after five days of failures; null: it is enabled. Its history says why."
    )
    failing_since: datetime | None = strawberry.field(
        description="The first failure since the last success; null: the receiver took what was sent last."
    )
    secret_rotated_at: datetime | None = strawberry.field(description="When it last got another secret; null: never.")
    version: int = strawberry.field(description="Raised by each change of the webhook.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    deliveries = connection_field(
        page=Paging(20, 100),
        graphql_type=WebhookDeliveryConnection,
        description="Newest first; at most 100 a page. Those that are delivered or given up are kept for seven days, and at"
        " most 10,000 of them.",
    )(resolve.deliveries)
    history = connection_field(
        page=HISTORY_PAGING,
        graphql_type=WebhookEventConnection,
        description="Its changes, newest first; at most 100 a page.",
    )(resolve.history)

    is_type_of = InstancesOf(entities.Webhook)


@strawberry.type(description="A new secret, and its webhook.")
class WebhookSecret:
    secret: str = strawberry.field(
        description="Verifies what the webhook is sent: `whsec_` and base64. Keep it: it cannot be had again."
    )
    webhook: entities.Webhook = strawberry.field(description="The webhook, without its secret.", graphql_type=Webhook)

    is_type_of = InstancesOf(entities.WebhookSecret)


_URL = "An `https://` URL that everybody can reach. `RAPPORTEUR_WEBHOOK_NETWORKS` allows others."
_DOCUMENT = (
    "A query that is executed for each message, with the scope READ: the message has its response as `data.result`. Its"
    " variables can be `$id`, `$meetingId` and `$agentId`."
)


@strawberry.input(description="A new webhook.")
class CreateWebhookInput:
    name: str = strawberry.field(description="A name for people to read.")
    url: str = strawberry.field(description=_URL)
    events: list[WebhookEventType] = strawberry.field(description="The kinds of changes that it is told of.")
    document: Maybe[str | None] = strawberry.field(description=f"{_DOCUMENT} Left out: messages have ids only.")


@strawberry.input(description="A field that is left out stays as it is.")
class UpdateWebhookInput:
    name: Maybe[str | None] = strawberry.field(description="A name for people to read.")
    url: Maybe[str | None] = strawberry.field(description=_URL)
    events: Maybe[list[WebhookEventType] | None] = strawberry.field(
        description="The kinds of changes that it is told of: all of them, not only new ones."
    )
    document: Maybe[str | None] = strawberry.field(description=f"{_DOCUMENT} Null: messages have ids only.")
    is_enabled: Maybe[bool | None] = strawberry.field(
        description="False: nothing is sent, and what happens meanwhile is not sent later. True: what was pending a day ago or"
        " later is sent."
    )


WebhookConnection = Connection[Webhook]
WebhookResult = result_union("WebhookResult", Webhook)
WebhookSecretResult = result_union("WebhookSecretResult", WebhookSecret)
WebhookDeliveryResult = result_union("WebhookDeliveryResult", WebhookDelivery)


@strawberry.type
class WebhookQueries:
    webhook: entities.Webhook | None = root_field(
        description="The webhook with this id; null if there is none.",
        arguments={"id": "The webhook's id."},
        scopes=ADMINISTRATORS,
        graphql_type=Webhook | None,
    )(resolve.webhook)
    webhooks = root_field(
        scopes=ADMINISTRATORS,
        page=Paging(20, 100),
        graphql_type=WebhookConnection,
        description="Of this workspace, from the newest to the oldest; at most 100 a page.",
    )(resolve.webhooks)


@strawberry.type
class WebhookMutations:
    @root_field(
        scopes=ADMINISTRATORS,
        graphql_type=WebhookSecretResult,
        description="Makes a webhook, and shows its secret this once. It is told of what happens from now on. A workspace can"
        " have 100.",
    )
    async def create_webhook(
        self, info: Info, input: CreateWebhookInput, reason: str | None = None
    ) -> entities.WebhookSecret:
        return await resolve.create(info.context, parsed(entities.CreateWebhook, input), reason)

    @root_field(
        arguments={"id": "The webhook's id."},
        scopes=ADMINISTRATORS,
        graphql_type=WebhookResult,
        description="Sets the given fields. The webhook then counts as one that has not failed yet.",
    )
    async def update_webhook(
        self,
        info: Info,
        id: strawberry.ID,
        input: UpdateWebhookInput,
        expected_version: int | None = None,
        reason: str | None = None,
    ) -> entities.Webhook:
        return await resolve.update(info.context, id, parsed(entities.UpdateWebhook, input), expected_version, reason)

    @root_field(
        arguments={"id": "The webhook's id."},
        scopes=ADMINISTRATORS,
        graphql_type=WebhookSecretResult,
        description="Gives the webhook another secret, and shows it this once. For a day everything is signed with both.",
    )
    async def rotate_webhook_secret(
        self, info: Info, id: strawberry.ID, reason: str | None = None
    ) -> entities.WebhookSecret:
        return await resolve.rotate_secret(info.context, id, reason)

    @root_field(
        arguments={"id": "The webhook's id."},
        scopes=ADMINISTRATORS,
        graphql_type=DeleteResult,
        description="With its deliveries. An attempt that is under way may still arrive.",
    )
    async def delete_webhook(
        self, info: Info, id: strawberry.ID, expected_version: int | None = None, reason: str | None = None
    ) -> Deleted:
        return Deleted.of(await resolve.delete(info.context, id, expected_version, reason))

    @root_field(
        arguments={"id": "The webhook's id."},
        scopes=ADMINISTRATORS,
        graphql_type=WebhookDeliveryResult,
        description="Sends a message of the type `webhook.test`, once, also to a webhook that is disabled. Its delivery says"
        " what became of it: read `Webhook.deliveries` after a moment.",
    )
    async def test_webhook(self, info: Info, id: strawberry.ID) -> entities.Delivery:
        return await resolve.test(info.context, id)

    @root_field(
        arguments={"id": "The delivery's id."},
        scopes=ADMINISTRATORS,
        graphql_type=WebhookDeliveryResult,
        description="Sends a delivery again, now, with the same `webhook-id`. If another one of the same agent or meeting is"
        " pending, it is sent in that one, which is the result.",
    )
    async def redeliver(self, info: Info, id: strawberry.ID) -> entities.Delivery:
        return await resolve.redeliver(info.context, id)
