"""Suggests values for the variables of an operation, by the names of the operation and of its variables.

An operation that takes ids and versions only needs no sample variables in the tests that go through every operation.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from graphql import NonNullTypeNode, OperationDefinitionNode, OperationType, get_operation_ast, parse

from server.wire.graphql_files import OPERATIONS, operation

VERSIONS = {"version", "toVersion"}
IDS = {"id", "agentId", "variantId", "meetingId"}
KINDS = ("meeting", "variant", "agent", "webhook")


@cache
def _node(name: str) -> OperationDefinitionNode:
    node = get_operation_ast(parse(operation(name)))
    assert node is not None
    return node


NAMES = sorted(path.stem for path in OPERATIONS.glob("*.graphql"))
QUERIES = [name for name in NAMES if _node(name).operation is OperationType.QUERY]
MUTATIONS = [name for name in NAMES if _node(name).operation is OperationType.MUTATION]


def suggested_variables(
    name: str, ids: Mapping[str, Callable[[], str]], optional: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Returns values for the required variables of an operation, and for those of `optional` that it has.

    `ids` gives the id of each kind of entity. Fails for an operation with a required variable of another name.
    """
    definitions = {each.variable.name.value: each for each in _node(name).variable_definitions or ()}
    required = [
        variable
        for variable, definition in definitions.items()
        if isinstance(definition.type, NonNullTypeNode) and definition.default_value is None
    ]
    unknown = set(required) - VERSIONS - IDS
    assert not unknown, f"{name} needs sample variables of its own, as nothing suggests {', '.join(unknown)}"
    values = {variable: 1 if variable in VERSIONS else ids[_kind(name, variable)]() for variable in required}
    return values | {variable: value for variable, value in (optional or {}).items() if variable in definitions}


def _kind(name: str, variable: str) -> str:
    """Returns the kind of entity that a variable is the id of."""
    named = (name if variable == "id" else variable).lower()
    found = next((kind for kind in KINDS if kind in named), None)
    assert found, f"{name} needs sample variables of its own, as its name does not say what its id is of"
    return found
