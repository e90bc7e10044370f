"""Checks the name of an operation before it is used: a client may send any text in its place."""

import re

from graphql import GraphQLError

from server.wire.request_errors import RequestErrors

MAX_OPERATION_NAME_CHARACTERS = 200
_NAME = re.compile(rf"[_A-Za-z][_0-9A-Za-z]{{0,{MAX_OPERATION_NAME_CHARACTERS - 1}}}")
"""A Name (GraphQL specification, 2.1.9) of limited length."""


def check_operation_name(name: str | None) -> None:
    """Raises RequestErrors for a text that no operation can have as its name, without quoting it."""
    if name is not None and not _NAME.fullmatch(name):
        message = f"operationName must be a name in GraphQL, of at most {MAX_OPERATION_NAME_CHARACTERS} characters"
        raise RequestErrors([GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})])
