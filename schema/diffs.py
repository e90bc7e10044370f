"""The GraphQL types, inputs and root field of differences between configurations."""

import strawberry
from strawberry.scalars import JSON

from domain import diffs as entities
from resolvers import diffs as resolve
from resolvers.context import Info
from schema.field_declarations import READERS, declared, root_field
from schema.field_names import field_name
from schema.inputs import parsed


@strawberry.input(description="A base configuration as it was.")
class BaseRevisionRef:
    agent_id: strawberry.ID = strawberry.field(description="The agent's id.")
    version: int = strawberry.field(description="Of the agent.")


@strawberry.input(description="A variant as it was.")
class VariantRevisionRef:
    variant_id: strawberry.ID = strawberry.field(description="The variant's id.")
    version: int = strawberry.field(description="Of the variant.")


@strawberry.input(
    one_of=True,
    description="A configuration: exactly one of these. A variant's, also a past one's, is what it gives over the base of now.",
)
class ConfigRef:
    base: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Of the agent with this id.")
    variant: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The variant with this id.")
    resolved: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="What the agent with this id resolves to now."
    )
    base_revision: BaseRevisionRef | None = strawberry.field(default=strawberry.UNSET, description="A base as it was.")
    variant_revision: VariantRevisionRef | None = strawberry.field(
        default=strawberry.UNSET, description="A variant as it was."
    )


@strawberry.type(description="A field that differs.")
class ConfigFieldDiff:
    field: str = strawberry.field(resolver=field_name, description="Its name, such as `maxTokens`.")
    a: JSON = strawberry.field(description="The value in the first configuration.")
    b: JSON = strawberry.field(description="The value in the second configuration.")
    text_diff: str | None = strawberry.field(
        resolver=resolve.text_diff,
        description="For the two prompts, and for parameters with a line for each value: the way from a to b in the unified"
        " format of `diff -u`. (Where finding it would take too long, the one is shown as replaced by the other.)",
    )


@strawberry.type(description="What differs between two configurations; without fields, they are equal.")
class ConfigDiff:
    fields: list[ConfigFieldDiff] = strawberry.field(
        metadata=declared(length=12), description="In the order of the configuration's fields."
    )


@strawberry.type
class DiffQueries:
    @root_field(
        arguments={"a": "The configuration to start from.", "b": "The configuration to compare it with."},
        scopes=READERS,
        graphql_type=ConfigDiff | None,
        description="The fields in which b differs from a; null if either is not there.",
    )
    async def config_diff(self, info: Info, a: ConfigRef, b: ConfigRef) -> entities.ConfigDiff | None:
        before, after = parsed(entities.ConfigRef, a, "a"), parsed(entities.ConfigRef, b, "b")
        return await resolve.config_diff(info.context, before, after)
