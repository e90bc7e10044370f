"""What is wrong with an operation, before any of it is executed."""

from typing import Self

from graphql import GraphQLError

from schema.errors import with_code
from server.wire.json import encode_json


class RequestErrors(Exception):
    """The operation was not, or is no longer, executed; `errors` are as they stand in an answer."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = [with_code(error).formatted for error in errors]

    @classmethod
    def from_exception(cls, error: Exception) -> Self:
        """Whatever it is; what nobody had foreseen is masked (see `schema.errors`)."""
        return cls([error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)])

    @property
    def status(self) -> int:
        """The HTTP status of an answer of the specification's own type."""
        return _STATUSES.get(self.errors[0]["extensions"]["code"], 400)

    @property
    def retry_after(self) -> int | None:
        """Seconds after which the same may succeed."""
        return self.errors[0]["extensions"].get("retryAfter")


_STATUSES = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "RATE_LIMITED": 429,
    "SERVICE_UNAVAILABLE": 503,
    "INTERNAL": 500,
}


def encode_errors(errors: RequestErrors) -> bytes:
    """The answer where nothing was executed: it has no `data`, not even null."""
    return encode_json({"errors": errors.errors})
