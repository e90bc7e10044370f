"""Checks before anything else that a database can be used, and says in one line what has to be changed if it cannot."""

import re
import ssl
from socket import gaierror
from urllib.parse import parse_qsl, quote, urlencode

import asyncpg

from db.connection_url import ConnectionUrl
from db.driver import ConnectionSettings, DriverConnection, Record
from db.schema_revisions import head, is_current, is_known
from db.tables import metadata
from domain.errors import DatabaseUnusable, ServiceUnavailable

MINIMUM_MAJOR = 15
CONNECT_TIMEOUT_SECONDS = 5.0

_FACTS = """
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::int / 10000 AS major,
       current_setting('server_encoding') AS encoding,
       current_setting('transaction_read_only') = 'on' AS read_only,
       pg_is_in_recovery() AS standby,
       current_user::text AS role,
       current_schema()::text AS schema,
       to_regclass('alembic_version') IS NOT NULL AS migrated,
       EXISTS (
           SELECT FROM pg_collation
           WHERE collname = 'und-x-icu' OR current_setting('server_version_num')::int >= 170000
       ) AS folds_case
"""
_REFUSED_BY_POOLER = re.compile("no such (database|user)|password|auth|startup parameter|SSL|TLS|config", re.IGNORECASE)
"""Refusals of PgBouncer, all of one code, for which somebody has to change something; the others pass with time."""
_NOT_WRITABLE = """
SELECT t FROM unnest($1::text[]) AS t
WHERE NOT (has_table_privilege(to_regclass(t), 'SELECT') AND has_table_privilege(to_regclass(t), 'INSERT'))
ORDER BY t
"""


def without_password(url: str) -> str:
    """Returns a URL for people to read: where the database is, and who uses it."""
    scheme, _, rest = url.partition("://")
    rest, _, query = rest.partition("?")
    credentials, at, place = rest.rpartition("@")
    kept = [(name, value) for name, value in parse_qsl(query) if name in ("host", "port")]
    shown = urlencode(kept, quote_via=quote, safe="/")
    return f"{scheme}://{credentials.partition(':')[0]}{at}{place}{'?' if kept else ''}{shown}"


async def check_database(url: str, *, pooler: bool | None = None, read_only: bool = False) -> str | None:
    """Returns the revision of the database's schema, or None if it has none yet.

    With `read_only` the database may be a standby, and the role may only read. Raises DatabaseUnusable where somebody has to
    change something before the database can be used, and ServiceUnavailable where it does not answer now.
    """
    name = without_password(url)
    connection = await _connect(url, name, pooler, read_only)
    try:
        async with connection.transaction():  # a pooler may give each transaction another connection
            return await _check(connection, name, read_only)
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseUnusable(f"the database {name} refuses its role a right: {_line(error)}") from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise ServiceUnavailable(f"the database does not answer: {name}: {_line(error)}") from None
    finally:
        connection.terminate()


async def require_current(url: str, *, pooler: bool | None = None, read_only: bool = False) -> None:
    """Raises DatabaseUnusable unless the database has the schema that this code works on."""
    revision = await check_database(url, pooler=pooler, read_only=read_only)
    if is_current(revision):
        return
    name = without_password(url)
    if revision is None:
        raise DatabaseUnusable(
            f"there is nothing of Rapporteur in {name} yet: run rapporteur serve, or rapporteur migrate"
        )
    raise DatabaseUnusable(
        f"the database {name} has the schema {revision}, and this Rapporteur needs {head()}: run rapporteur migrate"
    )


async def _connect(url: str, name: str, pooler: bool | None, read_only: bool) -> DriverConnection:
    if missing := ConnectionUrl.parse(url).missing_file():
        raise DatabaseUnusable(f"the database {name} cannot be used: there is no file that can be read at {missing}")
    try:
        settings = ConnectionSettings(url, CONNECT_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS, pooler, read_only)
        return await settings.connect()
    except asyncpg.InvalidPasswordError as error:
        raise _refused(name, error, "set the right one in RAPPORTEUR_DATABASE_URL or PGPASSWORD") from None
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise _refused(name, error, "see RAPPORTEUR_DATABASE_URL, and the server's pg_hba.conf") from None
    except asyncpg.InvalidCatalogNameError as error:
        raise _refused(name, error, "make it with createdb, or name another in RAPPORTEUR_DATABASE_URL") from None
    except asyncpg.InsufficientPrivilegeError as error:
        raise _refused(name, error, "GRANT CONNECT ON DATABASE") from None
    except asyncpg.TargetServerAttributeNotMatched as error:
        raise ServiceUnavailable(f"the database does not answer: {name}: {_line(error)}") from None
    except gaierror as error:
        raise ServiceUnavailable(
            f"the database does not answer: the host of {name} is not known ({error.strerror})"
        ) from None
    except ConnectionRefusedError:
        raise ServiceUnavailable(f"the database does not answer: nothing listens at {name}") from None
    except TimeoutError:
        raise ServiceUnavailable(
            f"the database does not answer: {name} says nothing for {CONNECT_TIMEOUT_SECONDS:.0f} s"
        ) from None
    except asyncpg.ProtocolViolationError as error:
        if _REFUSED_BY_POOLER.search(str(error)):
            raise _refused(name, error, "see RAPPORTEUR_DATABASE_URL, and the pooler's configuration") from None
        raise ServiceUnavailable(f"the database does not answer: {name}: {_line(error)}") from None
    except (
        asyncpg.PostgresConnectionError,
        asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError,
    ) as error:
        raise ServiceUnavailable(f"the database does not answer: {name}: {_line(error)}") from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ssl.SSLError, ValueError) as error:
        raise _refused(name, error, "see RAPPORTEUR_DATABASE_URL") from None
    except OSError as error:
        if "rejected SSL upgrade" in str(error):
            raise _refused(
                name, error, "switch TLS on there, or set sslmode=prefer in RAPPORTEUR_DATABASE_URL"
            ) from None
        raise ServiceUnavailable(f"the database does not answer: {name}: {_line(error)}") from None


def _refused(name: str, error: Exception, advice: str) -> DatabaseUnusable:
    return DatabaseUnusable(f"the database {name} cannot be used: {_line(error)}; {advice}")


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


async def _check(connection: DriverConnection, name: str, read_only: bool) -> str | None:
    facts: Record = await connection.fetchrow(_FACTS)
    role, schema = facts["role"], facts["schema"]
    problem = None
    if facts["major"] < MINIMUM_MAJOR:
        problem = f"it is PostgreSQL {facts['version']}, and Rapporteur needs {MINIMUM_MAJOR} or newer"
    elif facts["encoding"] != "UTF8":
        problem = (
            f"its encoding is {facts['encoding']}, which cannot hold every text: make another one, with"
            " createdb --encoding=UTF8 --template=template0"
        )
    elif not facts["folds_case"]:
        problem = f"PostgreSQL {facts['major']} was built without ICU, which it needs before version 17 to fold case"
    elif facts["standby"] and not read_only:
        problem = (
            "it is a standby, which can only be read: name the primary in RAPPORTEUR_DATABASE_URL, or serve only reads with"
            " RAPPORTEUR_READ_ONLY=true (--read-only)"
        )
    elif facts["read_only"] and not read_only:
        problem = f"transactions of the role {role} are read-only (default_transaction_read_only): name another role"
    elif schema is None:
        problem = (
            f"the role {role} may use no schema in its search_path: GRANT USAGE, CREATE ON SCHEMA public TO {role}"
        )
    if problem is not None:
        raise DatabaseUnusable(f"the database {name} cannot be used: {problem}")

    revision: str | None = (
        await connection.fetchval("SELECT version_num FROM alembic_version") if facts["migrated"] else None
    )
    if revision is not None and not is_known(revision):
        problem = (
            f"its schema is {revision}, of a newer Rapporteur than this one, which knows up to {head()}: install that"
        )
    elif read_only:
        return revision
    elif not is_current(revision):
        if not await connection.fetchval("SELECT has_schema_privilege($1, 'CREATE')", schema):
            problem = (
                f"its schema is to be migrated to {head()}, and the role {role} may make no tables:"
                f" GRANT CREATE ON SCHEMA {schema} TO {role}, or run rapporteur migrate as their owner"
            )
    else:
        tables = [row["t"] for row in await connection.fetch(_NOT_WRITABLE, sorted(metadata.tables))]
        if tables:
            others = f" and {len(tables) - 1} others" if len(tables) > 1 else ""
            problem = (
                f"the role {role} may not write to the table {tables[0]}{others}:"
                f" GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}"
            )
    if problem is not None:
        raise DatabaseUnusable(f"the database {name} cannot be used: {problem}")
    return revision
