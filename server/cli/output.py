"""Prints the results of commands: tables for people, JSON for programs."""

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import orjson
import typer

from server.printable import printable

JsonOutput = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def print_json(value: object) -> None:
    """Prints a value as JSON, with indentation and a line feed at the end, in UTF-8 whatever the locale."""
    sys.stdout.flush()
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE, default=str))
    sys.stdout.buffer.flush()


def json_line(value: object) -> str:
    """Returns a value as compact JSON."""
    return orjson.dumps(value).decode()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints rows in columns. The first column is never shortened, as it is to be copied; None is shown as nothing."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0, overflow="fold" if number == 0 else "ellipsis")
    for row in rows:
        table.add_row(*(printable("" if value is None else str(value)) for value in row))
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 200).print(table)


def print_fields(fields: Iterable[tuple[str, object]]) -> None:
    """Prints one `name: value` a line; further lines of a value are indented."""
    for name, value in fields:
        text = "none" if value is None else str(value)
        typer.echo(f"{name}: {printable_lines(text)}")


def printable_lines(text: str) -> str:
    """Returns the text with escapes for what a terminal would obey; its lines after the first are indented."""
    return "\n    ".join(map(printable, text.split("\n")))


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Returns a number with the name of what it counts."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"
