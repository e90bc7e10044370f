"""Finds the files in `graphql/`: the schema's snapshot, and the operation documents, one named operation a file."""

from functools import cache
from importlib.resources import files
from pathlib import Path

_SERVER = Path(str(files("server")))
_PACKAGED = _SERVER / "graphql"
"""The folder as a wheel has it; in a checkout it is beside the package (see `tools/hatch_build.py`)."""
GRAPHQL = _PACKAGED if _PACKAGED.is_dir() else _SERVER.parent / "graphql"
OPERATIONS = GRAPHQL / "operations"
"""The folder of operation documents."""
SDL = GRAPHQL / "schema.graphql"
"""The snapshot of the schema."""


@cache
def operation(name: str) -> str:
    """Returns the text of the document of an operation."""
    return (OPERATIONS / f"{name}.graphql").read_text(encoding="utf-8")
