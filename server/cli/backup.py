"""Commands that back up the embedded database and restore it, and that finish a restore which other tools have done."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from db.data_dir import has_database
from db.embedded import replaced_cluster
from db.embedded.backup_file import BackupHeading, opened_backup, write_backup
from db.embedded.dumps import dump, load, snapshot
from db.embedded.os_account import Account
from db.lost_changes import skip_lost_changes
from db.schema_revisions import MIGRATION_TIMEOUT_SECONDS, head, is_known
from domain.errors import DatabaseUnusable, RapporteurError
from server.cli.database import DATABASE, existing_database
from server.cli.erasures import RecordedErasure, ReplayOutcome, read_erasures, recorded_erasures, replay
from server.cli.exit_codes import ExitCode
from server.cli.options import fail, stderr
from server.cli.output import JsonOutput, counted, print_json
from server.cli.settings_options import settings_options
from server.process.bootstrap import data_dir, database_url, describe_database, opened, opened_migrated, prepare
from server.settings import Settings

STANDARD = Path("-")
"""The name of standard input and output."""
SHOWN_TABLES = {"agents": "agent", "meetings": "meeting", "segments": "segment"}
"""The tables whose rows people know, with the name of one."""

ErasuresFile = Annotated[
    Path | None,
    typer.Option("--erasures", metavar="FILE", help="What erasures export has printed: it is erased again."),
]


@settings_options(*DATABASE)
def backup(
    settings: Settings,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write; - is standard output.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    json: JsonOutput = False,
) -> None:
    """Back up the embedded database to a file, whether a server runs or not.

    The file appears when it is complete, and only its owner can read it. It holds everything: keys (as hashes), meetings,
    agents and their history, as of one moment.
    """
    _require_embedded(settings, "back it up with its own tools")
    with _ended_by_signals(), _output(file, force=force) as output, existing_database(settings) as url:
        heading = asyncio.run(_back_up(url, output))
    report = {"file": str(file), "schema": heading.revision, "takenAt": heading.taken_at, "rows": heading.rows}
    if file == STANDARD:
        stderr.print(f"Wrote {_contents(heading)}.", markup=False, soft_wrap=True)
    elif json:
        print_json(report | {"bytes": file.stat().st_size})
    else:
        typer.echo(f"Wrote {file} ({file.stat().st_size:,} bytes): {_contents(heading)}.")


async def _back_up(url: str, output: BinaryIO) -> BackupHeading:
    async with snapshot(url) as taken:
        if taken.revision is None:
            raise DatabaseUnusable("there is nothing of Rapporteur in the database yet")
        taken_at = datetime.now(UTC).isoformat(timespec="seconds")
        heading = BackupHeading(version("rapporteur"), taken.revision, taken_at, taken.rows)
        write_backup(output, heading, dump(taken, _own_account()))
    return heading


@settings_options(*DATABASE)
def restore(
    settings: Settings,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What backup has written; - is standard input.")],
    erasures: ErasuresFile = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Take the place of the database that is there, which is kept in a folder beside it."
        ),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only restore it into a temporary folder, to see that it is good.")
    ] = False,
    json: JsonOutput = False,
) -> None:
    """Restore a backup into a data directory that has no database yet, of this or an older version of Rapporteur.

    Nothing is there until all of it is. Cursors that clients have are good afterwards, or refused where what follows them was
    lost.
    """
    if not check:
        _require_embedded(settings, "restore into it with its own tools, and then run rapporteur after-restore")
    settings = settings.model_copy(update={"read_only": False})
    name = "standard input" if file == STANDARD else str(file)
    try:
        again = read_erasures(erasures) if erasures else []
        with _ended_by_signals(), _input(file) as source:
            if check:
                with tempfile.TemporaryDirectory(prefix="rapporteur-check-") as folder:
                    heading, outcome = _restore(settings, source, name, Path(folder, "data"), again)
            else:
                stderr.print(f"database: {describe_database(settings)}", style="dim", markup=False, soft_wrap=True)
                directory = data_dir(settings)
                again += _erasures_of_present(settings, directory, replace=replace)
                heading, outcome = _restore(settings, source, name, directory, again)
    except RapporteurError as error:
        raise fail(error) from error
    if json:
        values = {"schema": head(), "takenAt": heading.taken_at, "rows": heading.rows, "erasures": outcome.values()}
        print_json(values | {"restored": not check})
    else:
        typer.echo(f"{'The backup is good' if check else 'Restored'}: {_contents(heading)}.")
        if again:
            outcome.print()
        if not check:
            typer.echo("Keys are those of the backup: revoke again what was revoked since (rapporteur keys list).")
    outcome.require_complete()


def _restore(
    settings: Settings, source: BinaryIO, name: str, directory: Path, again: Sequence[RecordedErasure]
) -> tuple[BackupHeading, ReplayOutcome]:
    with opened_backup(source, name) as (heading, parts):
        if not is_known(heading.revision):
            raise RapporteurError(
                f"{name} is of a newer Rapporteur ({heading.rapporteur}) than this one: install that version, or a newer one"
            )
        with replaced_cluster(directory) as url:
            load(url, parts, _own_account())
            asyncio.run(_check_rows(url, heading))
            outcome = asyncio.run(_finish(settings, url, again))
    return heading, outcome


async def _check_rows(url: str, heading: BackupHeading) -> None:
    async with snapshot(url) as restored:
        restored.check_rows(heading.rows)


async def _finish(settings: Settings, url: str, again: Sequence[RecordedErasure]) -> ReplayOutcome:
    """Finishes a restore, whichever tool has made it: migrates, keeps cursors valid, and repeats erasures."""
    await prepare(settings, url, demo=False)
    async with opened(settings.model_copy(update={"statement_timeout": MIGRATION_TIMEOUT_SECONDS}), url) as database:
        await skip_lost_changes(database.engine)
        outcome = await replay(database, again)
        await database.notifier.flush()
    return outcome


@settings_options(*DATABASE)
def after_restore(settings: Settings, erasures: ErasuresFile = None, json: JsonOutput = False) -> None:
    """Finish a restore that other tools have done, before servers start.

    Migrates the database, keeps cursors that clients have from being taken for later ones, and erases again what is named.
    Doing so twice, or without need, does no harm.
    """
    with existing_database(settings) as url:
        outcome = asyncio.run(_finish(settings, url, read_erasures(erasures) if erasures else []))
    if json:
        print_json({"schema": head(), "erasures": outcome.values()})
    else:
        typer.echo("The database is ready for servers.")
        if erasures:
            outcome.print()
    outcome.require_complete()


def _require_embedded(settings: Settings, advice: str) -> None:
    if settings.database_url:
        raise fail(
            f"RAPPORTEUR_DATABASE_URL names a PostgreSQL of your own, and this command is for the embedded one: {advice}"
            " (docs/backup.md)",
            ExitCode.USAGE,
        )


def _erasures_of_present(settings: Settings, directory: Path, *, replace: bool) -> list[RecordedErasure]:
    """Returns the erasures recorded in the database that a restore replaces. Raises DatabaseUnusable if none may replace it."""
    if not has_database(directory):
        return []
    if not replace:
        raise DatabaseUnusable(
            f"there is a database in {directory}: --replace puts the backup into its place and keeps it in a folder beside it,"
            " and RAPPORTEUR_DATA_DIR (--data-dir) names another place"
        )

    async def read(url: str) -> list[RecordedErasure]:
        async with opened_migrated(settings, url) as database:
            return await recorded_erasures(database)

    with database_url(settings) as url:
        return asyncio.run(read(url))


def _contents(heading: BackupHeading) -> str:
    rows = {table.rpartition(".")[2]: number for table, number in heading.rows.items()}
    counts = (counted(rows.get(table, 0), one) for table, one in SHOWN_TABLES.items())
    return f"{', '.join(counts)}, as of {heading.taken_at}, schema {heading.revision}"


def _own_account() -> Account:
    return Account(os.geteuid(), os.getegid())


@contextmanager
def _input(file: Path) -> Iterator[BinaryIO]:
    """Opens the file. Raises RapporteurError."""
    if file == STANDARD:
        yield sys.stdin.buffer
        return
    try:
        source = file.open("rb")
    except OSError as error:
        raise RapporteurError(f"{file}: {error.strerror}") from error
    with source:
        yield source


@contextmanager
def _output(file: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Gives a new file, which takes its name after the block, when all of it is on the disk. An error ends the command."""
    if file == STANDARD:
        if sys.stdout.isatty():
            raise fail("standard output is a terminal: name a file, or pipe it to a program", ExitCode.USAGE)
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except OSError as error:
            raise fail(f"the backup cannot be written: {error.strerror}") from error
        return
    if file.exists() and not (force and file.is_file()):
        advice = "name another one, or write over it with --force" if file.is_file() else "name a file"
        raise fail(f"{file} is there already: {advice}", ExitCode.USAGE)
    try:
        with tempfile.NamedTemporaryFile(
            prefix=".rapporteur-backup-", dir=file.parent, delete=False, mode="wb"
        ) as output:
            try:
                yield output.file  # type: ignore[misc]
                output.flush()
                os.fsync(output.fileno())
                os.replace(output.name, file)
            except BaseException:
                os.unlink(output.name)
                raise
    except OSError as error:
        raise fail(f"{file}: {error.strerror}") from error


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Lets SIGTERM end the block as Ctrl-C does, so that nothing unfinished is left."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
