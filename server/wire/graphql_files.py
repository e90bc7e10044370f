"""The operation documents in `graphql/operations/`: one named operation a file."""

from functools import cache
from importlib.resources import files
from pathlib import Path

_SERVER = Path(str(files("server")))
_PACKAGED = _SERVER / "graphql"
"""The folder as a wheel has it; in a checkout it is beside the package (see `tools/hatch_build.py`)."""
GRAPHQL = _PACKAGED if _PACKAGED.is_dir() else _SERVER.parent / "graphql"
OPERATIONS = GRAPHQL / "operations"
SDL = GRAPHQL / "schema.graphql"


@cache
def operation(name: str) -> str:
    """The text of a document."""
    return (OPERATIONS / f"{name}.graphql").read_text()
