"""What can go wrong, as the caller is told it.

RapporteurError
├── NotFound            there is no such thing in this workspace
├── InvalidInput        values that break a rule, each named by its path; also a ValueError
├── Conflict            the present state does not allow it; also a ValueError
├── Unauthenticated     nobody knows who asks
├── Forbidden           who asks may not do this
├── RateLimited         who asks has asked for too much of late
└── ServiceUnavailable  the database is away or too busy: the same request may succeed later
    └── DatabaseUnusable  somebody has to change something before the database can be used
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


class RapporteurError(Exception):
    """The base of all errors that a caller can understand and handle."""


class NotFound(RapporteurError):
    """There is no `kind` with this id in the workspace (an id of another workspace is as unknown as any)."""

    def __init__(self, kind: str, id: object) -> None:
        super().__init__(f"there is no {kind} {id}")
        self.id = str(id)


def require(found: T | None, kind: str, id: object) -> T:
    """Returns what was found. Raises NotFound if that is None."""
    if found is None:
        raise NotFound(kind, id)
    return found


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One broken rule. `path` is dotted, in Python names: `input.config.max_tokens`, `segments.3.text`.

    `key` follows it where the value is one of those that the caller has named himself, and stays as he wrote it.
    """

    path: str
    message: str
    key: str | None = None


class InvalidInput(RapporteurError, ValueError):
    """Values that break rules. All of an input's problems come together, so they can be mended at once."""

    def __init__(self, fields: Sequence[FieldProblem]) -> None:
        super().__init__("; ".join(f"{_place(field)}: {field.message}" for field in fields))
        self.fields = tuple(fields)

    @classmethod
    def of(cls, path: str, message: str) -> "InvalidInput":
        return cls([FieldProblem(path, message)])


def _place(field: FieldProblem) -> str:
    return field.path if field.key is None else f"{field.path}.{field.key}"


class Conflict(RapporteurError, ValueError):
    """The present state does not allow the change. `current_version` is that of the entity the caller named, if known."""

    def __init__(self, message: str, current_version: int | None = None) -> None:
        super().__init__(message)
        self.current_version = current_version


class Unauthenticated(RapporteurError):
    """The credentials are missing, unknown, or no longer good; the message never says which part of them is wrong."""


class Forbidden(RapporteurError):
    """The scopes of who asks do not cover this."""


class RateLimited(RapporteurError):
    """Too much for now; worth another try after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServiceUnavailable(RapporteurError):
    """The database cannot serve the request now; worth another try after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DatabaseUnusable(ServiceUnavailable):
    """The database cannot be used until somebody changes something. The message says what, in one line."""
