"""Commands that look after the database: `rapporteur migrate`, `demo` and `database-url`."""

import asyncio

import typer

from domain.errors import RapporteurError
from server.cli.options import fail
from server.cli.settings_options import settings_options
from server.process.bootstrap import database_url, prepare
from server.settings import Settings


@settings_options("database_url", "data_dir")
def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema (serve does so too)."""
    try:
        with database_url(settings) as url:
            asyncio.run(prepare(settings, url, demo=False))
    except RapporteurError as error:
        raise fail(error) from error
    typer.echo("The database is at the newest schema.")


@settings_options("database_url", "data_dir")
def demo(settings: Settings) -> None:
    """Load the demo into a database without agents and meetings."""
    try:
        with database_url(settings) as url:
            loaded = asyncio.run(prepare(settings, url, demo=True))
    except RapporteurError as error:
        raise fail(error) from error
    typer.echo(
        "Loaded two agents and a meeting." if loaded else "There are agents or meetings already: nothing changed."
    )


@settings_options("database_url", "data_dir")
def print_database_url(settings: Settings) -> None:
    """Print the database's URL for psql and other tools.

    The embedded PostgreSQL is started if it does not run; it stops when the last `rapporteur serve` on its data ends.
    """
    try:
        with database_url(settings, keep_running=True) as url:
            typer.echo(url)
    except RapporteurError as error:
        raise fail(error) from error
