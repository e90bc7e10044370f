"""The command line: `rapporteur`."""

import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from domain.errors import RapporteurError, ServiceUnavailable
from domain.transcripts import NotATranscript, TranscriptFormat
from server import logs, serving
from server.client import ApiClient, ApiError
from server.graphiql import is_vendored
from server.importing import import_file
from server.operations import SDL
from server.prepare import database_url, prepare
from server.settings import Settings

app = typer.Typer(
    help="The GraphQL backend for products in which LLM agents take part in meetings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
logger = logging.getLogger("rapporteur")
errors = Console(stderr=True, highlight=False)

DatabaseUrl = Annotated[
    str | None,
    typer.Option(envvar="RAPPORTEUR_DATABASE_URL", help="Any PostgreSQL, 15 or newer. Left out: an embedded one."),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        envvar="RAPPORTEUR_DATA_DIR", help="Where the embedded PostgreSQL keeps its data. Default: .rapporteur"
    ),
]
Url = Annotated[
    str,
    typer.Option(envvar="RAPPORTEUR_URL", help="The running server."),
]
DEFAULT_URL = "http://127.0.0.1:8000"


def read_settings(**options: Any) -> Settings:
    """The environment's settings, with the given options over them; a wrong one ends the command with its name."""
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        for problem in error.errors():
            name = str(problem["loc"][0])
            errors.print(f"[red]RAPPORTEUR_{name.upper()} (--{name.replace('_', '-')})[/]: {problem['msg']}")
        raise typer.Exit(2) from error


def fail(message: object) -> typer.Exit:
    cause = f" ({message.__cause__})" if isinstance(message, ServiceUnavailable) and message.__cause__ else ""
    errors.print(f"error: {message}{cause}", style="red", markup=False, soft_wrap=True)
    return typer.Exit(1)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(envvar="RAPPORTEUR_HOST", help="Default: 127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(envvar="RAPPORTEUR_PORT", help="Default: 8000; 0 takes a free one.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(envvar="RAPPORTEUR_WORKERS", help="Processes that serve. Default: 1")
    ] = None,
    database_url_: Annotated[
        str | None,
        typer.Option(
            "--database-url",
            envvar="RAPPORTEUR_DATABASE_URL",
            help="Any PostgreSQL, 15 or newer. Left out: an embedded one.",
        ),
    ] = None,
    data_dir: DataDir = None,
    pool_size: Annotated[
        int | None, typer.Option(envvar="RAPPORTEUR_POOL_SIZE", help="Database connections. Default: 10")
    ] = None,
    pool_timeout: Annotated[
        float | None,
        typer.Option(envvar="RAPPORTEUR_POOL_TIMEOUT", help="Seconds to wait for a free connection. Default: 5"),
    ] = None,
    statement_timeout: Annotated[
        float | None,
        typer.Option(envvar="RAPPORTEUR_STATEMENT_TIMEOUT", help="Seconds that a statement may take. Default: 30"),
    ] = None,
    max_body: Annotated[
        int | None, typer.Option(envvar="RAPPORTEUR_MAX_BODY", help="Bytes of a request. Default: 16 MiB")
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(envvar="RAPPORTEUR_LOG_LEVEL", help="debug, info, warning or error. Default: info")
    ] = None,
    demo: Annotated[
        bool | None,
        typer.Option(envvar="RAPPORTEUR_DEMO", help="Load a small demo into an empty database. Default: yes"),
    ] = None,
    workspace_id: Annotated[
        str | None, typer.Option(envvar="RAPPORTEUR_WORKSPACE_ID", help="The workspace served, a UUID.")
    ] = None,
    workspace_name: Annotated[
        str | None, typer.Option(envvar="RAPPORTEUR_WORKSPACE_NAME", help="Its name. Default: default")
    ] = None,
) -> None:
    """Serve the API and GraphiQL: starts the embedded PostgreSQL if no other is named, migrates, and listens."""
    settings = read_settings(
        host=host,
        port=port,
        workers=workers,
        database_url=database_url_,
        data_dir=data_dir,
        pool_size=pool_size,
        pool_timeout=pool_timeout,
        statement_timeout=statement_timeout,
        max_body=max_body,
        log_level=log_level,
        demo=demo,
        workspace_id=workspace_id,
        workspace_name=workspace_name,
    )
    logs.configure(settings.log_level)
    # uvicorn raises the signal that ended it once more: leave then through the blocks below, not past them.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with database_url(settings) as url:
            asyncio.run(prepare(settings, url, demo=settings.demo))
            if not is_vendored():
                logger.warning(
                    "GraphiQL's files are not installed (npm was not there): browsers will load them from a CDN"
                )
            serving.serve(settings, url)
    except RapporteurError as error:
        raise fail(error) from error


@app.command()
def migrate(database_url_: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Bring the database to the newest schema (serve does so too)."""
    settings = read_settings(database_url=database_url_, data_dir=data_dir)
    try:
        with database_url(settings) as url:
            asyncio.run(prepare(settings, url, demo=False))
    except RapporteurError as error:
        raise fail(error) from error
    print("The database is at the newest schema.")  # noqa: T201


@app.command()
def demo(database_url_: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Load the demo into a database without agents and meetings."""
    settings = read_settings(database_url=database_url_, data_dir=data_dir)
    try:
        with database_url(settings) as url:
            loaded = asyncio.run(prepare(settings, url, demo=True))
    except RapporteurError as error:
        raise fail(error) from error
    typer.echo(
        "Loaded two agents and a meeting." if loaded else "There are agents or meetings already: nothing changed."
    )


@app.command("database-url")
def print_database_url(database_url_: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Print the database's URL for psql and other tools.

    The embedded PostgreSQL is started if it does not run; it stops when the last `rapporteur serve` on its data ends.
    """
    settings = read_settings(database_url=database_url_, data_dir=data_dir)
    try:
        with database_url(settings, keep_running=True) as url:
            typer.echo(url)
    except RapporteurError as error:
        raise fail(error) from error


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="VTT, SRT or JSON.")],
    url: Url = DEFAULT_URL,
) -> None:
    """Import transcripts into a running server: a meeting for each file.

    A file that is not a transcript is named and left out, the others go in. The same file again changes nothing.
    """
    refused = 0
    try:
        with (
            ApiClient(url) as client,
            Progress(
                TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), console=errors
            ) as bar,
        ):
            for path in files:
                task = bar.add_task(path.name, total=None)

                def progress(done: int, total: int, task: Any = task) -> None:
                    bar.update(task, completed=done, total=total)

                try:
                    result = import_file(client, path, progress)
                except NotATranscript as error:
                    refused += 1
                    bar.remove_task(task)
                    errors.print(f"{path}: not imported: {error}", style="red", markup=False, soft_wrap=True)
                    continue
                done = "already there" if result.again else f"{result.segments} segments"
                typer.echo(f"{result.meeting_id}  {result.title}  ({done})")
    except ApiError as error:
        raise fail(error) from error
    if refused:
        raise typer.Exit(1)


@app.command()
def export(
    meeting_id: Annotated[str, typer.Argument(help="The meeting's id.")],
    format: Annotated[TranscriptFormat, typer.Option(case_sensitive=False)] = TranscriptFormat.VTT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; left out: standard output.")] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Write a meeting's transcript to a file."""
    try:
        with ApiClient(url) as client:
            meeting = client.run("TranscriptFile", id=meeting_id, format=format.name)
    except ApiError as error:
        raise fail(error) from error
    if meeting is None:
        raise fail(f"there is no meeting {meeting_id}")
    data = meeting["transcript"].encode()
    if output is None:
        sys.stdout.buffer.write(data)
    else:
        try:
            output.write_bytes(data)
        except OSError as error:
            raise fail(f"{output}: {error.strerror}") from error


@app.command()
def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; left out: standard output.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say whether the snapshot in graphql/ is true.")] = False,
) -> None:
    """Print the schema in GraphQL's schema definition language."""
    from schema.schema import schema as built

    sdl = built.as_str() + "\n"
    if check:
        if SDL.read_text() != sdl:
            raise fail("graphql/schema.graphql is not what the code says: run make schema")
    elif output:
        output.write_text(sdl)
    else:
        typer.echo(sdl, nl=False)
