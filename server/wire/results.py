"""Encodes the result of an executed operation as the body of a GraphQL response."""

from typing import Any

from graphql import GraphQLError

from schema.errors import with_code
from server.wire.json import encode_json


def encode_result(data: Any, errors: list[GraphQLError] | None, extensions: dict[str, Any] | None) -> bytes:
    """Returns the JSON of a result; `errors` and `extensions` are left out where there are none."""
    response = {"data": data}
    if errors:
        response["errors"] = [with_code(error).formatted for error in errors]
    if extensions:
        response["extensions"] = extensions
    return encode_json(response)
