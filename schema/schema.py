"""The assembled schema."""

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLObjectType, Undefined
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache
from strawberry.types import ExecutionResult

from schema.errors import Error, coded, exception_handlers
from schema.mutation import Mutation
from schema.query import Query
from schema.segments import Segment


class OneOperation(SchemaExtension):
    """Refuses a document of several operations without `operationName`, as GraphQL has it; Strawberry runs the first."""

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        if context._provided_operation_name is None and not context.pre_execution_errors:
            assert context.graphql_document is not None
            kinds = [definition.kind for definition in context.graphql_document.definitions]
            if kinds.count("operation_definition") > 1:
                context.pre_execution_errors = [
                    GraphQLError("operationName is needed: the document has several operations")
                ]
        yield


class RapporteurSchema(strawberry.Schema):
    """Every entry of `errors` has a code, and says nothing that is none of the client's business."""

    async def execute(self, *args: Any, **options: Any) -> ExecutionResult:
        result = await super().execute(*args, **options)
        if result.errors:
            result.errors = [coded(error) for error in result.errors]
        return result

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing here: a client's error is none of the server's, and `coded` logs those that are."""


def _without_null_defaults(schema: strawberry.Schema) -> strawberry.Schema:
    """Have `expectedVersion: Int`, not `expectedVersion: Int = null`: a resolver's own default says as much."""
    for type_ in schema._schema.type_map.values():
        if isinstance(type_, GraphQLObjectType):
            for field in type_.fields.values():
                for argument in field.args.values():
                    if argument.default_value is None:
                        argument.default_value = Undefined
    return schema


schema = _without_null_defaults(
    RapporteurSchema(
        query=Query,
        mutation=Mutation,
        types=[Segment, Error],
        extensions=[lambda: ParserCache(maxsize=1_000), lambda: ValidationCache(maxsize=1_000), OneOperation],
        exception_handlers=exception_handlers,
    )
)
