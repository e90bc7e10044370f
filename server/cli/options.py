"""What commands share: options, settings, and how they end in an error."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from domain.errors import ServiceUnavailable
from server.settings import Settings

errors = Console(stderr=True, highlight=False)

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        envvar="RAPPORTEUR_DATABASE_URL",
        help="Any PostgreSQL, 15 or newer. Left out: an embedded one.",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        envvar="RAPPORTEUR_DATA_DIR",
        readable=False,
        help="Where the embedded PostgreSQL keeps its data. Default: .rapporteur",
    ),
]
Url = Annotated[
    str,
    typer.Option(envvar="RAPPORTEUR_URL", help="The running server."),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="RAPPORTEUR_API_KEY",
        help="The token of a key, where the server asks for one; better in the environment, where others do not see it.",
    ),
]
DEFAULT_URL = "http://127.0.0.1:8000"


def read_settings(**options: Any) -> Settings:
    """The environment's settings, with the given options over them; a wrong one ends the command with its name."""
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        for problem in error.errors():
            names = [str(part) for part in problem["loc"][:1]]  # none: it is about several
            place = "".join(f"RAPPORTEUR_{name.upper()} (--{name.replace('_', '-')}): " for name in names)
            errors.print(f"[red]{place}[/]{problem['msg']}")
        raise typer.Exit(2) from error


def fail(message: object) -> typer.Exit:
    cause = f" ({message.__cause__})" if isinstance(message, ServiceUnavailable) and message.__cause__ else ""
    errors.print(f"error: {message}{cause}", style="red", markup=False, soft_wrap=True)
    return typer.Exit(1)
