"""Documents: parsed and validated once, and the operation in one that a request means."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    get_operation_ast,
    parse,
    validate,
)
from strawberry.extensions import SchemaExtension

CACHED = 1_000
"""Documents that are kept; clients use few, and this is for those who make them up."""

KEPT_LENGTH = 10_000
"""Characters of a document that is kept; parsed, it takes some sixty times as much."""
MAX_DIGITS = 400


class Prepared(NamedTuple):
    document: DocumentNode
    errors: list[GraphQLError]


class ShortNumbers(ASTValidationRule):
    """Refuses whole numbers that Python refuses to read (they are no `Int` anyway, but a custom scalar might take them)."""

    def enter_int_value(self, node: IntValueNode, *_: object) -> None:
        if len(node.value) > MAX_DIGITS:
            self.report_error(GraphQLError(f"A number may have at most {MAX_DIGITS} digits.", node))


def prepare(schema: GraphQLSchema, query: str) -> Prepared:
    """The document and what validation says of it. Raises GraphQLError for a syntax error."""
    return _kept(schema, query) if len(query) <= KEPT_LENGTH else _prepare(schema, query)


def _prepare(schema: GraphQLSchema, query: str) -> Prepared:
    document = parse(query)
    return Prepared(document, validate(schema, document, [ShortNumbers]) or validate(schema, document))


_kept = lru_cache(maxsize=CACHED)(_prepare)


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to execute. Raises GraphQLError if the document has none of that name, or several and none is named."""
    operation = get_operation_ast(document, name)
    if operation is None:
        if name is None:
            raise GraphQLError("operationName is needed: the document has several operations, or none")
        raise GraphQLError(f"the document has no operation {name}")
    return operation


class PreparedDocuments(SchemaExtension):
    """Has Strawberry execute prepared documents, and only the operation that the request means (it would take the first)."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        assert context.query is not None
        context.graphql_document = prepare(context.schema._schema, context.query).document
        operation_of(context.graphql_document, context._provided_operation_name)
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        assert context.query is not None
        context.pre_execution_errors = prepare(context.schema._schema, context.query).errors
        yield
