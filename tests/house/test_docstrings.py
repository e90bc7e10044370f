"""Checks that docstrings are sentences: none begins as only a part of a sentence can."""

import ast
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.harness.repository import REPOSITORY, python_files

FRAGMENT_OPENINGS = {
    *("And", "As", "Beside", "But", "Else", "None", "Of", "Or", "That", "Those", "What", "Where", "Whether", "Who"),
    "Whose",
}
"""First words after which there is no main clause, or one that is hard to find."""
ROOMS = ("bench", "clients", "db", "domain", "executor", "resolvers", "schema", "server", "tests", "tools")


def _docstrings(tree: ast.Module) -> Iterator[str]:
    """Yields the docstrings of the module, its classes and functions, and those that follow assignments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
            for statement, following in pairwise(node.body):
                if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(following, ast.Expr):
                    value = following.value
                    yield value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


@pytest.mark.parametrize("room", ROOMS)
def test_docstrings_begin_as_sentences_do(room: str) -> None:
    fragments = [
        f"{file.relative_to(REPOSITORY)}: {text.splitlines()[0]}"
        for file in python_files(room)
        for text in _docstrings(ast.parse(file.read_text()))
        if text and text.split()[0].rstrip(".,:;") in FRAGMENT_OPENINGS
    ]
    assert fragments == []
