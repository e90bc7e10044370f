"""The schema against its snapshot, its operation documents, and the rules that every field of it keeps."""

from pathlib import Path

import pytest
from graphql import (
    DocumentNode,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    validate,
    visit,
)

from schema.schema import schema
from server.wire.graphql_files import OPERATIONS, SDL

DOCUMENTS = sorted(OPERATIONS.glob("*.graphql"))
graphql_schema = schema._schema


def test_the_snapshot_is_what_the_code_says() -> None:
    assert SDL.read_text() == schema.as_str() + "\n", "run make schema"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_is_valid_and_named_like_its_file(path: Path) -> None:
    document = _document(path)
    assert validate(graphql_schema, document) == []
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert operation.name.value == path.stem


def test_the_documents_use_every_field_of_the_schema() -> None:
    used: set[tuple[str, str]] = set()
    info = TypeInfo(graphql_schema)

    class Fields(Visitor):
        def enter_field(self, node: object, *_: object) -> None:
            parent = info.get_parent_type()
            field = info.get_field_def()
            fields = getattr(parent, "fields", {})  # none of a union, of which __typename can be asked
            if parent and field:
                used.update((parent.name, name) for name, known in fields.items() if known is field)

    for path in DOCUMENTS:
        visit(_document(path), TypeInfoVisitor(info, Fields()))
    kinds = (graphql_schema.query_type, graphql_schema.mutation_type, graphql_schema.subscription_type)
    roots = [root for root in kinds if root]
    unused = {(root.name, name) for root in roots for name in root.fields} - used
    assert unused == set()


def test_every_mutation_can_answer_with_each_error() -> None:
    mutation = graphql_schema.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        assert isinstance(field.type, GraphQLNonNull), name
        members = {member.name for member in field.type.of_type.types}
        assert members >= {"NotFound", "InvalidInput", "Conflict"}, name


def test_every_list_of_a_root_field_is_capped_or_a_connection() -> None:
    query = graphql_schema.query_type
    assert query is not None
    lists = {name for name, field in query.fields.items() if isinstance(_nullable(field.type), GraphQLList)}
    assert lists == {"nodes"}  # which is capped by MAX_NODES


def _nullable(type_: object) -> object:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _document(path: Path) -> DocumentNode:
    return parse(path.read_text())
