"""`rapporteur schema`."""

from pathlib import Path
from typing import Annotated

import typer

from schema.schema import schema as graphql_schema
from server.cli.options import fail
from server.wire.graphql_files import SDL


def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; left out: standard output.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the snapshot in graphql/ is that of the code.")
    ] = False,
) -> None:
    """Print the schema in GraphQL's schema definition language."""
    sdl = graphql_schema.as_str() + "\n"
    if check:
        if SDL.read_text(encoding="utf-8") != sdl:
            raise fail("graphql/schema.graphql is not what the code says: run make schema")
    elif output:
        try:
            output.write_text(sdl, encoding="utf-8")
        except OSError as error:
            raise fail(f"{output}: {error.strerror}") from error
    else:
        typer.echo(sdl, nl=False)
