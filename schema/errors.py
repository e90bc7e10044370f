"""Errors that are data (members of a mutation's union), and the codes of errors that fail a request."""

import logging
from collections import Counter
from collections.abc import Mapping
from enum import Enum
from uuid import uuid4

import strawberry
from graphql import GraphQLError
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from domain import errors
from schema.enums import describe_enum
from schema.field_declarations import declared, visible_to_bots

MAX_MESSAGE_CHARS = 1_000

logger = logging.getLogger("rapporteur.errors")

error_counts: Counter[str] = Counter(INTERNAL=0, SERVICE_UNAVAILABLE=0, RATE_LIMITED=0)
"""Counts the errors that clients of this process got, by code, including errors that are data.

Those to be warned of are there from the beginning: monitoring sees no growth in a number that begins with 1.
"""


class ErrorCode(Enum):
    NOT_FOUND = "NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    CONFLICT = "CONFLICT"


describe_enum(
    ErrorCode,
    "The kind of an error that a mutation met.",
    {
        "NOT_FOUND": "There is nothing with this id.",
        "INVALID_INPUT": "Values break rules.",
        "CONFLICT": "The present state does not allow the change.",
    },
)


@visible_to_bots
@strawberry.interface(description="An error that the caller can handle: select it beside the success type.")
class Error:
    code: ErrorCode = strawberry.field(description="The kind of the error.")
    message: str = strawberry.field(description="What is wrong, in a sentence for people.")


@visible_to_bots
@strawberry.type(description="There is no such thing.")
class NotFound(Error):
    id: strawberry.ID = strawberry.field(description="The id that was asked for.")


@visible_to_bots
@strawberry.type(description="One value that breaks a rule.")
class InvalidField:
    path: str = strawberry.field(
        description="Dotted, from the argument on: `input.config.maxTokens`, `segments.3.text`."
    )
    message: str = strawberry.field(description="What would be valid.")


@visible_to_bots
@strawberry.type(description="Values that break rules, all of them; nothing was changed.")
class InvalidInput(Error):
    fields: list[InvalidField] = strawberry.field(
        metadata=declared(length=10), description="Each value that breaks a rule, by its path."
    )


@visible_to_bots
@strawberry.type(description="The present state does not allow the change; nothing was changed.")
class Conflict(Error):
    current_version: int | None = strawberry.field(
        description="Of the thing named by the mutation's id, where it is known: read it again and decide."
    )


def _counted(code: ErrorCode) -> ErrorCode:
    error_counts[code.value] += 1
    return code


def _fields(error: errors.InvalidInput) -> list[InvalidField]:
    return [InvalidField(path=_graphql_path(field), message=field.message) for field in error.fields]


def _graphql_path(field: errors.FieldProblem) -> str:
    path = ".".join(to_camel_case(part) for part in field.path.split("."))
    return path if field.key is None else f"{path}.{field.key}"


class NotFoundHandler(strawberry.ExceptionHandler[errors.NotFound, NotFound]):
    def handle(self, exception: errors.NotFound, *, field: StrawberryField, info: object) -> NotFound:
        return NotFound(code=_counted(ErrorCode.NOT_FOUND), message=str(exception), id=strawberry.ID(exception.id))


class InvalidInputHandler(strawberry.ExceptionHandler[errors.InvalidInput, InvalidInput]):
    def handle(self, exception: errors.InvalidInput, *, field: StrawberryField, info: object) -> InvalidInput:
        fields = _fields(exception)
        message = "; ".join(f"{invalid.path} {invalid.message}" for invalid in fields[:5])
        return InvalidInput(code=_counted(ErrorCode.INVALID_INPUT), message=message, fields=fields)


class ConflictHandler(strawberry.ExceptionHandler[errors.Conflict, Conflict]):
    def handle(self, exception: errors.Conflict, *, field: StrawberryField, info: object) -> Conflict:
        return Conflict(
            code=_counted(ErrorCode.CONFLICT), message=str(exception), current_version=exception.current_version
        )


exception_handlers = (NotFoundHandler(), InvalidInputHandler(), ConflictHandler())


class CodedError(GraphQLError):
    """An error with a code for clients, and nothing in it that they must not see."""

    @property
    def code(self) -> str:
        assert self.extensions
        return str(self.extensions["code"])


def with_code(error: GraphQLError) -> CodedError:
    """Returns the error with a code for clients, which is counted. One that has gone through here stays as it is.

    An error that nobody expected is logged under an id, and the client gets only the id.
    """
    if isinstance(error, CodedError):
        return error
    match error.original_error:
        # graphql-core tells the client of a fault in syntax, validation or an argument, at a place in the document. If it
        # names a field of the answer instead, a resolver returned a value that does not fit the field's type.
        case original if original is None or (
            isinstance(original, GraphQLError) and (original.nodes or not error.path)
        ):
            return _with(error, error.message, {"code": "BAD_USER_INPUT"} | (error.extensions or {}))
        case errors.InvalidInput() as invalid:
            fields = [vars(field) for field in _fields(invalid)]
            message = "; ".join(f"{field['path']} {field['message']}" for field in fields[:5])
            return _with(error, message, {"code": "BAD_USER_INPUT", "fields": fields})
        case errors.ServiceUnavailable() as unavailable:
            return _with(
                error, str(unavailable), {"code": "SERVICE_UNAVAILABLE", "retryAfter": unavailable.retry_after}
            )
        case errors.RateLimited() as limited:
            return _with(error, str(limited), {"code": "RATE_LIMITED", "retryAfter": limited.retry_after})
        case errors.AnswerTooLarge() as large:
            extensions = {"code": "QUERY_TOO_COMPLEX", "measure": "answer", "limit": large.limit}
            return _with(error, str(large), extensions)
        case errors.Unauthenticated() as unknown:
            return _with(error, str(unknown), {"code": "UNAUTHENTICATED"})
        case errors.Forbidden() as forbidden:
            return _with(error, str(forbidden), {"code": "FORBIDDEN"})
        case errors.RapporteurError() as known:
            return _with(error, str(known), {"code": "BAD_USER_INPUT"})
        case unexpected:
            id = str(uuid4())
            logger.error("internal error %s at %s", id, error.path, exc_info=unexpected)
            return _with(error, "Internal error", {"code": "INTERNAL", "id": id})


def _with(error: GraphQLError, message: str, extensions: Mapping[str, object]) -> CodedError:
    error_counts[str(extensions["code"])] += 1
    if len(message) > MAX_MESSAGE_CHARS:  # graphql-core quotes a bad value in full
        message = f"{message[:MAX_MESSAGE_CHARS]}..."
    # The original error is left out: it has been told or logged.
    return CodedError(message, error.nodes, error.source, error.positions, error.path, extensions=dict(extensions))
