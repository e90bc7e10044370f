"""The options that commands share, and how commands end in an error."""

from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from domain.errors import DatabaseUnusable, ServiceUnavailable
from server.cli.exit_codes import ExitCode
from server.cli.output import printable_lines

stderr = Console(stderr=True, highlight=False)

DEFAULT_URL = "http://127.0.0.1:8000"
ServerUrl = Annotated[str, typer.Option("--url", envvar="RAPPORTEUR_URL", help="The running server.")]
ApiKeyToken = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="RAPPORTEUR_API_KEY",
        help="The token of a key, where the server asks for one; better in the environment, where others do not see it.",
    ),
]

MeetingArgument = Annotated[UUID, typer.Argument(metavar="MEETING", help="The meeting's id.")]


def fail(error: object, code: ExitCode | None = None) -> typer.Exit:
    """Prints an error, and returns the exception that ends the command; without a code, with that of the error's kind."""
    match error:
        case DatabaseUnusable():
            code = code or ExitCode.DATABASE_UNUSABLE
        case ServiceUnavailable():
            code = code or ExitCode.DATABASE_UNAVAILABLE
    cause = ""
    if isinstance(error, ServiceUnavailable) and error.__cause__ and str(error.__cause__) not in str(error):
        cause = f" ({str(error.__cause__).partition(chr(10))[0]})"
    stderr.print(f"error: {printable_lines(f'{error}{cause}')}", style="red", markup=False, soft_wrap=True)
    return typer.Exit(code or ExitCode.FAILED)
