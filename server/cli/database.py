"""Commands that look after the database: `rapporteur migrate`, `demo` and `database-url`."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer

from db.database import Database
from db.schema_revisions import head
from domain.errors import RapporteurError
from domain.ids import WorkspaceId
from server.cli.options import fail, stderr
from server.cli.output import JsonOutput, print_json
from server.cli.settings_options import settings_options
from server.process.bootstrap import database_url, describe_database, opened_migrated, prepare
from server.process.demo import load_demo
from server.settings import Settings

Result = TypeVar("Result")
DATABASE = ("database_url", "data_dir")
"""The settings that commands on the database have options for."""


@contextmanager
def existing_database(settings: Settings, *, keep_running: bool = False) -> Iterator[str]:
    """Gives the URL of the settings' database, and says on standard error which one it is; none is made.

    An error of the domain, in the block too, ends the command with its message.
    """
    try:
        stderr.print(f"database: {describe_database(settings)}", style="dim", markup=False, soft_wrap=True)
        with database_url(settings, keep_running=keep_running) as url:
            yield url
    except RapporteurError as error:
        raise fail(error) from error


def run_on_database(settings: Settings, work: Callable[[Database], Coroutine[Any, Any, Result]]) -> Result:
    """Returns the result of `work` on the settings' database, which must be migrated; its notifications are sent.

    An error of the domain ends the command with its message.
    """

    async def run(url: str) -> Result:
        async with opened_migrated(settings, url) as database:
            result = await work(database)
            await database.notifier.flush()
            return result

    with existing_database(settings) as url:
        return asyncio.run(run(url))


@settings_options(*DATABASE)
def migrate(settings: Settings, json: JsonOutput = False) -> None:
    """Bring the database to the newest schema (serve does so too)."""
    with existing_database(settings) as url:
        asyncio.run(prepare(settings, url, demo=False))
    if json:
        print_json({"schema": head()})
    else:
        typer.echo("The database is at the newest schema.")


@settings_options(*DATABASE)
def demo(settings: Settings, json: JsonOutput = False) -> None:
    """Load the demo into a database without agents and meetings."""

    loaded = run_on_database(settings, lambda database: load_demo(database, WorkspaceId(settings.workspace_id)))
    if json:
        print_json({"loaded": loaded})
        return
    typer.echo(
        "Loaded two agents and a meeting." if loaded else "There are agents or meetings already: nothing changed."
    )


@settings_options(*DATABASE)
def print_database_url(settings: Settings, json: JsonOutput = False) -> None:
    """Print the database's URL for psql and other tools.

    The embedded PostgreSQL is started if it does not run; it stops when the last `rapporteur serve` on its data ends.
    """
    with existing_database(settings, keep_running=True) as url:
        if json:
            print_json({"url": url})
        else:
            typer.echo(url)
