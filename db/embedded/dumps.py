"""Dumps of databases: what pg_dump writes of one, and psql reads into another."""

import contextlib
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import asyncpg

from db.embedded.os_account import Account
from db.embedded.programs import environment, find_programs, first_cause
from domain.errors import DatabaseUnusable

CHUNK_BYTES = 1024 * 1024
LOCK_TIMEOUT_SECONDS = 60
"""The time that a dump waits for tables that a migration changes."""
MAX_REPORT_BYTES = 1024 * 1024
_TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY schemaname, tablename
"""


@dataclass(frozen=True)
class Snapshot:
    """The contents of a database at one moment."""

    url: str
    id: str
    """The name under which other connections can see the same moment, while the transaction that gave it is open."""
    revision: str | None
    rows: Mapping[str, int]
    """The number of rows of each table."""

    def check_rows(self, expected: Mapping[str, int]) -> None:
        """Raises DatabaseUnusable if a table has not as many rows as are expected."""
        for table in sorted({*self.rows, *expected}):
            found, wanted = self.rows.get(table, 0), expected.get(table, 0)
            if found != wanted:
                raise DatabaseUnusable(f"{found} of {wanted} rows of the table {table} have arrived")


@asynccontextmanager
async def snapshot(url: str) -> AsyncIterator[Snapshot]:
    """Counts what is in a database, and keeps that moment for dumps in the block. Nobody waits for this but migrations."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            tables = [row[0] for row in await connection.fetch(_TABLES)]
            migrated = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
            yield Snapshot(
                url,
                id=await connection.fetchval("SELECT pg_export_snapshot()"),
                revision=await connection.fetchval("SELECT version_num FROM alembic_version") if migrated else None,
                rows={table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in tables},
            )
    finally:
        await connection.close()


def dump(taken: Snapshot, account: Account) -> Iterable[bytes]:
    """Yields the dump of a snapshot as SQL. Raises DatabaseUnusable if it fails, whatever came until then."""
    options = ("--no-owner", "--no-privileges", "--no-tablespaces", f"--lock-wait-timeout={LOCK_TIMEOUT_SECONDS}s")
    command: list[str | Path] = [
        find_programs(account) / "pg_dump",
        *options,
        f"--snapshot={taken.id}",
        f"--dbname={taken.url}",
    ]
    with _running(command, account, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as (process, errors):
        assert process.stdout is not None
        while chunk := process.stdout.read(CHUNK_BYTES):
            yield chunk
        if process.wait():
            raise DatabaseUnusable(f"the database cannot be dumped: {first_cause(_text(errors))}")


def load(url: str, chunks: Iterable[bytes], account: Account) -> None:
    """Loads a dump into an empty database, and prepares its statistics. Raises DatabaseUnusable if it cannot be loaded.

    What `chunks` raises comes through. The database is of no use after either.
    """
    options = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    command: list[str | Path] = [find_programs(account) / "psql", *options, f"--dbname={url}"]
    with _running(command, account, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as (process, errors):
        assert process.stdin is not None
        try:
            for chunk in chunks:
                process.stdin.write(chunk)
            process.stdin.write(b"\nANALYZE;\n")
            process.stdin.close()
        except BrokenPipeError:
            pass  # psql has ended, and has written the reason to its standard error
        if process.wait():
            raise DatabaseUnusable(f"the dump cannot be loaded: {first_cause(_text(errors))}")


@contextmanager
def _running(
    command: list[str | Path], account: Account, **streams: Any
) -> Iterator[tuple["subprocess.Popen[bytes]", IO[bytes]]]:
    """Runs a program for the length of the block, and gives it with the file of what it reports; it ends with the block."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stderr=errors,
            env=environment(),
            start_new_session=True,  # a terminal's Ctrl-C ends this process, which then ends the program
            **streams,
            **account.process_options,
        )
        try:
            yield process, errors
        finally:
            if process.poll() is None:
                process.kill()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
            process.wait()


def _text(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read(MAX_REPORT_BYTES).decode(errors="replace")
