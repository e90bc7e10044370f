"""The assembled schema."""

from copy import copy

import strawberry
from graphql import GraphQLInputObjectType, GraphQLObjectType, Undefined
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema_directives import OneOf

from executor import FastExecutor
from schema.documents.cache import Documents
from schema.documents.cost import Prices
from schema.documents.limits import Limits
from schema.errors import Error, exception_handlers
from schema.roots import Mutation, Query, Subscription
from schema.segments import Segment


class RapporteurSchema(strawberry.Schema):
    """With documents that are prepared for it. To be executed by an executor of `execution_context_class`."""

    documents: Documents
    """Those it executes; each under its limits."""

    def limited(self, limits: Limits, *, introspection: bool = True, fast: bool = True) -> "RapporteurSchema":
        """The same schema with these limits, and documents of its own, which may ask for the schema or not.

        Not `fast`: executed by graphql-core alone.
        """
        other = copy(self)
        other.execution_context_class = FastExecutor if fast else StrawberryGraphQLCoreExecutionContext
        other.documents = Documents(self._schema, _prices, limits, introspection=introspection)
        return other


def _adjusted(schema: RapporteurSchema) -> RapporteurSchema:
    """What Strawberry leaves to be said of the types.

    `expectedVersion: Int`, not `expectedVersion: Int = null`: a resolver's own default says as much. And that an input is
    `@oneOf`, for introspection and for graphql-core, whose messages name the place.
    """
    for type_ in schema._schema.type_map.values():
        if isinstance(type_, GraphQLObjectType):
            for field in type_.fields.values():
                for argument in field.args.values():
                    if argument.default_value is None:
                        argument.default_value = Undefined
        elif isinstance(type_, GraphQLInputObjectType):
            definition = type_.extensions["strawberry-definition"]
            type_.is_one_of = any(isinstance(directive, OneOf) for directive in definition.directives or ())
    return schema


schema = _adjusted(
    RapporteurSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Segment, Error],
        exception_handlers=exception_handlers,
        execution_context_class=FastExecutor,
    )
)
_prices = Prices(schema._schema)
schema.documents = Documents(schema._schema, _prices, Limits())
