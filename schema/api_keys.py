"""The GraphQL types, inputs and root fields of API keys, and the viewer."""

from datetime import datetime

import strawberry
from strawberry import Maybe

from domain import api_keys as entities
from domain import principals
from domain.principals import Scope
from executor import InstancesOf
from resolvers import api_keys as resolve
from resolvers.context import Info
from resolvers.pagination import Paging
from schema.connections import Connection
from schema.enums import describe_enum
from schema.field_declarations import ADMINISTRATORS, ANYONE, declared, root_field, visible_to_bots
from schema.inputs import provided
from schema.results import result_union

describe_enum(
    Scope,
    "What a key allows.",
    {
        "READ": "Every query and subscription, but not keys and webhooks.",
        "WRITE": "What READ allows, and every mutation, but not keys, webhooks and erasures.",
        "ADMIN": "What WRITE allows, the keys and webhooks of the workspace, and erasures.",
        "INGEST": "For a bot in a meeting: it creates meetings, and reads and upserts the segments of those that it created or"
        " was given; nothing else.",
    },
)


@strawberry.type(description="A key of this workspace. The token that it was made with is shown once, and not stored.")
class ApiKey:
    id: strawberry.ID = strawberry.field(description="Unique in the workspace.")
    name: str = strawberry.field(
        description="The actor of what is done with it. Unique among keys that are not revoked."
    )
    scopes: list[Scope] = strawberry.field(
        description="What it allows, without what they include.", metadata=declared(length=4)
    )
    is_active: bool = strawberry.field(description="Neither revoked nor expired.")
    created_at: datetime = strawberry.field(description="When it was created.")
    created_by: str = strawberry.field(description="Who created it.")
    expires_at: datetime | None = strawberry.field(description="When it stops to work; null: never.")
    last_used_at: datetime | None = strawberry.field(description="To the minute.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked; null: it was not.")
    revoked_by: str | None = strawberry.field(description="Who revoked it.")

    is_type_of = InstancesOf(entities.ApiKey)


@strawberry.type(description="A new key, and its token.")
class CreatedApiKey:
    token: str = strawberry.field(description="For `Authorization: Bearer`. Keep it: it cannot be had again.")
    api_key: entities.ApiKey = strawberry.field(description="The key, without its token.", graphql_type=ApiKey)

    is_type_of = InstancesOf(entities.CreatedApiKey)


@visible_to_bots
@strawberry.type(description="Who asks.")
class Viewer:
    name: str = strawberry.field(description="The name of the key, or of the token's subject.")
    workspace_id: strawberry.ID = strawberry.field(description="The workspace that everything asked for is in.")
    scopes: list[Scope] = strawberry.field(
        resolver=lambda root: sorted(root.scopes, key=lambda scope: scope.name),
        metadata=declared(length=4),
        description="With those that they include.",
    )
    expires_at: datetime | None = strawberry.field(description="When the key or the token stops to work; null: never.")

    is_type_of = InstancesOf(principals.Principal)


@strawberry.input(description="A new key.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="For people, and for the history of what is done with the key.")
    scopes: list[Scope] = strawberry.field(description="What it allows.")
    expires_at: Maybe[datetime | None] = strawberry.field(description="Left out: never.")
    meeting_ids: Maybe[list[strawberry.ID] | None] = strawberry.field(
        description="For the scope INGEST: the meetings that it reaches beside those that it creates; at most 1,000."
    )


ApiKeyConnection = Connection[ApiKey]
CreateApiKeyResult = result_union("CreateApiKeyResult", CreatedApiKey)
RevokeApiKeyResult = result_union("RevokeApiKeyResult", ApiKey)


@strawberry.type
class ApiKeyQueries:
    viewer: principals.Principal = root_field(
        scopes=ANYONE, graphql_type=Viewer, description="Who asks: the key's name, its workspace, its scopes."
    )(resolve.viewer)
    api_keys = root_field(
        scopes=ADMINISTRATORS,
        page=Paging(20, 100),
        graphql_type=ApiKeyConnection,
        is_newest=True,  # a key that was revoked on the command line, which gives no token, must not look valid
        description="Of this workspace, from the newest to the oldest, revoked ones too; at most 100 a page.",
    )(resolve.api_keys)


@strawberry.type
class ApiKeyMutations:
    @root_field(
        scopes=ADMINISTRATORS,
        graphql_type=CreateApiKeyResult,
        description="Makes a key for this workspace, and shows its token this once.",
    )
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> entities.CreatedApiKey:
        return await resolve.create(info.context, entities.CreateApiKey.parse(provided(input)))

    @root_field(
        arguments={"id": "The key's id."},
        scopes=ADMINISTRATORS,
        graphql_type=RevokeApiKeyResult,
        description="From now on the key is refused, and its open subscriptions end within seconds. Again: no change.",
    )
    async def revoke_api_key(self, info: Info, id: strawberry.ID) -> entities.ApiKey:
        return await resolve.revoke(info.context, id)
