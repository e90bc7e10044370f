"""The errors of an operation of which nothing was executed."""

from collections.abc import Sequence
from typing import Self

from graphql import GraphQLError

from schema.errors import with_code
from server.current_request import note_errors
from server.wire.json import encode_json

_STATUSES = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "RATE_LIMITED": 429,
    "SERVICE_UNAVAILABLE": 503,
    "INTERNAL": 500,
}


class RequestErrors(Exception):
    """The operation was not executed, or a subscription goes on no longer."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = [with_code(error).formatted for error in errors]
        """The errors as a response has them."""
        note_errors(self.codes)

    @classmethod
    def from_exception(cls, error: Exception) -> Self:
        """Returns any exception as errors of the operation; an unforeseen one is masked (see `schema.errors`)."""
        return cls([error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)])

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.errors]

    @property
    def status(self) -> int:
        """The HTTP status of a response of the type `application/graphql-response+json`."""
        return _STATUSES.get(self.errors[0]["extensions"]["code"], 400)

    @property
    def retry_after(self) -> int | None:
        """The seconds after which the same operation may succeed, if waiting helps."""
        return self.errors[0]["extensions"].get("retryAfter")


def encode_errors(errors: RequestErrors) -> bytes:
    """Returns the body of a response. It has no `data`, not even null, because nothing was executed."""
    return encode_json({"errors": errors.errors})
