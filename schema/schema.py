"""The assembled schema."""

from copy import copy

import strawberry
from graphql import GraphQLInputObjectType, GraphQLObjectType, Undefined
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema_directives import OneOf

from executor import FastExecutor
from schema.descriptions import complete_descriptions
from schema.documents.cache import DocumentCache
from schema.documents.cost import CostModel
from schema.documents.limits import Limits
from schema.errors import Error, exception_handlers
from schema.roots import Mutation, Query, Subscription
from schema.scalars import SCALARS
from schema.segments import Segment


class RapporteurSchema(strawberry.Schema):
    """A schema with a cache of documents. It is executed by an executor of `execution_context_class`."""

    documents: DocumentCache
    """The documents that it executes, each of them within the limits."""

    def limited(
        self, limits: Limits, *, introspection: bool = True, suggestions: bool = False, fast: bool = True
    ) -> "RapporteurSchema":
        """Returns the same schema with these limits, and a cache of its own.

        Without `introspection` its documents may not ask for the schema, with `suggestions` messages say "Did you mean", and
        without `fast` graphql-core alone executes them.
        """
        other = copy(self)
        other.execution_context_class = FastExecutor if fast else StrawberryGraphQLCoreExecutionContext
        other.documents = DocumentCache(
            self._schema, _cost_model, limits, introspection=introspection, suggestions=suggestions
        )
        return other


def _adjusted(schema: RapporteurSchema) -> RapporteurSchema:
    """Completes the types that Strawberry has made.

    Arguments lose the default null, so that the SDL says `expectedVersion: Int`: a resolver's own default does the same.
    Inputs with the directive `@oneOf` are marked for introspection, and for graphql-core, whose messages name the place.
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
    complete_descriptions(schema._schema)
    return schema


schema = _adjusted(
    RapporteurSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Segment, Error],
        exception_handlers=exception_handlers,
        execution_context_class=FastExecutor,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
)
_cost_model = CostModel(schema._schema)
schema.documents = DocumentCache(schema._schema, _cost_model, Limits())
