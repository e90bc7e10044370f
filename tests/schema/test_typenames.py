"""Checks that generated clients can tell the members of a union apart in every operation."""

from pathlib import Path

import pytest
from graphql import (
    FieldNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_union_type,
    parse,
    visit,
)

from schema.schema import schema
from server.wire.graphql_files import OPERATIONS


class UnionsWithoutTypename(Visitor):
    """Collects the unions whose selection set has no `__typename` of its own."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.found: list[str] = []

    def enter_selection_set(self, node: SelectionSetNode, *_: object) -> None:
        type_ = get_named_type(self.types.get_parent_type())
        names = [each.name.value for each in node.selections if isinstance(each, FieldNode)]
        if is_union_type(type_) and names[:1] != ["__typename"]:
            self.found.append(type_.name)


@pytest.mark.parametrize("path", sorted(OPERATIONS.glob("*.graphql")), ids=lambda path: path.stem)
def test_an_operation_selects_typename_beside_the_members_of_a_union(path: Path) -> None:
    types = TypeInfo(schema._schema)
    visitor = UnionsWithoutTypename(types)
    visit(parse(path.read_text()), TypeInfoVisitor(types, visitor))
    assert visitor.found == []
