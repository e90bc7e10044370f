"""The operation documents in `graphql/operations/`: one named operation a file."""

from functools import cache
from pathlib import Path

GRAPHQL = Path(__file__).parents[2] / "graphql"
OPERATIONS = GRAPHQL / "operations"
SDL = GRAPHQL / "schema.graphql"


@cache
def operation(name: str) -> str:
    """The text of a document."""
    return (OPERATIONS / f"{name}.graphql").read_text()
