"""Bounds what an open subscription keeps of its request: the document, and the variables that the document declares."""

from graphql import GraphQLError, OperationDefinitionNode

from server.wire.requests import GraphQLRequest

MAX_VARIABLES_BYTES = 256 * 1024
"""The memory that the variables of one subscription may take, as `memory_of` estimates it."""
DOCUMENT_BYTES_PER_CHAR = 60
"""The memory of a document, parsed and planned, for each of its characters, about."""
_VALUE_BYTES = 64
"""The memory of a value and its place in a list or an object, about, beside the characters of a text."""


def drop_undeclared_variables(request: GraphQLRequest, operation: OperationDefinitionNode) -> None:
    """Removes variables that the operation does not declare from the request itself, which others hold as well."""
    if request.variables:
        declared = {definition.variable.name.value for definition in operation.variable_definitions or ()}
        for name in request.variables.keys() - declared:
            del request.variables[name]


def check_variables_size(request: GraphQLRequest) -> int:
    """Returns the memory that the variables take. Raises GraphQLError if it is more than a subscription may keep."""
    size = memory_of(request.variables)
    if size > MAX_VARIABLES_BYTES:
        message = f"the variables of a subscription may take {MAX_VARIABLES_BYTES:,} bytes in memory; yours: {size:,}"
        raise GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
    return size


def drop_values(request: GraphQLRequest) -> None:
    """Empties the variables and extensions of the request itself, once all that is needed of them has been taken."""
    for values in (request.variables, request.extensions):
        if values:
            values.clear()


def memory_of(value: object) -> int:
    """Returns the bytes, about, that a value of JSON takes in memory."""
    size, rest = 0, [value]
    while rest:
        item = rest.pop()
        size += _VALUE_BYTES
        if isinstance(item, str):
            size += len(item) if item.isascii() else 4 * len(item)
        elif isinstance(item, dict):
            rest += item.keys()
            rest += item.values()
        elif isinstance(item, list):
            rest += item
    return size
