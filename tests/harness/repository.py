"""Finds the files of this repository."""

from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PRODUCTION = ("domain", "db", "executor", "resolvers", "schema", "server")
INSTALLED_PACKAGES = {"node_modules", ".ariadne-codegen", ".openfeature", ".build"}


def python_files(*folders: str) -> Iterator[Path]:
    """Yields the Python files of the named folders, or of all that hold code of this repository."""
    for folder in folders or (*PRODUCTION, "clients", "bench", "tests", "tools"):
        for file in sorted((REPOSITORY / folder).rglob("*.py")):
            if not INSTALLED_PACKAGES.intersection(file.parts):
                yield file
