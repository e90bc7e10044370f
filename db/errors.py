"""One place where what the database says becomes an error of the domain."""

from types import TracebackType

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.errors import Conflict, InvalidInput, RapporteurError, ServiceUnavailable


class DatabaseUnusable(ServiceUnavailable):
    """The database cannot be used until somebody changes something; the message says what."""


CONNECTION_ENDED = asyncpg.InternalClientError
"""The server has told that it ends the connection, which the driver takes for open until it is: nothing has been sent."""
_AWAY = (
    CONNECTION_ENDED,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,  # shutting down, starting up, statement timeout
    asyncpg.InsufficientResourcesError,  # too many connections, disk full
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidAuthorizationSpecificationError,  # a password that was changed
    asyncpg.InvalidCatalogNameError,  # no such database
    asyncpg.ReadOnlySQLTransactionError,  # a standby that has not been promoted yet
    OSError,  # refused, or no socket; also TimeoutError
)

TOO_MANY_REQUESTS = "too many requests at once: no database connection became free in time"

_LAYERS = (DBAPIError, AsyncAdapt_asyncpg_dbapi.Error)
"""The errors of SQLAlchemy, and of its dialect, which the pool lets through when it cannot connect."""


_OURS_TO_TELL = (*_LAYERS, PoolTimeout, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, CONNECTION_ENDED)


class translate_errors:  # noqa: N801 - a context manager like those of `contextlib`
    """Turn the driver's and SQLAlchemy's exceptions into the domain's; those of the domain and bugs pass."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, _OURS_TO_TELL) and (known := _translate(error)):
            raise known from error


def driver_error(error: BaseException) -> BaseException | None:
    """asyncpg's error: itself, or beneath SQLAlchemy's, which comes from its dialect's, which comes from asyncpg's."""
    original: BaseException | None = error
    while isinstance(original, _LAYERS):
        original = original.__cause__
    return original


def _translate(error: BaseException) -> RapporteurError | None:
    if isinstance(error, PoolTimeout):
        return ServiceUnavailable(TOO_MANY_REQUESTS)
    original = driver_error(error)
    if isinstance(original, asyncpg.IntegrityConstraintViolationError):
        return _broken_constraint(original)
    if isinstance(original, asyncpg.TransactionRollbackError):  # deadlock, serialization
        return ServiceUnavailable("other writes were in the way: the same again may succeed")
    if isinstance(original, asyncpg.QueryCanceledError):
        return ServiceUnavailable("the database took too long")
    invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
    if invalidated or (isinstance(original, _AWAY) and not isinstance(original, asyncpg.DataError)):
        return ServiceUnavailable("the database does not answer now")
    return None


def _broken_constraint(error: asyncpg.IntegrityConstraintViolationError) -> RapporteurError | None:
    match error.constraint_name:
        case "agents_workspace_id_slug_key" | "agent_variants_workspace_id_agent_id_slug_key":
            return Conflict("the slug is taken: give another one, or none to have one made")
        case "meetings_workspace_id_agent_id_fkey":
            return InvalidInput.of("input.agent_id", "there is no such agent")
        case "api_keys_name_idx":
            return Conflict("another key has this name: revoke that one, or give another name")
        case "meeting_grants_workspace_id_meeting_id_fkey":
            return InvalidInput.of("input.meeting_ids", "there is no such meeting")
    return None
