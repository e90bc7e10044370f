"""The command line: `rapporteur`. What a command needs is imported when the command is run."""

import errno
import os
import sys
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from server.cli.lazy import LazyCommand

if "_RAPPORTEUR_COMPLETE" in os.environ:  # a shell asks what could come next: see the command `completion`
    from typer.completion import completion_init  # type: ignore[attr-defined]

    completion_init()

_COMMANDS = {
    "serve": ("serve:serve", "Serve the API and GraphiQL."),
    "migrate": ("database:migrate", "Bring the database to the newest schema (serve does so too)."),
    "demo": ("database:demo", "Load the demo into a database without agents and meetings."),
    "database-url": ("database:print_database_url", "Print the database's URL for psql and other tools."),
    "backup": (
        "backup:backup",
        "Back up the embedded database to a file, whether a server runs or not.",
    ),
    "restore": (
        "backup:restore",
        "Restore a backup into a data directory that has no database yet, of this or an older version of Rapporteur.",
    ),
    "after-restore": ("backup:after_restore", "Finish a restore that other tools have done, before servers start."),
    "status": (
        "status:status",
        "Tell whether a server is there, which version it has, and whether its database answers and is migrated.",
    ),
    "meetings": ("meetings:meetings", "Look at a running server's meetings."),
    "search": ("meetings:search", "Find segments by their words, best first."),
    "import": (
        "transcripts:import_files",
        "Import transcripts into a running server: one meeting each, or all into one.",
    ),
    "export": ("transcripts:export", "Write a meeting's transcript to a file, in the order of time."),
    "replay": ("transcripts:replay", "Stream a transcript into a new, live meeting as if it were being spoken."),
    "completion": ("completion:completion", "Print the completion script of a shell."),
    "schema": ("schema:schema", "Print the schema in GraphQL's schema definition language."),
    "agents": ("agents:agents", "Look at agents, switch their variants, and keep them as YAML files."),
    "keys": ("keys:keys", "API keys: who may use a server. Works on the database, not on the server."),
    "erasures": (
        "erasures:erasures",
        "Erasures: take them along when a backup is restored. Works on the database, not on the server.",
    ),
    "workspaces": ("keys:workspaces", "Workspaces: tenants, who see nothing of each other."),
}
"""The commands by name, each with its module and function in this package, and the first sentence of its help."""


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("rapporteur"))
        raise typer.Exit


_OUTPUT_FAILED = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""Errors of a disk that standard output goes to."""


class _Root(TyperGroup):
    """The root of all commands, which says in one line that their results cannot be written."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno not in _OUTPUT_FAILED or error.filename is not None:
                raise
            typer.echo(f"error: the results cannot be written: {error.strerror}", err=True)
            os.dup2(
                os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
            )  # flushing the rest would fail again at the exit
            raise typer.Exit(1) from error


_root = typer.Typer(
    name="rapporteur",
    cls=_Root,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@_root.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The GraphQL backend for products in which LLM agents take part in meetings."""
    if isinstance(
        sys.stdout, TextIOWrapper
    ):  # names in meetings are in all scripts, and a terminal's encoding may be in one
        sys.stdout.reconfigure(errors="backslashreplace")


app = get_group(_root)
app.commands.update(
    {name: LazyCommand(name, f"{__name__}.{target}", help) for name, (target, help) in _COMMANDS.items()}
)
