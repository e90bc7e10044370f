"""The errors of a request, as the caller sees them.

RapporteurError
├── NotFound            the workspace has no such thing
├── InvalidInput        values break a rule, each named by its path; also a ValueError
├── Conflict            the present state does not allow it; also a ValueError
├── Unauthenticated     the caller's credentials are missing or not valid
├── Forbidden           the caller's scopes do not allow it
├── RateLimited         the caller has sent too many requests
├── AnswerTooLarge      the answer has more bytes than an answer may have
└── ServiceUnavailable  the database is away or too busy: the same request may succeed later
    └── DatabaseUnusable  somebody has to change something before the database can be used
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


class RapporteurError(Exception):
    """The base class of all errors that a caller can understand and handle."""


class NotFound(RapporteurError):
    """The workspace has no `kind` with this id. An id of another workspace is not found, either."""

    def __init__(self, kind: str, id: object) -> None:
        super().__init__(f"there is no {kind} {id}")
        self.id = str(id)


def require(found: T | None, kind: str, id: object) -> T:
    """Returns what was found. Raises NotFound if it is None."""
    if found is None:
        raise NotFound(kind, id)
    return found


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A value that breaks a rule. `path` is dotted, in Python names: `input.config.max_tokens`, `segments.3.text`.

    `key` follows the path if the caller has named the value himself, as in a JSON object. It stays as he wrote it.
    """

    path: str
    message: str
    key: str | None = None


class InvalidInput(RapporteurError, ValueError):
    """Values break rules. All problems of an input are reported together, so that they can be fixed at once."""

    def __init__(self, fields: Sequence[FieldProblem]) -> None:
        super().__init__("; ".join(f"{_full_path(field)}: {field.message}" for field in fields))
        self.fields = tuple(fields)

    @classmethod
    def of(cls, path: str, message: str) -> "InvalidInput":
        """Returns the error of one problem."""
        return cls([FieldProblem(path, message)])


def _full_path(field: FieldProblem) -> str:
    return field.path if field.key is None else f"{field.path}.{field.key}"


class Conflict(RapporteurError, ValueError):
    """The present state does not allow the change. `current_version` is that of the entity the caller named, if known."""

    def __init__(self, message: str, current_version: int | None = None) -> None:
        super().__init__(message)
        self.current_version = current_version


class Unauthenticated(RapporteurError):
    """The credentials are missing, unknown or no longer valid. The message never says which part of them is wrong."""


class Forbidden(RapporteurError):
    """The caller's scopes do not allow the request."""


class RateLimited(RapporteurError):
    """The caller has sent too many requests, and can try again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class AnswerTooLarge(RapporteurError):
    """The answer has more bytes than an answer may have, which is `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the answer has more than {limit:,} bytes (RAPPORTEUR_MAX_ANSWER): ask for less at once")
        self.limit = limit


class ServiceUnavailable(RapporteurError):
    """The database cannot serve the request now. The caller can try again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DatabaseUnusable(ServiceUnavailable):
    """The database cannot be used until somebody changes something. The message says what, in one line."""
