"""The one place where an error of the database becomes an error of the domain."""

import logging
from types import TracebackType

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError

from domain.errors import Conflict, InvalidInput, RapporteurError, ServiceUnavailable

logger = logging.getLogger("rapporteur.database")

DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""The errors of the driver. (TimeoutError is an OSError.)"""
_SQLALCHEMY_ERRORS = (DBAPIError, AsyncAdapt_asyncpg_dbapi.Error)
"""The errors of SQLAlchemy and of its dialect, each of which wraps the next: only migrations meet them."""
_UNAVAILABLE = (
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,  # shutting down, starting up
    asyncpg.InsufficientResourcesError,  # too many connections, disk full
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidAuthorizationSpecificationError,  # a password that was changed
    asyncpg.InvalidCatalogNameError,  # no such database
    OSError,  # refused, or no socket
)
WRONG_SCHEMA = (
    asyncpg.SyntaxOrAccessError,  # tables or columns that are not there, rights that were taken away
    asyncpg.InvalidSchemaNameError,
    asyncpg.InvalidCachedStatementError,  # the schema has changed under a transaction
)
"""Errors of statements that work on the newest schema: somebody has migrated it back, or named another database."""

TOO_MANY_REQUESTS = "too many requests at once: no database connection became free in time"


def connection_has_ended(error: BaseException) -> bool:
    """Checks that nothing was sent, as the server had already said that it ends the connection.

    The driver takes such a connection for open until it is closed. Its error has kinds that are met after sending, when a
    write may have happened.
    """
    return type(error) is asyncpg.InternalClientError


class translate_errors:  # noqa: N801 - a context manager like those of `contextlib`
    """Raises the domain's error for one of the driver's or SQLAlchemy's. The domain's own errors, and bugs, pass."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None and isinstance(error, DRIVER_ERRORS + _SQLALCHEMY_ERRORS) and (known := _translate(error)):
            raise known from error


def driver_error(error: BaseException) -> BaseException | None:
    """Returns the error of the driver for which SQLAlchemy has raised one; any other error itself."""
    cause: BaseException | None = error
    while isinstance(cause, _SQLALCHEMY_ERRORS):
        cause = cause.__cause__
    return cause


def _translate(error: BaseException) -> RapporteurError | None:
    cause = driver_error(error)
    if isinstance(cause, asyncpg.IntegrityConstraintViolationError):
        return _broken_constraint(cause)
    if isinstance(cause, asyncpg.TransactionRollbackError):  # deadlock, serialization
        return ServiceUnavailable("other writes were in the way: the same again may succeed")
    if isinstance(cause, asyncpg.QueryCanceledError):
        return ServiceUnavailable("the database took too long")
    if isinstance(cause, asyncpg.ReadOnlySQLTransactionError):  # a standby that has not been promoted yet
        return ServiceUnavailable("the database can only be read now")
    if isinstance(cause, WRONG_SCHEMA):
        logger.error("the database is not as this version of Rapporteur needs it: %s", cause)
        return ServiceUnavailable("the database is not as this version of the server needs it")
    if isinstance(cause, _UNAVAILABLE) and not isinstance(cause, asyncpg.DataError):
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
        case "meetings_held_are_kept" | "speaker_erasures_spare_held":
            return Conflict("the meeting is held: release it first, with holdMeeting(hold: false)")
        case "meeting_grants_workspace_id_meeting_id_fkey":
            return InvalidInput.of("input.meeting_ids", "there is no such meeting")
    return None
