"""The options that commands share, and how commands end in an error."""

from typing import Annotated

import typer
from rich.console import Console

from domain.errors import ServiceUnavailable

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


def fail(message: object) -> typer.Exit:
    """Prints an error, and returns the exception that ends the command with exit code 1."""
    cause = f" ({message.__cause__})" if isinstance(message, ServiceUnavailable) and message.__cause__ else ""
    stderr.print(f"error: {message}{cause}", style="red", markup=False, soft_wrap=True)
    return typer.Exit(1)
